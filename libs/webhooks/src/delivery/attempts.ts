import type { Database, Statement } from '#kernel';
import { isoText } from '../endpoints/endpoint-row.js';
import { planPage, toPage, type Page, type PageRequest, type PageScan } from '../paging.js';

/** One HTTP try. Times are ISO 8601 in UTC with milliseconds. */
export interface Attempt {
  readonly id: string;
  readonly environmentId: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly streamId: string;
  readonly sequence: number;
  /** 1 for the first try of this event at this endpoint. */
  readonly attempt: number;
  /** `discarded`: failed, and the schedule is used up. */
  readonly outcome: 'succeeded' | 'failed' | 'discarded';
  readonly httpStatus: number | null;
  /** `timeout`, `connection_refused`, `http_500` …; null when it succeeded. */
  readonly error: string | null;
  readonly responseExcerpt: string | null;
  readonly durationMs: number;
  readonly createdAt: string;
}

/** Whose attempts: of an endpoint, of an event, or of one event at one endpoint. */
export interface AttemptFilter {
  readonly endpointId?: string;
  readonly eventId?: string;
}

interface AttemptRow {
  readonly environment_id: string;
  readonly id: string;
  readonly endpoint_id: string;
  readonly event_id: string;
  readonly stream_id: string;
  readonly sequence: string | number;
  readonly attempt: number;
  readonly outcome: Attempt['outcome'];
  readonly http_status: number | null;
  readonly error: string | null;
  readonly response_excerpt: string | null;
  readonly duration_ms: number;
  readonly created_at: string;
  readonly older: boolean;
  readonly newer: boolean;
}

/** Reads what was tried, for the management API. */
export class Attempts {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  async list(environmentId: string, filter: AttemptFilter, page: PageRequest): Promise<Page<Attempt>> {
    const rows = await this.#database.query<AttemptRow>(
      listAttempts(environmentId, filter, planPage(page, 'attempt')),
    );
    const ends = { older: rows[0]?.older ?? false, newer: rows[0]?.newer ?? false };
    return toPage(rows.map(toAttempt), ends, page.order);
  }
}

function listAttempts(environmentId: string, filter: AttemptFilter, scan: PageScan): Statement {
  const [sign, direction] = scan.direction === 'older' ? ['<', 'DESC'] : ['>', 'ASC'];
  const by = `${filter.endpointId === undefined ? '' : 'endpoint'}_${filter.eventId === undefined ? '' : 'event'}`;
  // Only the conditions that apply, so that each form can use its own index.
  const where = `a.environment_id = $1
    AND ${filter.endpointId === undefined ? '$2::text IS NULL' : 'a.endpoint_id = $2'}
    AND ${filter.eventId === undefined ? '$3::text IS NULL' : 'a.event_id = $3'}`;
  return {
    name: `webhook_attempts_list_${by}_${scan.direction}`,
    text: `WITH page AS (
        SELECT * FROM webhook_attempts a
        WHERE ${where} AND ($4::text IS NULL OR a.id ${sign} $4) ORDER BY a.id ${direction} LIMIT $5)
      SELECT p.environment_id, p.id, p.endpoint_id, p.event_id, p.stream_id, p.sequence, p.attempt, p.outcome,
        p.http_status, p.error, p.response_excerpt, p.duration_ms, ${isoText('p.created_at')} AS created_at,
        EXISTS (SELECT FROM webhook_attempts a WHERE ${where} AND a.id < (SELECT min(id) FROM page)) AS older,
        EXISTS (SELECT FROM webhook_attempts a WHERE ${where} AND a.id > (SELECT max(id) FROM page)) AS newer
      FROM page p`,
    values: [environmentId, filter.endpointId ?? null, filter.eventId ?? null, scan.cursor, scan.limit],
  };
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    environmentId: row.environment_id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    streamId: row.stream_id,
    sequence: Number(row.sequence),
    attempt: row.attempt,
    outcome: row.outcome,
    httpStatus: row.http_status,
    error: row.error,
    responseExcerpt: row.response_excerpt,
    durationMs: row.duration_ms,
    createdAt: row.created_at,
  };
}
