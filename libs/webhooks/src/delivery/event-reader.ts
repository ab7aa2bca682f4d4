import type { Database } from '#kernel';
import type { DueRetry } from './delivery-queue.js';
import type { EndpointSession } from './endpoint-session.js';
import type { Lane, LaneRead } from './lane.js';

/** A lane to read and how many events at most. */
export interface LaneRequest {
  readonly session: EndpointSession;
  readonly lane: Lane;
  readonly limit: number;
}

/** What a read found; `isEnabled` is false when the endpoint was disabled or deleted meanwhile. */
export interface LaneAnswer {
  readonly request: LaneRequest;
  readonly isEnabled: boolean;
  readonly read: LaneRead;
}

/** Due retries of a session, and when to look again. */
export interface RetryAnswer {
  readonly session: EndpointSession;
  readonly due: readonly DueRetry[];
  /** Retries whose event has left the log. */
  readonly gone: readonly { readonly streamId: string; readonly sequence: number }[];
  /** Milliseconds until the next retry that is not due yet; null when there is none. */
  readonly nextInMs: number | null;
}

interface EventRow {
  readonly i: number;
  readonly enabled: boolean;
  readonly position: number;
  readonly head: number;
  readonly blocked: boolean;
  readonly oldest: number | null;
  readonly sequence: number | null;
  readonly id: string;
  readonly body: string;
}

interface RetryRow {
  readonly i: number;
  readonly stream_id: string;
  readonly sequence: number;
  readonly attempts: number;
  readonly due_in_ms: number;
  readonly id: string | null;
  readonly body: string | null;
}

/** Reads from the log, many lanes of many endpoints in one round trip. */
export class EventReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async readLanes(requests: readonly LaneRequest[]): Promise<LaneAnswer[]> {
    const after = requests.map((request) => request.lane.readAfter);
    const rows = await this.#database.query<EventRow>({
      name: 'webhook_lanes_read',
      text: LANES_SQL,
      values: [
        requests.map((request) => request.session.lease.environmentId),
        requests.map((request) => request.session.id),
        requests.map((request) => request.lane.streamId),
        after,
        requests.map((request) => request.limit),
      ],
    });
    const byRequest = Map.groupBy(rows, (row) => row.i - 1);
    return requests.map((request, index) =>
      toAnswer(request, after[index] ?? null, byRequest.get(index) ?? []),
    );
  }

  /** Removes retries that can never be sent. */
  async forgetRetries(answer: RetryAnswer): Promise<void> {
    const { environmentId, endpointId } = answer.session.lease;
    await this.#database.query({
      name: 'webhook_retries_forget',
      text: `DELETE FROM webhook_retries r USING unnest($3::text[], $4::bigint[]) AS g (stream_id, sequence)
        WHERE r.environment_id = $1 AND r.endpoint_id = $2 AND r.stream_id = g.stream_id
          AND r.sequence = g.sequence`,
      values: [
        environmentId,
        endpointId,
        answer.gone.map((retry) => retry.streamId),
        answer.gone.map((retry) => retry.sequence),
      ],
    });
  }

  async readRetries(sessions: readonly EndpointSession[]): Promise<RetryAnswer[]> {
    const rows = await this.#database.query<RetryRow>({
      name: 'webhook_retries_read',
      text: RETRIES_SQL,
      values: [sessions.map((session) => session.lease.environmentId), sessions.map((session) => session.id)],
    });
    const bySession = Map.groupBy(rows, (row) => row.i - 1);
    return sessions.map((session, index) => toRetries(session, bySession.get(index) ?? []));
  }
}

/** There is always a first row: every join of the statement keeps the request. */
function toAnswer(request: LaneRequest, after: number | null, rows: readonly EventRow[]): LaneAnswer {
  const first = rows[0] as EventRow;
  const position = after ?? first.position;
  const events = rows.flatMap(({ sequence, id, body }) =>
    sequence === null ? [] : [{ sequence, id, body }],
  );
  sortBySequence(events);
  const last = events.at(-1);
  // Fewer than asked for: there is nothing else of interest up to the head that the same snapshot shows.
  const isEnd = last === undefined || events.length < request.limit;
  const scannedTo = isEnd ? Math.max(first.head, position) : last.sequence;
  return {
    request,
    isEnabled: first.enabled,
    read: {
      after,
      position,
      head: first.head,
      scannedTo,
      isBlocked: first.blocked,
      expired: first.enabled && !first.blocked && after === null ? expiredBefore(first) : 0,
      events,
    },
  };
}

/** Events behind the lane's position that have left the log: it was away for longer than they are kept. */
function expiredBefore({ position, head, oldest }: EventRow): number {
  return head > position ? Math.max((oldest ?? head + 1) - position - 1, 0) : 0;
}

/** They nearly always come sorted; to have the server make sure would let it copy every body once more. */
function sortBySequence(events: { readonly sequence: number }[]): void {
  if (events.some((event, i) => i > 0 && event.sequence < (events[i - 1]?.sequence ?? 0)))
    events.sort((a, b) => a.sequence - b.sequence);
}

function toRetries(session: EndpointSession, rows: readonly RetryRow[]): RetryAnswer {
  const due = rows.filter((row) => row.due_in_ms <= 0);
  const later = rows.find((row) => row.due_in_ms > 0);
  return {
    session,
    due: due.flatMap((row) =>
      row.id === null || row.body === null
        ? []
        : [
            {
              streamId: row.stream_id,
              sequence: row.sequence,
              eventId: row.id,
              body: row.body,
              attempts: row.attempts,
            },
          ],
    ),
    gone: due.flatMap((row) =>
      row.id === null ? [{ streamId: row.stream_id, sequence: row.sequence }] : [],
    ),
    nextInMs: later === undefined ? null : later.due_in_ms,
  };
}

/**
 * `unnest` + LATERAL, one index scan per lane: `= ANY(…)` prepared while the tables were empty would keep its bad plan.
 * Types that are not subscribed and directories that are not chosen are skipped here, so that a lane moves over any
 * number of them in one step. The stream's head comes from the same snapshot as the events. `oldest` is looked for when
 * a lane is read from where the database says it stands.
 */
const LANES_SQL = `
  SELECT r.i::int AS i, coalesce(w.status = 'enabled', false) AS enabled,
    coalesce(l.sequence, 0)::float8 AS position, coalesce(s.sequence, 0)::float8 AS head,
    coalesce(b.blocked, false) AS blocked,
    CASE WHEN r.after IS NULL AND coalesce(l.sequence, 0) < s.sequence THEN (
      SELECT v.sequence FROM events v WHERE v.environment_id = r.environment_id AND v.stream_id = r.stream_id
      ORDER BY v.sequence LIMIT 1) END::float8 AS oldest,
    e.sequence::float8 AS sequence, e.id, e.body
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[])
    WITH ORDINALITY AS r (environment_id, endpoint_id, stream_id, after, amount, i)
  LEFT JOIN webhook_endpoints w ON w.environment_id = r.environment_id AND w.id = r.endpoint_id
  LEFT JOIN streams s ON s.environment_id = r.environment_id AND s.stream_id = r.stream_id
  LEFT JOIN webhook_lanes l ON r.after IS NULL AND l.environment_id = r.environment_id
    AND l.endpoint_id = r.endpoint_id AND l.stream_id = r.stream_id
  CROSS JOIN LATERAL (
    SELECT w.ordering = 'directory' AND EXISTS (
      SELECT FROM webhook_retries t WHERE t.environment_id = r.environment_id
        AND t.endpoint_id = r.endpoint_id AND t.stream_id = r.stream_id) AS blocked) b
  LEFT JOIN LATERAL (
    SELECT v.sequence, v.id, v.body FROM events v
    WHERE v.environment_id = r.environment_id AND v.stream_id = r.stream_id
      AND v.sequence > coalesce(r.after, l.sequence, 0) AND v.sequence <= s.sequence
      AND v.type = ANY (w.events)
      AND (w.directory_ids IS NULL OR r.stream_id = r.environment_id OR r.stream_id = ANY (w.directory_ids))
    ORDER BY v.sequence LIMIT r.amount) e ON NOT b.blocked AND w.status = 'enabled'`;

const RETRIES_SQL = `
  SELECT r.i::int AS i, t.stream_id, t.sequence::float8 AS sequence, t.attempts, t.due_in_ms, e.id, e.body
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS r (environment_id, endpoint_id, i)
  CROSS JOIN LATERAL (
    SELECT f.stream_id, f.sequence, f.attempts, (extract(epoch FROM f.next_at - now()) * 1000)::float8 AS due_in_ms
    FROM webhook_retries f WHERE f.environment_id = r.environment_id AND f.endpoint_id = r.endpoint_id
    ORDER BY f.next_at LIMIT 64) t
  LEFT JOIN events e ON t.due_in_ms <= 0 AND e.environment_id = r.environment_id
    AND e.stream_id = t.stream_id AND e.sequence = t.sequence
  ORDER BY r.i, t.due_in_ms, t.sequence`;
