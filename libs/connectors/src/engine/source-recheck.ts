import type { Database, Queryable } from '#kernel';
import type { ConnectorRegistry } from '../providers/registry.js';
import type { DirectoryKey } from './connection-settings.js';
import { insertRun, makeDue, readAgain } from './run-queue.js';
import type { RunStatus } from './sync-run.js';

interface HeadRow {
  readonly provider: string | null;
  readonly is_paused: boolean;
  readonly needs_approval: boolean;
  readonly last_full_records: number | null;
  /** Of the run that is under way. */
  readonly status: RunStatus | null;
  /** The run that is under way sees what the source says now, or another one follows it. */
  readonly is_asked: boolean;
  readonly was_read: boolean;
  readonly has_failed: boolean;
}

/** Has polled sources read again before something takes effect that somebody has approved. */
export class SourceRecheck {
  readonly #database: Database;
  readonly #registry: ConnectorRegistry;

  constructor(database: Database, registry: ConnectorRegistry) {
    this.#database = database;
    this.#registry = registry;
  }

  /**
   * Whether a run that began after `since` (ISO 8601) was applied, or none can be: the directory is paused, or somebody
   * has to look at a preview first. Otherwise a run is on its way, and the answer will be another one later.
   */
  wasReadSince(key: DirectoryKey, since: string): Promise<boolean> {
    return this.#database.transaction(async (tx) => {
      const head = await lockHead(tx, key, since);
      if (head === undefined || head.was_read || this.#cannotBeRead(head)) return true;
      await this.#ask(tx, key, head);
      return false;
    });
  }

  #cannotBeRead({ provider, is_paused, needs_approval, status }: HeadRow): boolean {
    const waits = needs_approval || status === 'awaiting_approval';
    return is_paused || waits || this.#registry.find(provider) === undefined;
  }

  /** After a failure its own retries are enough. */
  async #ask(tx: Queryable, key: DirectoryKey, head: HeadRow): Promise<void> {
    if (head.is_asked || (head.has_failed && head.status === null)) return;
    if (head.status !== null) return readAgain(tx, key, null);
    const isIncremental = this.#registry.find(head.provider)?.manifest.capabilities.incremental === true;
    const mode = isIncremental ? 'incremental' : 'full';
    await insertRun(tx, key, { mode, needsApproval: false, expected: head.last_full_records });
    await makeDue(tx, key, null);
  }
}

async function lockHead(tx: Queryable, key: DirectoryKey, since: string): Promise<HeadRow | undefined> {
  await tx.query({
    text: 'SELECT FROM sync_schedules WHERE environment_id = $1 AND directory_id = $2 FOR NO KEY UPDATE',
    values: [key.environmentId, key.directoryId],
  });
  const [head] = await tx.query<HeadRow & Record<string, unknown>>({
    text: `WITH recent AS (
        SELECT r.status, r.id FROM sync_runs r WHERE r.environment_id = $1 AND r.directory_id = $2
          AND r.created_at > $3::timestamptz - interval '1 day' AND r.started_at >= $3::timestamptz)
      SELECT d.provider, s.paused OR d.paused_at IS NOT NULL AS is_paused, s.needs_approval, s.last_full_records, a.status,
        s.read_again_at IS NOT NULL OR a.status = 'queued' OR a.id IN (SELECT id FROM recent) AS is_asked,
        EXISTS (SELECT FROM recent WHERE status IN ('succeeded', 'partial')) AS was_read,
        EXISTS (SELECT FROM recent WHERE status = 'failed') AS has_failed
      FROM sync_schedules s
      JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id AND d.deleted_at IS NULL
      LEFT JOIN sync_runs a ON a.environment_id = s.environment_id AND a.directory_id = s.directory_id
        AND a.id = s.active_run_id AND a.finished_at IS NULL
      WHERE s.environment_id = $1 AND s.directory_id = $2`,
    values: [key.environmentId, key.directoryId, since],
  });
  return head;
}
