import type { Statement } from '#kernel';
import type { LanePosition } from './delivery-queue.js';
import type { AttemptRecord, EndpointSession } from './endpoint-session.js';

/** What one write is about: sessions, and everything else by the index of its session. */
export interface RecordBatch {
  readonly sessions: readonly EndpointSession[];
  readonly records: readonly AttemptRecord[];
  readonly positions: ReadonlyMap<EndpointSession, readonly LanePosition[]>;
  /** Sessions whose failing time has changed. */
  readonly failing: readonly EndpointSession[];
  /** An earlier write of some of it failed, perhaps after the commit. */
  readonly isRepeated: boolean;
}

/** Writes a batch; returns the ids of the endpoints whose lease still stood. */
export function recordBatch(batch: RecordBatch): Statement {
  const isPlain = !batch.isRepeated && batch.failing.length === 0 && batch.records.every(isFirstSuccess);
  return isPlain
    ? { name: 'webhook_record_plain', text: PLAIN_SQL, values: plainValues(batch) }
    : { name: 'webhook_record', text: FULL_SQL, values: [...plainValues(batch), ...retryValues(batch)] };
}

function isFirstSuccess(record: AttemptRecord): boolean {
  return record.outcome === 'succeeded' && record.delivery.attempt === 1;
}

function plainValues({ sessions, records, positions }: RecordBatch): unknown[] {
  const index = indexOf(sessions);
  const lanes = sessions.flatMap((session) =>
    (positions.get(session) ?? []).map((entry) => ({ i: index.get(session), ...entry })),
  );
  return [
    sessions.map((session) => session.lease.environmentId),
    sessions.map((session) => session.id),
    sessions.map((session) => session.lease.token),
    lanes.map((lane) => lane.i),
    lanes.map((lane) => lane.lane.streamId),
    lanes.map((lane) => lane.position),
    records.map((record) => index.get(record.session)),
    records.map((record) => record.id),
    records.map((record) => record.delivery.eventId),
    records.map((record) => record.delivery.lane.streamId),
    records.map((record) => record.delivery.sequence),
    records.map((record) => record.httpStatus),
    records.map((record) => record.excerpt),
    records.map((record) => record.durationMs),
    records.map((record) => record.startedAt),
  ];
}

function retryValues({ sessions, records, failing }: RecordBatch): unknown[] {
  const index = indexOf(sessions);
  return [
    records.map((record) => record.delivery.attempt),
    records.map((record) => record.outcome),
    records.map((record) => record.error),
    records.map((record) => record.retryInMs),
    failing.map((session) => index.get(session)),
    failing.map((session) => session.failures.since),
  ];
}

function indexOf(sessions: readonly EndpointSession[]): Map<EndpointSession, number> {
  return new Map(sessions.map((session, i) => [session, i + 1]));
}

/*
 * One statement, so it happens as a whole or not at all. `held` locks the leases whose token is still ours, in the
 * order of the key; everything else joins it, so a worker that lost its lease writes nothing.
 */
const HELD = `
  held AS MATERIALIZED (
    SELECT h.environment_id, h.endpoint_id, k.i
    FROM unnest($1::text[], $2::text[], $3::bigint[])
      WITH ORDINALITY AS k (environment_id, endpoint_id, token, i)
    JOIN webhook_leases h ON h.environment_id = k.environment_id AND h.endpoint_id = k.endpoint_id
    WHERE h.token = k.token
    ORDER BY h.environment_id, h.endpoint_id FOR NO KEY UPDATE OF h),
  moved AS (
    INSERT INTO webhook_lanes (environment_id, endpoint_id, stream_id, sequence)
    SELECT held.environment_id, held.endpoint_id, p.stream_id, p.sequence
    FROM unnest($4::int[], $5::text[], $6::bigint[]) AS p (i, stream_id, sequence)
    JOIN held USING (i)
    ON CONFLICT (environment_id, endpoint_id, stream_id)
      DO UPDATE SET sequence = excluded.sequence WHERE webhook_lanes.sequence < excluded.sequence)`;

const ATTEMPT_COLUMNS = `environment_id, endpoint_id, id, event_id, stream_id, sequence, http_status, response_excerpt,
      duration_ms, created_at, attempt, outcome, error`;

const SHARED_COLUMNS = `held.environment_id, held.endpoint_id, a.id, a.event_id, a.stream_id, a.sequence, a.http_status,
      a.excerpt, a.duration_ms, to_timestamp(a.started_ms / 1000)`;

const SHARED_ARRAYS = `$7::int[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::int[], $13::text[],
      $14::int[], $15::float8[]`;

const SHARED_NAMES = 'i, id, event_id, stream_id, sequence, http_status, excerpt, duration_ms, started_ms';

/** The everyday case, nothing but first attempts that succeeded: without the other steps it costs half as much. */
const PLAIN_SQL = `
  WITH ${HELD},
  written AS (
    INSERT INTO webhook_attempts (${ATTEMPT_COLUMNS})
    SELECT ${SHARED_COLUMNS}, 1, 'succeeded', NULL
    FROM unnest(${SHARED_ARRAYS}) AS a (${SHARED_NAMES})
    JOIN held USING (i))
  SELECT endpoint_id FROM held`;

/** `ON CONFLICT DO NOTHING` is for a batch that is written again because nobody knows whether it was committed. */
const FULL_SQL = `
  WITH ${HELD},
  attempt (${ATTEMPT_COLUMNS}, retry_in_ms) AS MATERIALIZED (
    SELECT ${SHARED_COLUMNS}, a.attempt, a.outcome, a.error, a.retry_in_ms
    FROM unnest(${SHARED_ARRAYS}, $16::int[], $17::text[], $18::text[], $19::float8[])
      AS a (${SHARED_NAMES}, attempt, outcome, error, retry_in_ms)
    JOIN held USING (i)),
  written AS (
    INSERT INTO webhook_attempts (${ATTEMPT_COLUMNS})
    SELECT ${ATTEMPT_COLUMNS} FROM attempt
    ON CONFLICT DO NOTHING),
  retried AS (
    INSERT INTO webhook_retries (environment_id, endpoint_id, stream_id, sequence, attempts, next_at)
    SELECT environment_id, endpoint_id, stream_id, sequence, attempt, now() + retry_in_ms * interval '1 millisecond'
    FROM attempt WHERE retry_in_ms IS NOT NULL
    ON CONFLICT (environment_id, endpoint_id, stream_id, sequence)
      DO UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at),
  finished AS (
    DELETE FROM webhook_retries r USING attempt a
    WHERE a.retry_in_ms IS NULL AND a.attempt > 1 AND r.environment_id = a.environment_id
      AND r.endpoint_id = a.endpoint_id AND r.stream_id = a.stream_id AND r.sequence = a.sequence),
  failing AS (
    UPDATE webhook_leases f SET failing_since = to_timestamp(c.since_ms / 1000)
    FROM unnest($20::int[], $21::float8[]) AS c (i, since_ms)
    JOIN held USING (i)
    WHERE f.environment_id = held.environment_id AND f.endpoint_id = held.endpoint_id)
  SELECT endpoint_id FROM held`;
