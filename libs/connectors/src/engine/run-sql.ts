import { RUN_COLUMNS } from './run-row.js';

/*
 * What a worker writes. $1–$3 are the lease, and every statement begins by locking its row: whoever lost the lease finds
 * no row and writes nothing, in the same statement.
 */
const HELD = `held AS (
  SELECT environment_id, directory_id, active_run_id, staged_run_id, needs_approval FROM sync_schedules
  WHERE environment_id = $1 AND directory_id = $2 AND token = $3 FOR NO KEY UPDATE)`;

const RUN_KEY = `r.environment_id = h.environment_id AND r.directory_id = h.directory_id AND r.id = $4
  AND r.created_at = $5::timestamptz`;

const ELAPSED = `coalesce(extract(epoch FROM now() - r.started_at), 0)::float8 AS elapsed,
  r.cancel_requested_at IS NOT NULL AS is_cancelled`;

/**
 * $4 run, $5 its creation, $6 mode, $7 expected records, $8 the run that it takes the place of. Whether somebody has to see
 * it first is what stands there now: settings may have been changed since the claim.
 */
export const CREATE_SQL = `
  WITH ${HELD},
  created AS (
    INSERT INTO sync_runs AS r (environment_id, directory_id, id, created_at, mode, trigger, status, needs_approval,
      expected, started_at, attempts)
    SELECT environment_id, directory_id, $4, $5::timestamptz, CASE WHEN needs_approval THEN 'full' ELSE $6 END, 'schedule',
      'fetching', needs_approval, $7, now(), 1 FROM held
    WHERE active_run_id IS NOT DISTINCT FROM $8
    RETURNING ${RUN_COLUMNS}, 0::float8 AS elapsed, false AS is_cancelled),
  pointed AS (
    UPDATE sync_schedules s SET active_run_id = $4, staged_run_id = $4 FROM held h, created
    WHERE s.environment_id = h.environment_id AND s.directory_id = h.directory_id)
  SELECT * FROM created`;

export const REFRESH_SQL = `WITH ${HELD} SELECT active_run_id, staged_run_id FROM held`;

/** $4 run, $5 its creation. A run that waits for approval is not started by being looked at. */
export const RESUME_SQL = `
  WITH ${HELD},
  pointed AS (
    UPDATE sync_schedules s SET staged_run_id = $4 FROM held h
    WHERE s.environment_id = h.environment_id AND s.directory_id = h.directory_id)
  UPDATE sync_runs r SET attempts = attempts + 1, revision = revision + 1,
    started_at = coalesce(started_at, now()),
    status = CASE WHEN status = 'queued' THEN 'fetching' ELSE status END
  FROM held h WHERE ${RUN_KEY} AND r.finished_at IS NULL
  RETURNING ${RUN_COLUMNS}, ${ELAPSED}`;

/** $4–$15, in the order of runValues(). */
const SAVED = `saved AS (
  UPDATE sync_runs r SET status = $6, streams = $7::jsonb, pages = $8, records = $9, invalid = $10, counts = $11::jsonb,
    error_code = $12, error_message = $13, error_remedy = $14, attempts = $15, revision = revision + 1,
    finished_at = CASE WHEN $6 IN ('succeeded', 'partial', 'failed', 'cancelled', 'previewed') THEN now() END
  FROM held h WHERE ${RUN_KEY} AND r.finished_at IS NULL
  RETURNING r.environment_id, r.directory_id, r.id, r.created_at, r.revision,
    r.cancel_requested_at IS NOT NULL AS is_cancelled)`;

/** $16 items. */
export const SAVE_SQL = `
  WITH ${HELD}, ${SAVED},
  items AS (
    INSERT INTO sync_run_items (environment_id, directory_id, run_id, id, kind, detail, created_at)
    SELECT s.environment_id, s.directory_id, s.id, i.id, i.kind, i.detail, s.created_at
    FROM saved s, jsonb_to_recordset($16::jsonb) AS i (id text, kind text, detail jsonb)
    ON CONFLICT (environment_id, directory_id, run_id, id, created_at) DO UPDATE SET detail = excluded.detail)
  SELECT revision, is_cancelled FROM saved`;

const SECONDS = `interval '1 second'`;

/**
 * $16 final, $17 due in, $18 next incremental in, $19 next full in, $20 failures, $21 good, $22 records of a full run,
 * $23 approved, $24 cursors, $25 has something staged. While somebody has paused the directory it stays paused. A
 * `read_again_at` of '-infinity' says that the settings were changed under the run: what was approved were the old ones.
 */
export const CLOSE_SQL = `
  WITH ${HELD}, ${SAVED},
  cursors AS (
    INSERT INTO source_cursors AS known (environment_id, directory_id, stream_id, cursor, fingerprint, run_id, saved_at)
    SELECT s.environment_id, s.directory_id, c.stream_id, c.cursor, c.fingerprint, s.id, now()
    FROM saved s, jsonb_to_recordset($24::jsonb) AS c (stream_id text, cursor jsonb, fingerprint text)
    ON CONFLICT (environment_id, directory_id, stream_id) DO UPDATE
      SET cursor = excluded.cursor, fingerprint = excluded.fingerprint, run_id = excluded.run_id,
        saved_at = excluded.saved_at
      WHERE (known.cursor, known.fingerprint) IS DISTINCT FROM (excluded.cursor, excluded.fingerprint))
  UPDATE sync_schedules s SET worker = NULL, lease_until = '-infinity',
    active_run_id = CASE WHEN $16 THEN NULL ELSE s.active_run_id END,
    staged_run_id = CASE WHEN $16 AND NOT $25::boolean THEN NULL ELSE s.staged_run_id END,
    due_at = CASE WHEN s.paused AND $16 THEN 'infinity'
      WHEN $17::float8 IS NULL THEN least(s.next_incremental_at, s.next_full_at, s.read_again_at)
      -- A full run that is due before the next incremental one does not wait for it, nor what was uploaded meanwhile.
      ELSE least(now() + $17::float8 * ${SECONDS}, CASE WHEN $21 AND $19::float8 IS NULL THEN s.next_full_at END,
        CASE WHEN $16 THEN s.read_again_at END) END,
    next_incremental_at = coalesce(now() + $18::float8 * ${SECONDS}, s.next_incremental_at),
    next_full_at = least(coalesce(now() + $19::float8 * ${SECONDS}, s.next_full_at),
      CASE WHEN $16 AND s.read_again_at IS NOT NULL THEN greatest(s.read_again_at, now()) END),
    read_again_at = CASE WHEN $16 THEN NULL ELSE s.read_again_at END,
    failures = $20,
    last_good_at = CASE WHEN $21 THEN now() ELSE s.last_good_at END,
    last_full_at = CASE WHEN $22::int IS NULL THEN s.last_full_at ELSE now() END,
    last_full_records = coalesce($22::int, s.last_full_records),
    needs_approval = s.needs_approval AND NOT ($23 AND s.read_again_at IS DISTINCT FROM '-infinity')
  FROM saved WHERE s.environment_id = saved.environment_id AND s.directory_id = saved.directory_id
  RETURNING s.directory_id`;
