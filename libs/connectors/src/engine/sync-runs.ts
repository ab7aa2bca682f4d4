import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  isId,
  type Database,
  type JsonObject,
  type Queryable,
} from '#kernel';
import { keysetScan, toPage, type Page, type PageRequest } from '#model';
import type { ConnectorRegistry } from '../providers/registry.js';
import type { DirectoryKey } from './connection-settings.js';
import { notPolled } from './connections.js';
import { endSuperseded, insertRun, makeDue } from './run-queue.js';
import { RUN_COLUMNS, toRun, type RunRow } from './run-row.js';
import { createdAt } from './run-store.js';
import { isFinal, type RunMode, type RunStatus, type SyncRun } from './sync-run.js';
import { CONSENT_COLUMNS, waitsForConsent, type ConsentRow } from './waits-for-consent.js';

/** What items of a run tell: what could not be read, and examples of changes. */
export const RUN_ITEM_KINDS = ['invalid', 'change'] as const;

/** What a run tells about one record. */
export interface SyncRunItem {
  readonly id: string;
  readonly kind: string;
  readonly detail: JsonObject;
}

export interface SyncRunsParts {
  readonly database: Database;
  readonly registry: ConnectorRegistry;
  /** Called after a commit that gives a worker something to do. */
  readonly onDue?: () => void;
}

interface HeadRow extends ConsentRow {
  /** How its pause is ended; null while it is not paused. */
  readonly paused_in: 'directory' | 'schedule' | null;
  readonly needs_approval: boolean;
  readonly active_run_id: string | null;
  readonly last_full_records: number | null;
}

/** Runs as people see and steer them. What they ask for is written down; a worker does it. */
export class SyncRuns {
  readonly #parts: SyncRunsParts;

  constructor(parts: SyncRunsParts) {
    this.#parts = parts;
  }

  /**
   * Asks for a run at once, ahead of everything that is only scheduled. A preview that waits for approval gives way.
   * @throws ConflictError when a run is under way, the directory is paused, not polled, or waits for consent
   */
  async request(key: DirectoryKey, mode: RunMode): Promise<SyncRun> {
    const run = await this.#parts.database.transaction(async (tx) => {
      const head = await this.#lock(tx, key);
      refusePaused(head);
      this.#checkConsent(head);
      this.#checkMode(head, mode);
      if (head.active_run_id !== null) await this.#supersede(tx, key, head.active_run_id);
      const queued = await insertRun(tx, key, {
        needsApproval: head.needs_approval,
        expected: head.last_full_records,
        mode: head.needs_approval && mode === 'incremental' ? 'full' : mode,
      });
      await makeDue(tx, key, null);
      return queued;
    });
    this.#parts.onDue?.();
    return run;
  }

  /** @throws NotFoundError */
  async get(key: DirectoryKey, runId: string): Promise<SyncRun> {
    return this.#find(this.#parts.database, key, runId);
  }

  /** Runs of a directory, all or those in one status. */
  async list(
    key: DirectoryKey,
    { page, status }: { readonly page: PageRequest; readonly status?: RunStatus | undefined },
  ): Promise<Page<SyncRun>> {
    await this.#exists(key);
    const scan = keysetScan(page);
    const rows = await this.#parts.database.query<RunRow>({
      text: `SELECT ${RUN_COLUMNS} FROM sync_runs r
        WHERE r.environment_id = $1 AND r.directory_id = $2 AND ($3::text IS NULL OR r.id ${scan.comparison} $3)
          AND ($5::text IS NULL OR r.status = $5)
        ORDER BY r.id ${scan.direction} LIMIT $4`,
      values: [key.environmentId, key.directoryId, scan.cursor ?? null, page.limit + 1, status ?? null],
    });
    return toPage(rows.map(toRun), page);
  }

  /** @throws NotFoundError */
  async items(
    key: DirectoryKey,
    runId: string,
    { page, kind }: { readonly page: PageRequest; readonly kind?: string | undefined },
  ): Promise<Page<SyncRunItem>> {
    const run = await this.get(key, runId);
    const scan = keysetScan(page);
    const rows = await this.#parts.database.query<SyncRunItem>({
      text: `SELECT i.id, i.kind, i.detail FROM sync_run_items i
        WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.run_id = $3 AND i.created_at = $4::timestamptz
          AND ($5::text IS NULL OR i.id ${scan.comparison} $5) AND ($7::text IS NULL OR i.kind = $7)
        ORDER BY i.id ${scan.direction} LIMIT $6`,
      values: [
        key.environmentId,
        key.directoryId,
        runId,
        createdAt(run),
        scan.cursor ?? null,
        page.limit + 1,
        kind ?? null,
      ],
    });
    return toPage(rows, page);
  }

  /** Ends a run before it changes anything. @throws ConflictError when it is being applied, or over. */
  async cancel(key: DirectoryKey, runId: string): Promise<SyncRun> {
    return this.#steer(key, runId, (run) => {
      if (run.status === 'applying')
        throw stateConflict(
          'The run is being applied and is brought to its end. Pause the directory to stop the next.',
        );
      return { set: 'cancel_requested_at = coalesce(cancel_requested_at, now())', where: 'true' };
    });
  }

  /** Lets a preview through. @throws ConflictError when the run does not wait for that. */
  async approve(key: DirectoryKey, runId: string): Promise<SyncRun> {
    return this.#steer(key, runId, (run, head) => {
      if (run.status !== 'awaiting_approval')
        throw stateConflict(`The run is ${run.status}; only one that is awaiting_approval can be applied.`);
      if (head.paused_in === 'directory') refusePaused(head);
      return {
        set: `status = 'planning', needs_approval = false, attempts = 0`,
        where: 'r.cancel_requested_at IS NULL',
      };
    });
  }

  async #steer(
    key: DirectoryKey,
    runId: string,
    decide: (run: SyncRun, head: HeadRow) => { readonly set: string; readonly where: string },
  ): Promise<SyncRun> {
    const steered = await this.#parts.database.transaction(async (tx) => {
      await this.#find(tx, key, runId);
      const head = await this.#lock(tx, key);
      const run = await this.#find(tx, key, runId);
      if (isFinal(run.status)) throw hasEnded(run);
      const { set, where } = decide(run, head);
      const [row] = await tx.query<RunRow>({
        text: `UPDATE sync_runs r SET ${set}, revision = revision + 1
          WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.id = $3 AND r.created_at = $4::timestamptz AND ${where}
          RETURNING ${RUN_COLUMNS}`,
        values: [key.environmentId, key.directoryId, runId, createdAt(run)],
      });
      if (!row)
        throw stateConflict('The run was cancelled, or its settings were changed. Look at the next one.');
      await makeDue(tx, key, null);
      return toRun(row);
    });
    this.#parts.onDue?.();
    return steered;
  }

  #checkConsent(head: HeadRow): void {
    if (waitsForConsent(this.#parts.registry, head))
      throw stateConflict(
        'The directory waits for the consent of an admin: make a link with POST …/authorizations and have it opened. The first run begins by itself then.',
      );
  }

  #checkMode(head: HeadRow, mode: RunMode): void {
    const capabilities = this.#parts.registry.find(head.provider)?.manifest.capabilities;
    if (mode === 'incremental' && capabilities?.incremental !== true)
      throw new InvalidInputError('Validation failed', {
        problems: [{ field: 'mode', message: 'This source cannot say what has changed. Use "full".' }],
      });
  }

  async #supersede(tx: Queryable, key: DirectoryKey, runId: string): Promise<void> {
    const run = await this.#find(tx, key, runId);
    if (run.status !== 'awaiting_approval')
      throw new ConflictError(`The run ${runId} is already under way. Wait for it, or cancel it.`, {
        reason: 'state',
        code: 'sync_run_in_progress',
      });
    await endSuperseded(tx, key, run);
  }

  async #lock(tx: Queryable, key: DirectoryKey): Promise<HeadRow> {
    await this.#exists(key);
    const [row] = await tx.query<HeadRow>({
      text: `SELECT ${CONSENT_COLUMNS}, s.needs_approval,
          CASE WHEN d.paused_at IS NOT NULL THEN 'directory' WHEN s.paused THEN 'schedule' END AS paused_in,
          s.active_run_id, s.last_full_records
        FROM sync_schedules s
        JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id
        WHERE s.environment_id = $1 AND s.directory_id = $2 FOR UPDATE OF s`,
      values: [key.environmentId, key.directoryId],
    });
    if (!row) throw notPolled();
    return row;
  }

  async #exists({ environmentId, directoryId }: DirectoryKey): Promise<void> {
    const rows = await this.#parts.database.query({
      text: 'SELECT FROM directories WHERE environment_id = $1 AND id = $2 AND deleted_at IS NULL',
      values: [environmentId, directoryId],
    });
    if (rows.length === 0)
      throw new NotFoundError(`Directory not found: '${directoryId}'.`, { entityId: directoryId });
  }

  async #find(tx: Queryable, key: DirectoryKey, runId: string): Promise<SyncRun> {
    const [row] = !isId('run', runId)
      ? []
      : await tx.query<RunRow>({
          text: `SELECT ${RUN_COLUMNS} FROM sync_runs r
              JOIN directories d ON d.environment_id = r.environment_id AND d.id = r.directory_id
                AND d.deleted_at IS NULL
              WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.id = $3 AND r.created_at = $4::timestamptz`,
          values: [key.environmentId, key.directoryId, runId, createdAt({ id: runId })],
        });
    if (!row) throw new NotFoundError(`Sync run not found: '${runId}'.`, { entityId: runId });
    return toRun(row);
  }
}

/** @throws ConflictError that says how the pause is ended. */
function refusePaused({ paused_in: place }: HeadRow): void {
  if (place === 'directory')
    throw stateConflict('The directory is paused. Resume it (POST …/resume), then send this again.');
  if (place === 'schedule')
    throw stateConflict('The directory is paused. Resume it in its schedule, then start the run.');
}

/** Says why, where that is not plain, and where to go on. */
function hasEnded({ status, error }: SyncRun): ConflictError {
  const why = error === null ? '' : ` ${error.message}`;
  return stateConflict(
    `The run has ended: ${status}.${why} List the runs of the directory, or start another.`,
  );
}

function stateConflict(message: string): ConflictError {
  return new ConflictError(message, { reason: 'state' });
}
