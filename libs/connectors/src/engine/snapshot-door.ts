import type { JsonObject, Queryable } from '#kernel';
import type {
  SnapshotCoverage,
  SnapshotFinding,
  SnapshotKind,
  SnapshotMembership,
  SnapshotRecord,
} from '#model';

/** Which run a snapshot belongs to. */
export interface SnapshotRun {
  readonly environmentId: string;
  readonly directoryId: string;
  readonly runId: string;
  /** In a listing the first record of an id counts, in a feed of changes the last one. */
  readonly mode: 'full' | 'incremental';
}

/** What a run knows about what it has staged. */
export interface RunFacts {
  /** What was read to its proven end: whatever it did not show is absent. Nothing else may be removed by absence. */
  readonly complete: readonly SnapshotCoverage[];
  /** People who left stay listed at this source, so a vanished record is suspicious in itself. */
  readonly listsInactive: boolean;
  /** Where closures and ends of seasons are stated: removals that the source itself states count half while they are few. */
  readonly statedCountsHalf: boolean;
  /** People asked for at the source, to prove an absence; ids left out of the answer are unknown, `unanswered` ones stay. */
  readonly lookUp?: (
    kind: SnapshotKind,
    ids: readonly string[],
  ) => Promise<ReadonlyMap<string, SnapshotFinding>>;
  /** Told about once a second how far applying is, in changes; what it throws ends the application. */
  readonly tell?: (progress: { readonly done: number; readonly total: number }) => Promise<void>;
  /** The same for memberships; the answers are keyed by what was asked. */
  readonly lookUpMembers?: (
    asked: readonly SnapshotMembership[],
  ) => Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>>;
}

/** What a plan or an application comes to, in numbers by kind and action, and some examples with names. */
export interface SnapshotReport {
  readonly counts: JsonObject;
  readonly samples: readonly JsonObject[];
  /** Absences that the next complete run may confirm: worth a full run before its turn. */
  readonly awaitingConfirmation?: number;
}

/**
 * Throws in the caller's transaction when the run has lost its lease. It locks the lease's row until the transaction
 * ends, so nobody can take the directory over between the check and the commit.
 */
export type Fence = (tx: Queryable) => Promise<void>;

/** A full listing that is what is believed as far as it has come. Nothing of it is written until it is staged. */
export interface HeldListing {
  /**
   * Adds a page; the next one may be added meanwhile.
   * @returns false when the listing is not what is believed any more, or too large: then it has to be staged, this page as well.
   */
  add(records: readonly SnapshotRecord[]): Promise<boolean>;
  /** Stages all of it, page by page. */
  stage(fence: Fence): Promise<void>;
  /** Ids that it lists. */
  ids(kind: SnapshotKind): ReadonlySet<string>;
  /** What the listing, read to its end, comes to when it is what is believed; undefined when it has to be staged. */
  unchanged(facts: RunFacts): Promise<SnapshotReport | undefined>;
}

/**
 * The directory's door for snapshots. Staging the same page twice is harmless, and `apply` that was cut off is continued
 * by calling it again: a run resumes after a kill.
 */
export interface SnapshotDoor {
  /** Pages of a run may be handed over while the one before is written; they are written in that order. */
  stage(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void>;
  /** Ids that the run has staged, ordered. */
  stagedIds(
    run: SnapshotRun,
    kind: SnapshotKind,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]>;
  /**
   * What a full run comes to that has shown no more than `records`, none of them staged, when they are what is believed
   * already, to the last membership; undefined when something is not, and then they have to be staged. Writes nothing.
   */
  unchanged(
    run: SnapshotRun,
    records: readonly SnapshotRecord[],
    facts: RunFacts,
  ): Promise<SnapshotReport | undefined>;
  holdListing(run: SnapshotRun): HeldListing;
  /** What applying would do. Writes nothing that anybody sees. */
  plan(run: SnapshotRun, facts: RunFacts): Promise<SnapshotReport>;
  /** Applies in batches, each with its events in one transaction. @throws also what `facts.tell` throws */
  apply(run: SnapshotRun, facts: RunFacts, fence: Fence): Promise<SnapshotReport>;
  /** Forgets what the run has staged. */
  discard(run: SnapshotRun): Promise<void>;
  /** Applies states that were dated and have come due, in any directory. @returns how many. */
  applyDueTransitions(limit: number): Promise<number>;
}
