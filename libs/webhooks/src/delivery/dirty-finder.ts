import type { Database } from '#kernel';
import type { EndpointKey } from './lease-store.js';

/** Names a stream. */
export interface StreamKey {
  readonly environmentId: string;
  readonly streamId: string;
}

/** A lane that is behind its stream. */
export interface DirtyLane extends EndpointKey, StreamKey {
  /** The stream's last sequence. */
  readonly head: number;
  /** Nobody holds the endpoint. */
  readonly isFree: boolean;
}

interface LaneRow {
  readonly environment_id: string;
  readonly endpoint_id: string;
  readonly stream_id: string;
  readonly head: number;
  readonly free: boolean;
}

/** More lanes than this are found in further rounds. */
export const FIND_LIMIT = 5_000;
/** Endpoints that one sweep brings back at most. */
export const SWEEP_LIMIT = 256;

/** Finds out who has something to do. */
export class DirtyFinder {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The lanes behind these streams, which are said to have grown. */
  async byStreams(streams: readonly StreamKey[]): Promise<DirtyLane[]> {
    return this.#lanes('webhook_dirty_by_streams', BY_STREAMS_SQL, [
      streams.map((stream) => stream.environmentId),
      streams.map((stream) => stream.streamId),
    ]);
  }

  /** All lanes of these endpoints that are behind. */
  async byEndpoints(endpoints: readonly EndpointKey[]): Promise<DirtyLane[]> {
    return this.#lanes('webhook_dirty_by_endpoints', BY_ENDPOINTS_SQL, [
      endpoints.map((endpoint) => endpoint.environmentId),
      endpoints.map((endpoint) => endpoint.endpointId),
    ]);
  }

  /** Endpoints that nobody holds and that have unread events or a due retry, in random order: nobody is always last. */
  async sweep(): Promise<EndpointKey[]> {
    const rows = await this.#database.query<{ environment_id: string; endpoint_id: string }>({
      text: SWEEP_SQL,
    });
    return rows.map((row) => ({ environmentId: row.environment_id, endpointId: row.endpoint_id }));
  }

  async #lanes(name: string, text: string, values: readonly unknown[]): Promise<DirtyLane[]> {
    const rows = await this.#database.query<LaneRow>({ name, text, values });
    return rows.map((row) => ({
      environmentId: row.environment_id,
      endpointId: row.endpoint_id,
      streamId: row.stream_id,
      head: row.head,
      isFree: row.free,
    }));
  }
}

/** An ordered lane with a retry waits for that retry, it is not behind. */
const NOT_BLOCKED = `(w.ordering = 'none' OR NOT EXISTS (
  SELECT FROM webhook_retries t WHERE t.environment_id = w.environment_id AND t.endpoint_id = w.id
    AND t.stream_id = s.stream_id))`;

const LANE_COLUMNS = `w.environment_id, w.id AS endpoint_id, s.stream_id, s.sequence::float8 AS head`;

/**
 * Look-ups as scalar subqueries: as joins, the planner may think there is one endpoint and read all leases of the
 * environment for each of ten thousand.
 */
const POSITION = `coalesce((SELECT l.sequence FROM webhook_lanes l WHERE l.environment_id = w.environment_id
  AND l.endpoint_id = w.id AND l.stream_id = s.stream_id), 0)`;

const BY_STREAMS_SQL = `
  SELECT ${LANE_COLUMNS}, (
    SELECT x.lease_until < now() FROM webhook_leases x
    WHERE x.environment_id = w.environment_id AND x.endpoint_id = w.id) AS free
  FROM unnest($1::text[], $2::text[]) AS k (environment_id, stream_id)
  JOIN streams s ON s.environment_id = k.environment_id AND s.stream_id = k.stream_id
  JOIN webhook_endpoints w ON w.environment_id = k.environment_id AND w.status = 'enabled'
  WHERE s.sequence > ${POSITION} AND ${NOT_BLOCKED}
  LIMIT ${FIND_LIMIT}`;

const BY_ENDPOINTS_SQL = `
  SELECT d.*, true AS free
  FROM unnest($1::text[], $2::text[]) AS k (environment_id, endpoint_id)
  CROSS JOIN LATERAL (
    SELECT ${LANE_COLUMNS}
    FROM webhook_endpoints w
    JOIN streams s ON s.environment_id = w.environment_id
    WHERE w.environment_id = k.environment_id AND w.id = k.endpoint_id
      AND s.sequence > ${POSITION} AND ${NOT_BLOCKED}
    LIMIT 512) d`;

/** Not prepared: it runs every few seconds at most and must be planned for the tables as they are now. */
const SWEEP_SQL = `
  SELECT due.environment_id, due.endpoint_id
  FROM (
    SELECT DISTINCT w.environment_id, w.id AS endpoint_id
    FROM streams s
    JOIN webhook_endpoints w ON w.environment_id = s.environment_id AND w.status = 'enabled'
    LEFT JOIN webhook_lanes l ON l.environment_id = w.environment_id AND l.endpoint_id = w.id
      AND l.stream_id = s.stream_id
    WHERE s.sequence > coalesce(l.sequence, 0) AND ${NOT_BLOCKED}
    UNION
    SELECT r.environment_id, r.endpoint_id
    FROM webhook_retries r
    JOIN webhook_endpoints w ON w.environment_id = r.environment_id AND w.id = r.endpoint_id
      AND w.status = 'enabled'
    WHERE r.next_at <= now()) due
  JOIN webhook_leases x ON x.environment_id = due.environment_id AND x.endpoint_id = due.endpoint_id
  WHERE x.lease_until < now()
  ORDER BY random() LIMIT ${SWEEP_LIMIT}`;
