import type { Database, JsonObject, Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import { proveAbsences } from './absences.js';
import {
  findLosses,
  loadDecision,
  saveDecision,
  type Decision,
  type Finding,
  type Proofs,
} from './decision.js';
import { proveMemberships, type MembershipProof } from './membership-proof.js';
import { Growth, refreshStatistics } from './growth.js';
import { HeldListing } from './held-listing.js';
import { startProgress } from './progress.js';
import { settleLists } from './member-digests.js';
import { applyEdges, applyMembers } from './members.js';
import { applyRecords, planRecords } from './records.js';
import { applyRemovals, planRemovals } from './removals.js';
import type { RunFacts, RunGuard, SnapshotReport, SnapshotRun, SnapshotStore } from './snapshot.js';
import type { Fence } from '../apply/batch-options.js';
import { Staging } from './staging.js';
import { keyOf } from './statement-parts.js';
import { Transitions } from './transitions.js';
import { isUnchanged } from './unchanged.js';
import { fenced, Tally, type RunWork } from './worklist.js';

interface Parts {
  readonly database: Database;
  /** For staging; on connections that pipeline it takes half the round trips. `database` when absent. */
  readonly pipeline?: Database;
  readonly store: SnapshotStore;
  readonly guard: RunGuard;
}

const NOTHING: Decision = { holdId: null, reasons: [], warnings: [], kept: [], awaiting: 0, listed: {} };

/** A plan writes nothing that anybody sees. */
const UNFENCED: Fence = () => Promise.resolve();

/** Takes back what a plan has written to find out what it would do. */
class Undo extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super('the plan is made');
    this.finding = finding;
  }
}

/**
 * The directory's door for snapshots: a polled source is read into staging tables, compared with what was believed
 * before, judged by the removal guard and applied through the store. Nothing is removed because a read was incomplete,
 * and every step can be repeated: a run that was killed at any moment goes on by calling `apply` again.
 */
export class Snapshots {
  readonly #parts: Parts;
  readonly #staging: Staging;
  readonly #transitions: Transitions;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#staging = new Staging(parts.pipeline ?? parts.database);
    this.#transitions = new Transitions(parts);
  }

  /** Stages one page. @throws whatever `fence` throws, and then nothing is staged. */
  stage(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void> {
    return this.#staging.add(run, records, fence);
  }

  stagedIds(
    run: SnapshotRun,
    kind: SnapshotKind,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]> {
    return this.#staging.ids(run, kind, page);
  }

  /** Holds a full listing for as long as it is what is believed. */
  holdListing(run: SnapshotRun): HeldListing {
    const { pipeline, database } = this.#parts;
    return new HeldListing({ database: pipeline ?? database, staging: this.#staging, run });
  }

  discard(run: SnapshotRun): Promise<void> {
    return this.#staging.discard(run);
  }

  /** Applies dated states that have come due, in any directory. @returns how many. */
  applyDueTransitions(limit: number): Promise<number> {
    return this.#transitions.applyDue(limit);
  }

  /**
   * What a full run comes to that has shown no more than `records` when they are what is believed already; undefined
   * when they are not. Nothing need be staged, and nothing is written.
   */
  async unchanged(
    run: SnapshotRun,
    records: readonly SnapshotRecord[],
    facts: RunFacts,
  ): Promise<SnapshotReport | undefined> {
    if (!(await isUnchanged(this.#parts.database, run, { records, facts }))) return undefined;
    return this.#report(new Tally(), NOTHING);
  }

  /** The same of a listing that is held. */
  async unchangedListing(listing: HeldListing, facts: RunFacts): Promise<SnapshotReport | undefined> {
    return (await listing.isUnchanged(facts)) ? this.#report(new Tally(), NOTHING) : undefined;
  }

  /** What applying would do, with names. Writes nothing that anybody sees. */
  async plan(run: SnapshotRun, facts: RunFacts): Promise<SnapshotReport> {
    const tally = new Tally();
    const finding = await this.#inPlan(run, facts, async (database, { kept, warnings, awaiting, listed }) => {
      const decision = { holdId: null, reasons: [], kept, warnings, awaiting, listed };
      const work = { ...this.#work(run, { decision, tally, fence: UNFENCED }), database };
      for (const kind of ['group', 'user'] as const) await planRecords(work, kind);
      for (const kind of ['user', 'group'] as const) await planRemovals(work, kind);
    });
    const { hold, reasons } = await this.#judge(run, finding);
    const report = this.#report(tally, { ...finding, holdId: null, reasons }, finding);
    return { ...report, counts: { ...report.counts, would_be_held: hold } };
  }

  /** Applies in batches, each with its events in one transaction. @throws also what `facts.tell` throws */
  async apply(run: SnapshotRun, facts: RunFacts, fence: Fence): Promise<SnapshotReport> {
    const { decision, finding } = await this.#decide(run, facts, fence);
    const tally = new Tally();
    const progress = await startProgress(this.#parts.database, run, facts.tell);
    const work = { ...this.#work(run, { decision, tally, fence }), progress };
    await applyRecords(work, 'group');
    await applyRecords(work, 'user');
    await applyEdges(work);
    await applyRemovals(work, 'user');
    await applyRemovals(work, 'group');
    await applyMembers(work);
    await this.#rememberTotals(run, decision, fence);
    return this.#report(tally, decision, finding);
  }

  #work(run: SnapshotRun, own: Pick<RunWork, 'decision' | 'tally' | 'fence'>): RunWork {
    const { database, store } = this.#parts;
    return { database, store, run, growth: new Growth(database), ...own };
  }

  /** Before anything is applied; a run that goes on after a kill keeps to what was decided then. */
  async #decide(
    run: SnapshotRun,
    facts: RunFacts,
    fence: Fence,
  ): Promise<{ readonly decision: Decision; readonly finding?: Finding }> {
    const { database, guard } = this.#parts;
    const stored = await loadDecision(database, run);
    if (stored.decision) return { decision: stored.decision };
    const proofs = await this.#prove(run, facts, { fence, kept: stored.memberships });
    const finding = await database.transaction(async (tx) => {
      await fence(tx);
      return findLosses(tx, run, { facts, ...proofs });
    });
    const { hold, reasons } = await this.#judge(run, finding);
    const { losses, kept, warnings, awaiting, listed } = finding;
    const { users, groups, memberships, identityChanges: identities } = losses;
    const counts = { users, groups, memberships, identities };
    const opened = hold ? await guard.openForRun(run, { runId: run.runId, reasons, counts }) : null;
    const decision = { holdId: opened?.id ?? null, reasons, kept, warnings, awaiting, listed };
    await database.transaction(async (tx) => {
      await fence(tx);
      await saveDecision(tx, run, decision);
    });
    return { decision, finding };
  }

  async #judge(
    run: SnapshotRun,
    { losses, abnormal }: Finding,
  ): Promise<{ readonly hold: boolean; readonly reasons: readonly string[] }> {
    const verdict = await this.#parts.guard.judge(run, losses);
    return { hold: verdict.hold || abnormal.length > 0, reasons: [...verdict.reasons, ...abnormal] };
  }

  async #prove(
    run: SnapshotRun,
    facts: RunFacts,
    { fence, kept }: { readonly fence: Fence; readonly kept?: MembershipProof | undefined },
  ): Promise<Proofs> {
    const { database } = this.#parts;
    await refreshStatistics(database);
    await fenced({ database, fence }, (tx) => settleLists(tx, run));
    const proofs = {
      user: await proveAbsences(database, run, { kind: 'user', facts }),
      group: await proveAbsences(database, run, { kind: 'group', facts }),
    };
    return { proofs, memberships: kept ?? (await proveMemberships(database, run, { facts, proofs })) };
  }

  /** Marks as `apply` would, lets `look` see it, and takes all of it back. */
  async #inPlan(
    run: SnapshotRun,
    facts: RunFacts,
    look: (tx: Database, finding: Finding) => Promise<void>,
  ): Promise<Finding> {
    const proofs = await this.#prove(run, facts, { fence: UNFENCED });
    try {
      await this.#parts.database.transaction(async (tx) => {
        const finding = await findLosses(tx, run, { facts, ...proofs });
        await look(asDatabase(tx), finding);
        throw new Undo(finding);
      });
    } catch (error) {
      if (error instanceof Undo) return error.finding;
      throw error;
    }
    throw new Error('A plan ended without its finding');
  }

  async #rememberTotals(run: SnapshotRun, { listed }: Decision, fence: Fence): Promise<void> {
    if (Object.keys(listed).length === 0) return;
    await this.#parts.database.transaction(async (tx) => {
      await fence(tx);
      await tx.query({
        name: 'snapshot_remember_totals',
        text: `INSERT INTO source_totals AS t (environment_id, directory_id, totals) VALUES ($1, $2, $3::jsonb)
          ON CONFLICT (environment_id, directory_id) DO UPDATE SET totals = t.totals || excluded.totals
          WHERE t.totals IS DISTINCT FROM t.totals || excluded.totals`,
        values: [...keyOf(run).slice(0, 2), JSON.stringify(listed)],
      });
    });
  }

  #report(tally: Tally, decision: Decision, finding?: Finding): SnapshotReport {
    for (const warning of decision.warnings)
      tally.add({ kind: 'run', action: 'warning', label: 'Warning', sourceId: null, detail: warning });
    const count = (kind: SnapshotKind): JsonObject => ({
      create: tally.of(kind, 'create'),
      update: tally.of(kind, 'update'),
      ...(kind === 'user' && { deactivate: tally.of(kind, 'deactivate') }),
      delete: tally.of(kind, 'delete'),
      refused: tally.of(kind, 'refused'),
      held: tally.of(kind, 'held'),
    });
    return {
      counts: {
        users: count('user'),
        groups: count('group'),
        memberships: {
          groups_changed: tally.of('membership', 'members'),
          removals: finding?.losses.memberships ?? 0,
        },
        awaiting_confirmation: decision.awaiting,
        hold_id: decision.holdId,
        reasons: [...decision.reasons],
        warnings: [...decision.warnings],
      },
      items: tally.items,
      awaitingConfirmation: decision.awaiting,
      holdId: decision.holdId,
    };
  }
}

/** Steps of a plan read inside its transaction; none of them begins one of its own. */
function asDatabase(tx: Queryable): Database {
  return tx as Database;
}
