import type { JsonObject } from '#kernel';
import type {
  Change,
  ChangeResult,
  SnapshotCoverage,
  SnapshotFinding,
  SnapshotKind,
  SnapshotMembership,
} from '#model';
import type { BatchOptions } from '../apply/batch-options.js';
import type { DirectoryRef } from '../apply/head.js';
import type { RunRemovals } from '../guard/judge.js';
import type { HoldCounts } from '../holds/hold-rows.js';

/** Which run a snapshot belongs to. */
export interface SnapshotRun extends DirectoryRef {
  readonly runId: string;
  readonly mode: 'full' | 'incremental';
}

/** How far an application is, in changes of people, groups and memberships. */
export interface ApplyProgress {
  readonly done: number;
  readonly total: number;
}

/** Told about once a second while a run is applied. What it throws ends the application. */
export type OnProgress = (progress: ApplyProgress) => Promise<void>;

/** What a run knows about what it has staged. */
export interface RunFacts {
  /** What was read to its proven end: whatever it did not show is absent. Nothing else may be removed by absence. */
  readonly complete: readonly SnapshotCoverage[];
  /** Totals that the source stated. Fewer records than that are an incomplete listing. */
  readonly totals?: Partial<Record<SnapshotKind, number>>;
  /** People who left stay listed at this source, so a vanished record is suspicious in itself. */
  readonly listsInactive?: boolean;
  /** Where closures and ends of seasons are stated, as in HR systems: what the source itself says counts half while it is little. */
  readonly statedCountsHalf?: boolean;
  /** Asks the source for single records, to prove an absence; ids left out are unknown, `unanswered` ones stay. */
  readonly lookUp?: (
    kind: SnapshotKind,
    ids: readonly string[],
  ) => Promise<ReadonlyMap<string, SnapshotFinding>>;
  /** How far applying is. */
  readonly tell?: OnProgress;
  /** Asks the source for single memberships; the answers are keyed by what was asked, and what is left out is unknown. */
  readonly lookUpMembers?: (
    asked: readonly SnapshotMembership[],
  ) => Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>>;
}

/** One line of a run's report. */
export interface SnapshotItem {
  readonly kind: SnapshotKind | 'membership' | 'run';
  readonly action: SnapshotAction;
  /** Name for people; the source's id when there is none. */
  readonly label: string;
  readonly sourceId: string | null;
  readonly detail: string;
}

export type SnapshotAction =
  | 'create'
  | 'update'
  | 'deactivate'
  | 'delete'
  | 'members'
  | 'missing'
  | 'held'
  | 'refused'
  | 'kept'
  | 'warning';

/** What a plan or an application comes to. */
export interface SnapshotReport {
  readonly counts: JsonObject;
  /** The first few hundred, in the order of the work. */
  readonly items: readonly SnapshotItem[];
  /** Absences that the next complete run may confirm: worth a run before its turn. */
  readonly awaitingConfirmation: number;
  readonly holdId: string | null;
}

/** The part of the directory store that applies what a run has found. */
export interface SnapshotStore {
  applyAll(
    ref: DirectoryRef,
    changes: readonly Change[],
    options: BatchOptions,
  ): Promise<readonly ({ readonly result: ChangeResult } | { readonly error: unknown })[]>;
}

/** The removal guard, as a run needs it. */
export interface RunGuard {
  judge(
    ref: DirectoryRef,
    losses: RunRemovals,
  ): Promise<{ readonly hold: boolean; readonly reasons: readonly string[] }>;
  openForRun(
    ref: DirectoryRef,
    run: {
      readonly runId: string;
      readonly reasons: readonly string[];
      readonly counts: HoldCounts;
    },
  ): Promise<{ readonly id: string }>;
}
