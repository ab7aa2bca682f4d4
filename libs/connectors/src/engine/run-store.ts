import { idTime, newId, type Database, type JsonObject, type JsonValue } from '#kernel';
import { keyOf, LeaseLostError, type Claim, type Lease } from './lease-store.js';
import { toRun, type RunRow } from './run-row.js';
import { CLOSE_SQL, CREATE_SQL, REFRESH_SQL, RESUME_SQL, SAVE_SQL } from './run-sql.js';
import type { RunMode, StreamProgress, SyncRun } from './sync-run.js';

/** Something to tell about one record of a run. */
export interface RunItem {
  /** Given where the same item may be written again after a kill. */
  readonly id?: string;
  readonly kind: string;
  readonly detail: JsonObject;
}

/** What happens to the schedule when a worker lets go of a run. */
export interface Closing {
  /** Ended for good, or kept to go on with later. */
  readonly isFinal: boolean;
  /** Seconds until a worker looks at the directory again; null: when its next run is due anyway. */
  readonly dueInSeconds: number | null;
  /** Seconds until the next run of each kind; null leaves it as it is. */
  readonly nextIncrementalSeconds: number | null;
  readonly nextFullSeconds: number | null;
  readonly failures: number;
  readonly isGood: boolean;
  /** The whole directory was read and applied: what it held, for the next guess of a duration. */
  readonly fullRecords: number | null;
  /** The admin has seen a preview and let it through. */
  readonly isApproved: boolean;
  readonly cursors: readonly SavedCursor[];
  /** Something of the run may lie in the staging tables. */
  readonly hasStaged: boolean;
}

export interface SavedCursor {
  readonly streamId: string;
  readonly cursor: JsonValue;
  readonly fingerprint: string;
}

export interface OpenedRun {
  readonly run: SyncRun;
  /** Since its first start, by the database's clock. */
  readonly elapsedSeconds: number;
  readonly isCancelled: boolean;
}

interface SavedRow {
  readonly revision: number;
  readonly is_cancelled: boolean;
}

/** A row of a run, as it has to be found in its partition. */
interface RunKey {
  readonly id: string;
}

/** What a worker writes about a run. Every statement is fenced by the lease. */
export class RunStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The run that is under way, or a new one. Counts the start. Undefined when somebody has asked for another run since the
   * claim: it comes first (`refreshed`). @throws LeaseLostError
   */
  async open(claim: Claim, mode: RunMode): Promise<OpenedRun | undefined> {
    const row =
      (claim.activeRunId === null ? undefined : await this.#resume(claim, claim.activeRunId)) ??
      (await this.#create(claim, mode));
    return row && { run: toRun(row), elapsedSeconds: row.elapsed, isCancelled: row.is_cancelled };
  }

  /** The claim with the runs that its directory points to now. @throws LeaseLostError */
  async refreshed(claim: Claim): Promise<Claim> {
    const [row] = await this.#database.query<{
      readonly active_run_id: string | null;
      readonly staged_run_id: string | null;
    }>({ name: 'sync_claim_refresh', text: REFRESH_SQL, values: keyOf(claim) });
    if (!row) throw new LeaseLostError();
    return { ...claim, activeRunId: row.active_run_id, stagedRunId: row.staged_run_id };
  }

  /** Cursors of the last good runs that were made with the same settings. */
  async cursors(lease: Lease, fingerprint: string): Promise<Map<string, JsonValue>> {
    const rows = await this.#database.query<{ stream_id: string; cursor: JsonValue }>({
      name: 'sync_cursors',
      text: `SELECT stream_id, cursor FROM source_cursors
        WHERE environment_id = $1 AND directory_id = $2 AND fingerprint = $3`,
      values: [lease.environmentId, lease.directoryId, fingerprint],
    });
    return new Map(rows.map((row) => [row.stream_id, row.cursor]));
  }

  /** Stores how far the run is. @returns the run with its new revision. @throws LeaseLostError */
  async save(
    lease: Lease,
    run: SyncRun,
    items: readonly RunItem[] = [],
  ): Promise<{ readonly run: SyncRun; readonly isCancelled: boolean }> {
    const [row] = await this.#database.query<SavedRow>({
      name: 'sync_run_save',
      text: SAVE_SQL,
      values: [...keyOf(lease), ...runValues(run), JSON.stringify(items.map(itemRow))],
    });
    if (!row) throw new LeaseLostError();
    return { run: { ...run, revision: row.revision }, isCancelled: row.is_cancelled };
  }

  /** Stores the run, its cursors and the next date, and gives the lease back, all or nothing. @throws LeaseLostError */
  async close(lease: Lease, run: SyncRun, closing: Closing): Promise<void> {
    const rows = await this.#database.query({
      name: 'sync_run_close',
      text: CLOSE_SQL,
      values: [
        ...keyOf(lease),
        ...runValues(run),
        closing.isFinal,
        closing.dueInSeconds,
        closing.nextIncrementalSeconds,
        closing.nextFullSeconds,
        closing.failures,
        closing.isGood,
        closing.fullRecords,
        closing.isApproved,
        JSON.stringify(
          closing.cursors.map(({ streamId, cursor, fingerprint }) => ({
            stream_id: streamId,
            cursor,
            fingerprint,
          })),
        ),
        closing.hasStaged,
      ],
    });
    if (rows.length === 0) throw new LeaseLostError();
  }

  /** Says that nothing of a run is staged any more. */
  async forgetStaged(lease: Lease, runId: string): Promise<void> {
    await this.#database.query({
      name: 'sync_forget_staged',
      text: `UPDATE sync_schedules SET staged_run_id = NULL
        WHERE environment_id = $1 AND directory_id = $2 AND staged_run_id = $3`,
      values: [lease.environmentId, lease.directoryId, runId],
    });
  }

  async #resume(claim: Claim, runId: string): Promise<OpenRow | undefined> {
    const [row] = await this.#database.query<OpenRow>({
      name: 'sync_run_resume',
      text: RESUME_SQL,
      values: [...keyOf(claim), runId, createdAt({ id: runId })],
    });
    return row;
  }

  async #create(claim: Claim, mode: RunMode): Promise<OpenRow | undefined> {
    const id = newId('run');
    const [row] = await this.#database.query<OpenRow>({
      name: 'sync_run_create',
      text: CREATE_SQL,
      values: [...keyOf(claim), id, createdAt({ id }), mode, claim.lastFullRecords, claim.activeRunId],
    });
    return row;
  }
}

type OpenRow = RunRow & { readonly elapsed: number; readonly is_cancelled: boolean };

/** The time inside a run's id, which names the partition. */
export function createdAt(run: RunKey): string {
  return new Date(idTime('run', run.id) ?? 0).toISOString();
}

function runValues(run: SyncRun): unknown[] {
  return [
    run.id,
    createdAt(run),
    run.status,
    JSON.stringify(run.streams satisfies readonly StreamProgress[]),
    run.pages,
    run.records,
    run.invalid,
    JSON.stringify(run.counts),
    run.error?.code ?? null,
    run.error?.message ?? null,
    run.error?.remedy ?? null,
    run.attempts,
  ];
}

function itemRow(item: RunItem): JsonObject {
  return { id: item.id ?? newId('run_item'), kind: item.kind, detail: item.detail };
}
