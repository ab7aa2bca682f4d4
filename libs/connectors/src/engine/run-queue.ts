import { newId, type Queryable } from '#kernel';
import type { DirectoryKey } from './connection-settings.js';
import { runError } from './run-errors.js';
import { RUN_COLUMNS, toRun, type RunRow } from './run-row.js';
import { createdAt } from './run-store.js';
import type { RunMode, RunStatus, SyncRun } from './sync-run.js';

/** What becomes of new files. */
export interface QueuedRun {
  /** Null while the directory is paused. */
  readonly id: string | null;
  /** `follows`: the named run is under way and may not have seen them; the next one begins by itself when it is over. */
  readonly state: 'queued' | 'follows' | 'paused';
}

/** Puts a run into the queue; the caller has locked the row of the schedule, and no run is active. */
export async function insertRun(
  tx: Queryable,
  key: DirectoryKey,
  input: { readonly mode: RunMode; readonly needsApproval: boolean; readonly expected: number | null },
): Promise<SyncRun> {
  const id = newId('run');
  const status: RunStatus = 'queued';
  const [row] = await tx.query<RunRow>({
    text: `INSERT INTO sync_runs AS r (environment_id, directory_id, id, created_at, mode, trigger, status,
        needs_approval, expected)
      VALUES ($1, $2, $3, $4, $5, 'manual', $6, $7, $8) RETURNING ${RUN_COLUMNS}`,
    values: [
      key.environmentId,
      key.directoryId,
      id,
      createdAt({ id }),
      input.mode,
      status,
      input.needsApproval && input.mode !== 'preview',
      input.expected,
    ],
  });
  await tx.query({
    text: 'UPDATE sync_schedules SET active_run_id = $3 WHERE environment_id = $1 AND directory_id = $2',
    values: [key.environmentId, key.directoryId, id],
  });
  return toRun(row as RunRow);
}

/** Ends a preview that gives way to another run. */
export async function endSuperseded(tx: Queryable, key: DirectoryKey, run: { id: string }): Promise<void> {
  const error = runError('superseded', 'Another run was started before anybody applied this preview.');
  await tx.query({
    text: `UPDATE sync_runs SET status = 'cancelled', finished_at = now(), revision = revision + 1, error_code = $5,
        error_message = $6, error_remedy = $7
      WHERE environment_id = $1 AND directory_id = $2 AND id = $3 AND created_at = $4::timestamptz`,
    values: [
      key.environmentId,
      key.directoryId,
      run.id,
      createdAt(run),
      error.code,
      error.message,
      error.remedy,
    ],
  });
}

/** Seconds from now; null: ahead of everything that is only scheduled. */
export async function makeDue(tx: Queryable, key: DirectoryKey, inSeconds: number | null): Promise<void> {
  await tx.query({
    text: `UPDATE sync_schedules
      SET due_at = CASE WHEN $3::float8 IS NULL THEN '-infinity' ELSE clock_timestamp() + $3::float8 * interval '1 second' END
      WHERE environment_id = $1 AND directory_id = $2`,
    values: [key.environmentId, key.directoryId, inSeconds],
  });
}

interface HeadRow {
  readonly paused: boolean;
  readonly needs_approval: boolean;
  readonly last_full_records: number | null;
  readonly run_id: string | null;
  readonly run_status: RunStatus | null;
}

/**
 * Sees to it that a run begins after new files have come, in the transaction that makes them visible. A preview that
 * nobody has looked at gives way to one of the new files.
 * @param inSeconds how long others that belong to them are waited for; null: they are complete
 */
export async function queueRun(
  tx: Queryable,
  key: DirectoryKey,
  inSeconds: number | null,
): Promise<QueuedRun> {
  const head = await lockHead(tx, key);
  if (head === undefined || head.paused) return { id: null, state: 'paused' };
  const { run_id: activeId, run_status: status } = head;
  if (activeId !== null && status === 'queued') {
    await makeDue(tx, key, inSeconds);
    return { id: activeId, state: 'queued' };
  }
  if (activeId !== null && status !== null && status !== 'awaiting_approval') {
    await readAgain(tx, key, inSeconds);
    return { id: activeId, state: 'follows' };
  }
  if (activeId !== null) await endSuperseded(tx, key, { id: activeId });
  const { needs_approval: needsApproval, last_full_records: expected } = head;
  const run = await insertRun(tx, key, { mode: 'full', needsApproval, expected });
  await makeDue(tx, key, inSeconds);
  return { id: run.id, state: 'queued' };
}

async function lockHead(tx: Queryable, key: DirectoryKey): Promise<HeadRow | undefined> {
  const [head] = await tx.query<HeadRow & Record<string, unknown>>({
    text: `SELECT s.paused, s.needs_approval, s.last_full_records, s.active_run_id AS run_id,
        (SELECT r.status FROM sync_runs r WHERE r.environment_id = $1 AND r.directory_id = $2
          AND r.id = s.active_run_id AND r.finished_at IS NULL) AS run_status
      FROM sync_schedules s WHERE s.environment_id = $1 AND s.directory_id = $2 FOR NO KEY UPDATE OF s`,
    values: [key.environmentId, key.directoryId],
  });
  return head;
}

/** A run that waits for its source goes on at once; one that is read by a worker is followed by another. */
export async function readAgain(tx: Queryable, key: DirectoryKey, inSeconds: number | null): Promise<void> {
  await tx.query({
    text: `UPDATE sync_schedules
      SET read_again_at = CASE WHEN read_again_at = '-infinity' THEN read_again_at
          ELSE clock_timestamp() + $3::float8 * interval '1 second' END,
        due_at = CASE WHEN lease_until < now() THEN least(due_at, clock_timestamp() + $3::float8 * interval '1 second') ELSE due_at END
      WHERE environment_id = $1 AND directory_id = $2`,
    values: [key.environmentId, key.directoryId, inSeconds ?? 0],
  });
}
