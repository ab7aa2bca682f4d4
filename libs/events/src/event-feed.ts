import { idTime, InvalidInputError, type Database } from '#kernel';
import { keysetScan, toPage, type PageOrder } from '#model';

/** What to read of an environment's feed. Cursors are event ids; the cursor itself is excluded. */
export interface FeedRequest {
  readonly types: readonly string[];
  readonly order: PageOrder;
  /** 1–100. */
  readonly limit: number;
  readonly before?: string;
  readonly after?: string;
  readonly rangeStart?: Date;
  readonly rangeEnd?: Date;
  readonly organizationId?: string;
}

/** Events as their stored text, and the cursors of the neighbouring pages. */
export interface FeedPage {
  readonly bodies: readonly string[];
  readonly before: string | null;
  readonly after: string | null;
}

interface Position {
  readonly epoch: number;
  readonly xid: string;
  readonly sequence: number;
}

interface EventRow {
  readonly id: string;
  readonly body: string;
}

/** Reads the log: across an environment (`/events`) or along one stream. */
export class EventFeed {
  readonly #database: Database;
  readonly #retentionDays: number;

  constructor(database: Database, retentionDays = 90) {
    this.#database = database;
    this.#retentionDays = retentionDays;
  }

  /**
   * One page of an environment's feed, ordered by (epoch, transaction id, sequence). Only what no running transaction
   * can still get in front of is shown, so a reader that follows `after` misses nothing and sees nothing twice.
   * @throws InvalidInputError code `cursor_expired` or `invalid_cursor`.
   */
  async list(environmentId: string, request: FeedRequest): Promise<FeedPage> {
    const page = pageOf(request);
    const scan = keysetScan(page);
    const position = scan.cursor === undefined ? undefined : await this.#locate(environmentId, scan.cursor);
    const values: unknown[] = [environmentId, request.types];
    const conditions = [
      'environment_id = $1',
      'type = ANY($2::text[])',
      '(epoch < (SELECT max(epoch) FROM log_epochs) OR xid < pg_snapshot_xmin(pg_current_snapshot()))',
    ];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    if (position)
      conditions.push(
        `(epoch, xid, sequence) ${scan.comparison} (${bind(position.epoch)}::int, ${bind(position.xid)}::xid8, ${bind(position.sequence)}::bigint)`,
      );
    if (request.rangeStart) conditions.push(`created_at >= ${bind(request.rangeStart.toISOString())}`);
    if (request.rangeEnd) conditions.push(`created_at <= ${bind(request.rangeEnd.toISOString())}`);
    if (request.organizationId) conditions.push(`organization_id = ${bind(request.organizationId)}`);
    const order = ['epoch', 'xid', 'sequence'].map((column) => `${column} ${scan.direction}`).join(', ');
    const rows = await this.#database.query<EventRow>({
      text: `SELECT id, body FROM events WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${bind(page.limit + 1)}`,
      values,
    });
    const result = toPage(rows, page);
    return { bodies: result.data.map((row) => row.body), before: result.before, after: result.after };
  }

  /**
   * Every event of one stream after a sequence number, all types, without gaps. 0 begins with the oldest one there is.
   * @throws InvalidInputError code `cursor_expired` when what follows the number is no longer kept.
   */
  async listStream(
    environmentId: string,
    streamId: string,
    request: { readonly afterSequence: number; readonly limit: number },
  ): Promise<{ readonly bodies: readonly string[]; readonly lastSequence: number | null }> {
    const rows = await this.#database.query<{ body: string; sequence: number }>({
      name: 'events_list_stream',
      text: `SELECT body, sequence FROM events WHERE environment_id = $1 AND stream_id = $2 AND sequence > $3
        ORDER BY sequence LIMIT $4`,
      values: [environmentId, streamId, request.afterSequence, request.limit],
    });
    const { afterSequence } = request;
    const isGap =
      rows[0] === undefined
        ? await this.#isLost(environmentId, streamId, afterSequence)
        : rows[0].sequence !== afterSequence + 1;
    // Whoever goes on reading behind a gap would take what he has for the truth.
    if (afterSequence > 0 && isGap) throw this.#expired(`What follows sequence ${afterSequence}`);
    return { bodies: rows.map((row) => row.body), lastSequence: rows.at(-1)?.sequence ?? null };
  }

  /** Whether the stream has given out numbers above this one and has no events of them, in one snapshot. */
  async #isLost(environmentId: string, streamId: string, after: number): Promise<boolean> {
    const rows = await this.#database.query<{ lost: boolean }>({
      name: 'events_lost',
      text: `SELECT s.sequence > $3 AND NOT EXISTS (
          SELECT FROM events e WHERE e.environment_id = $1 AND e.stream_id = $2 AND e.sequence > $3) AS lost
        FROM streams s WHERE s.environment_id = $1 AND s.stream_id = $2`,
      values: [environmentId, streamId, after],
    });
    return rows[0]?.lost === true;
  }

  async #locate(environmentId: string, cursor: string): Promise<Position> {
    const time = idTime('event', cursor);
    if (time === undefined)
      throw new InvalidInputError(`"${cursor}" is no event id. Use the id of an event as cursor.`, {
        code: 'invalid_cursor',
      });
    const rows = await this.#database.query<{ epoch: number; xid: string; sequence: number }>({
      name: 'events_locate',
      text: `SELECT epoch, xid::text AS xid, sequence FROM events
        WHERE environment_id = $1 AND id = $2 AND created_at = $3`,
      values: [environmentId, cursor, new Date(time).toISOString()],
    });
    return rows[0] ?? this.#unknownCursor(cursor, time);
  }

  #expired(what: string): InvalidInputError {
    return new InvalidInputError(
      `${what} is older than the ${this.#retentionDays} days that events are kept. Read the lists again, then follow the log from its start.`,
      { code: 'cursor_expired' },
    );
  }

  #unknownCursor(cursor: string, time: number): never {
    if (Date.now() - time > this.#retentionDays * 86_400_000) throw this.#expired(`The event "${cursor}"`);
    throw new InvalidInputError(`There is no event with the id "${cursor}" in this environment.`, {
      code: 'invalid_cursor',
    });
  }
}

function pageOf(request: FeedRequest): {
  limit: number;
  order: PageOrder;
  before?: string;
  after?: string;
} {
  return {
    limit: request.limit,
    order: request.order,
    ...(request.before === undefined ? {} : { before: request.before }),
    ...(request.after === undefined ? {} : { after: request.after }),
  };
}
