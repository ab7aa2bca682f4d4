import { ConflictError, newId, NotFoundError } from '#kernel';
import type { NewEvent, Page, PageRequest } from '#model';
import type { Batch } from '../apply/batch.js';
import type { BatchOptions } from '../apply/batch-options.js';
import type { DirectoryRef } from '../apply/head.js';
import { inTransaction, type DirectoryStoreOptions } from '../apply/transaction.js';
import { readPolicy } from '../guard/policy.js';
import { applyApproved } from './apply-approved.js';
import { HoldReader, type HoldDetails, type HoldItem } from './hold-reader.js';
import {
  HOLD_COLUMNS,
  holdFromRow,
  holdNotice,
  insertHold,
  type Hold,
  type HoldCounts,
  type HoldRow,
  type HoldState,
} from './hold-rows.js';

/** Items that one transaction of an approval applies. */
const BATCH = 200;
/** So long an approval waits for its source to be read again; then what it said last counts. */
const RECHECK_MS = 15 * 60_000;
const NOT_A_REMOVAL: BatchOptions = { removals: { kind: 'judged', holdId: null } };

export interface HoldsOptions extends DirectoryStoreOptions {
  /**
   * Whether the source of a polled directory was read after that instant (ISO 8601), or cannot be; otherwise it sees to it
   * that it is. Absent: what the source said last counts.
   */
  readonly wasReadSince?: (ref: DirectoryRef, since: string) => Promise<boolean>;
}

/** Removals that wait for approval: who sees them, who decides about them, what becomes of them. */
export class Holds {
  readonly #options: HoldsOptions;
  readonly #reader: HoldReader;

  constructor(options: HoldsOptions) {
    this.#options = options;
    this.#reader = new HoldReader(options.database);
  }

  /** @throws NotFoundError for an unknown directory. */
  list(ref: DirectoryRef, request: PageRequest): Promise<Page<Hold>> {
    return this.#reader.list(ref, request);
  }

  /** @throws NotFoundError */
  get(environmentId: string, id: string): Promise<HoldDetails> {
    return this.#reader.get(environmentId, id);
  }

  /** What is pending, and what took effect. @throws NotFoundError */
  items(environmentId: string, id: string, request: PageRequest): Promise<Page<HoldItem>> {
    return this.#reader.items(environmentId, id, request);
  }

  /**
   * Opens a hold for a run of a pulled source that `judgeRun` wants held; its removals become items of it when they are
   * applied with `removals: { kind: 'judged', holdId }`. Opening it for the same run again gives the same hold.
   * @throws NotFoundError for an unknown directory.
   */
  async openForRun(
    ref: DirectoryRef,
    run: { readonly runId: string; readonly reasons: readonly string[]; readonly counts: HoldCounts },
  ): Promise<{ readonly id: string }> {
    return this.#inTransaction(ref, NOT_A_REMOVAL, async (batch) => {
      const known = await batch.tx.query<{ id: string }>({
        name: 'holds_of_run',
        text: `SELECT id FROM holds WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3
          AND source = 'pull'`,
        values: [ref.environmentId, ref.directoryId, run.runId],
      });
      if (known[0]) return { id: known[0].id };
      const origin = { source: 'pull', state: 'open', openedAt: batch.guard.now } as const;
      const hold = { ...run, ...origin, id: newId('removal_hold') };
      await insertHold(batch.tx, ref, hold);
      batch.events.push(holdNotice('directory.removals_held', ref.directoryId, hold));
      return { id: hold.id };
    });
  }

  /**
   * Lets what is listed now take effect, as far as the source still asserts it then; what comes later is not part of
   * it. Of a polled source they take effect only after it was read again (`settle`), so the answer may be a hold that is
   * `approving`. Called again, it goes on where an interrupted call stopped, and then changes nothing more.
   * @throws NotFoundError; ConflictError reason `state` when the source has taken everything back.
   */
  async approve(environmentId: string, id: string, approvedBy: string): Promise<HoldDetails> {
    const hold = await this.get(environmentId, id);
    const ref = { environmentId, directoryId: hold.directoryId };
    await this.#decide(hold, {
      to: 'approving',
      from: ['open', 'rejected'],
      done: ['approving', 'approved'],
      by: approvedBy,
    });
    const decided = await this.get(environmentId, id);
    if (!(await this.#isConfirmed(decided))) return decided;
    await this.#apply(ref, id, hold.runId);
    return this.get(environmentId, id);
  }

  /**
   * Keeps what is in effect. The items stay visible and marked until the source takes them back or the hold is approved
   * after all; they are not held again.
   * @throws NotFoundError; ConflictError reason `state` when it was approved or withdrawn.
   */
  async reject(environmentId: string, id: string, rejectedBy: string): Promise<HoldDetails> {
    const hold = await this.get(environmentId, id);
    await this.#decide(hold, { to: 'rejected', from: ['open'], done: ['rejected'], by: rejectedBy });
    return this.get(environmentId, id);
  }

  /**
   * Goes on with approvals that wait for their source or were interrupted, and approves what waits longer than the policy
   * of its directory allows. @throws the first failure, after all others were settled.
   */
  async settle(): Promise<void> {
    const now = this.#options.clock.now();
    const failures: unknown[] = [];
    for (const { hold, config } of await this.#reader.unfinished()) {
      const hours = readPolicy(config, now).releaseAfterHours;
      const isDue = hours !== null && now.getTime() - Date.parse(hold.openedAt) >= hours * 3_600_000;
      if (hold.state !== 'approving' && !isDue) continue;
      const approval = this.approve(hold.environmentId, hold.id, hold.decidedBy ?? 'auto_release');
      await approval.catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** A person who has come back at the source since the hold was opened must not go. */
  async #isConfirmed({ source, state, decidedAt, ...hold }: Hold): Promise<boolean> {
    const { wasReadSince, clock } = this.#options;
    if (source !== 'pull' || state !== 'approving' || decidedAt === null || !wasReadSince) return true;
    if (clock.now().getTime() - Date.parse(decidedAt) > RECHECK_MS) return true;
    const { environmentId, directoryId } = hold;
    return wasReadSince({ environmentId, directoryId }, decidedAt);
  }

  /** How many removals wait, for the metrics. */
  countPending(): Promise<number> {
    return this.#reader.countPending();
  }

  /** How many holds there are in each state, for the metrics. */
  countStates(): Promise<{ readonly state: string; readonly count: number }[]> {
    return this.#reader.countStates();
  }

  async #decide(
    hold: Hold,
    step: {
      to: 'approving' | 'rejected';
      from: readonly HoldState[];
      done: readonly HoldState[];
      by: string;
    },
  ): Promise<void> {
    await this.#inTransaction(hold, NOT_A_REMOVAL, async (batch) => {
      const state = await this.#stateOf(batch, hold);
      if (step.done.includes(state)) return;
      if (!step.from.includes(state)) throw wrongState(hold.id, state);
      const rows = await batch.tx.query<HoldRow>({
        name: 'holds_decide',
        text: DECIDE,
        values: [hold.environmentId, hold.directoryId, hold.id, step.to, batch.guard.now, step.by],
      });
      const type: NewEvent['type'] =
        step.to === 'rejected' ? 'directory.hold_rejected' : 'directory.hold_approved';
      batch.events.push(holdNotice(type, hold.directoryId, holdFromRow(rows[0] as HoldRow)));
    });
  }

  async #stateOf({ tx }: Batch, hold: Hold): Promise<HoldState> {
    const rows = await tx.query<{ state: HoldState }>({
      name: 'holds_state',
      text: 'SELECT state FROM holds WHERE environment_id = $1 AND directory_id = $2 AND id = $3',
      values: [hold.environmentId, hold.directoryId, hold.id],
    });
    if (!rows[0]) throw new NotFoundError(`Removal hold not found: '${hold.id}'.`, { entityId: hold.id });
    return rows[0].state;
  }

  async #apply(ref: DirectoryRef, id: string, runId: string | null): Promise<void> {
    const options = { ...NOT_A_REMOVAL, approvedHoldId: id, ...(runId !== null && { runId }) };
    let more = true;
    while (more)
      more = await this.#inTransaction(ref, options, async (batch) => {
        const remaining = await applyApproved(batch, id, BATCH);
        if (!remaining) await finish(batch, id);
        return remaining;
      });
  }

  async #inTransaction<T>(
    ref: DirectoryRef,
    options: BatchOptions,
    work: (batch: Batch) => Promise<T>,
  ): Promise<T> {
    const { environmentId, directoryId } = ref;
    const task = { ...options, ref: { environmentId, directoryId }, work };
    const committed = await inTransaction(this.#options, directoryId, () => task);
    return committed?.result as T;
  }
}

async function finish({ tx, head }: Batch, id: string): Promise<void> {
  await tx.query({
    name: 'holds_finish',
    text: `UPDATE holds SET state = 'approved' WHERE environment_id = $1 AND directory_id = $2 AND id = $3
      AND state = 'approving'`,
    values: [head.environmentId, head.directoryId, id],
  });
}

function wrongState(id: string, state: HoldState): ConflictError {
  return new ConflictError(
    `The removal hold ${id} is ${state}; that cannot be changed any more. List the holds of the directory to see what waits.`,
    { reason: 'state', code: 'hold_decided' },
  );
}

const DECIDE = `
WITH freed AS (
  UPDATE guard_windows SET hold_id = NULL WHERE environment_id = $1 AND directory_id = $2 AND hold_id = $3
), listed AS (
  UPDATE hold_items SET state = 'approved'
  WHERE environment_id = $1 AND directory_id = $2 AND hold_id = $3 AND state = 'pending' AND $4 = 'approving'
)
UPDATE holds h SET state = $4, decided_at = $5::timestamptz, decided_by = $6
WHERE h.environment_id = $1 AND h.directory_id = $2 AND h.id = $3
RETURNING ${HOLD_COLUMNS}`;
