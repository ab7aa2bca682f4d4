import { idTime, NotFoundError, type Database, type JsonObject } from '#kernel';
import { keysetScan, toPage, type Page, type PageRequest } from '#model';
import { NOBODY } from './nobody.js';
import type { RequestLogDetail, RequestLogEntry } from './request-log-entry.js';

/** Which entries to show; everything that is named must hold. */
export interface RequestLogFilter {
  /** `ok` below 400, `refused` 4xx, `error` 5xx, or one status. */
  readonly status?: 'ok' | 'refused' | 'error' | number;
  readonly method?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly requestId?: string;
  /** Text in a user name, e-mail address, group name or the summary, in any letter case. */
  readonly user?: string;
  readonly since?: Date;
  readonly until?: Date;
}

interface EntryRow {
  readonly id: string;
  readonly request_id: string;
  readonly scim_version: string;
  readonly method: string;
  readonly path: string;
  readonly query: string | null;
  readonly status: number;
  readonly duration_ms: number;
  readonly user_agent: string | null;
  readonly peer: string | null;
  readonly token_id: string | null;
  readonly resource_type: 'User' | 'Group' | null;
  readonly resource_id: string | null;
  readonly scim_type: string | null;
  readonly summary: string;
  readonly reason: string | null;
  readonly fix: string | null;
  readonly created_at: string;
}

/** A request of somebody who could not prove to belong to a directory. */
export interface RefusedLogin extends RequestLogEntry {
  /** What stood where the key of a directory belongs. */
  readonly addressKey: string;
  /** The directory that has this key now; null for none. */
  readonly environmentId: string | null;
  readonly directoryId: string | null;
}

interface RefusedRow extends EntryRow {
  readonly address_key: string;
  readonly environment_id: string | null;
  readonly directory_id: string | null;
}

interface DetailRow extends EntryRow {
  readonly headers: JsonObject;
  readonly request_body: string | null;
  readonly response_body: string | null;
}

type Bind = (value: unknown) => string;

const COLUMNS = `id, request_id, scim_version, method, path, query, status, duration_ms, user_agent, peer, token_id,
  resource_type, resource_id, scim_type, summary, reason, fix, created_at`;

const STATUS_RANGES = {
  ok: 'status < 400',
  refused: 'status >= 400 AND status < 500',
  error: 'status >= 500',
} as const;

/** Reads the request log of a directory. */
export class RequestLogReader {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async list(
    directory: { readonly environmentId: string; readonly directoryId: string },
    filter: RequestLogFilter,
    page: PageRequest,
  ): Promise<Page<RequestLogEntry>> {
    const values: unknown[] = [];
    const bind: Bind = (value) => `$${values.push(value)}`;
    const scan = keysetScan(page);
    const conditions = [
      `environment_id = ${bind(directory.environmentId)}`,
      `directory_id = ${bind(directory.directoryId)}`,
      ...conditionsOf(filter, bind),
      ...(scan.cursor === undefined ? [] : [beyond(scan.cursor, scan.comparison, bind)]),
    ];
    const rows = await this.#database.query<EntryRow>({
      text: `SELECT ${COLUMNS} FROM scim_requests WHERE ${conditions.join(' AND ')}
        ORDER BY id ${scan.direction} LIMIT ${bind(page.limit + 1)}`,
      values,
    });
    return toPage(rows.map(toEntry), page);
  }

  /** Refused logins of all directories and of addresses that are none's: for the operator. */
  async listRefusedLogins(
    filter: Pick<RequestLogFilter, 'since' | 'until'> & { readonly peer?: string },
    page: PageRequest,
  ): Promise<Page<RefusedLogin>> {
    const values: unknown[] = [];
    const bind: Bind = (value) => `$${values.push(value)}`;
    const scan = keysetScan(page);
    const conditions = [
      `environment_id = '${NOBODY}' AND directory_id = '${NOBODY}'`,
      ...conditionsOf(filter, bind),
      ...(filter.peer === undefined ? [] : [`peer = ${bind(filter.peer)}`]),
      ...(scan.cursor === undefined ? [] : [beyond(scan.cursor, scan.comparison, bind)]),
    ];
    const rows = await this.#database.query<RefusedRow>({
      text: `SELECT r.*, d.environment_id, d.id AS directory_id
        FROM (SELECT ${COLUMNS}, address_key FROM scim_requests WHERE ${conditions.join(' AND ')}
          ORDER BY id ${scan.direction} LIMIT ${bind(page.limit + 1)}) r
        LEFT JOIN directories d ON d.external_key = r.address_key AND d.deleted_at IS NULL
        ORDER BY r.id ${scan.direction}`,
      values,
    });
    return toPage(
      rows.map((row) => ({
        ...toEntry(row),
        addressKey: row.address_key,
        environmentId: row.environment_id,
        directoryId: row.directory_id,
      })),
      page,
    );
  }

  /** @throws NotFoundError when this directory has no such entry. */
  async get(
    directory: { readonly environmentId: string; readonly directoryId: string },
    id: string,
  ): Promise<RequestLogDetail> {
    const time = idTime('scim_request', id);
    const rows =
      time === undefined
        ? []
        : await this.#database.query<DetailRow>({
            name: 'scim_requests_get',
            text: `SELECT ${COLUMNS}, headers, request_body, response_body FROM scim_requests
              WHERE environment_id = $1 AND directory_id = $2 AND id = $3 AND created_at = $4`,
            values: [directory.environmentId, directory.directoryId, id, new Date(time).toISOString()],
          });
    const [row] = rows;
    if (row === undefined)
      throw new NotFoundError(`Request log entry not found: '${id.slice(0, 64)}'.`, { entityId: id });
    return {
      ...toEntry(row),
      headers: row.headers,
      requestBody: row.request_body,
      responseBody: row.response_body,
    };
  }
}

function conditionsOf(filter: RequestLogFilter, bind: Bind): string[] {
  const { status, method, resourceType, resourceId, requestId, user, since, until } = filter;
  const equal = (column: string, value: unknown): string[] =>
    value === undefined ? [] : [`${column} = ${bind(value)}`];
  return [
    ...(status === undefined
      ? []
      : typeof status === 'number'
        ? equal('status', status)
        : [STATUS_RANGES[status]]),
    ...equal('method', method),
    ...equal('resource_type', resourceType),
    ...equal('resource_id', resourceId),
    ...equal('request_id', requestId),
    ...(user === undefined
      ? []
      : [`strpos(lower(concat_ws(' ', summary, subject)), lower(${bind(user)})) > 0`]),
    ...(since === undefined ? [] : [`created_at >= ${bind(since.toISOString())}`]),
    ...(until === undefined ? [] : [`created_at <= ${bind(until.toISOString())}`]),
  ];
}

/** The time inside the cursor leaves whole partitions out. */
function beyond(cursor: string, comparison: '<' | '>', bind: Bind): string {
  const time = new Date(idTime('scim_request', cursor) as number).toISOString();
  return `id ${comparison} ${bind(cursor)} AND created_at ${comparison}= ${bind(time)}`;
}

function toEntry(row: EntryRow): RequestLogEntry {
  return {
    id: row.id,
    requestId: row.request_id,
    scimVersion: row.scim_version,
    method: row.method,
    path: row.path,
    query: row.query,
    status: row.status,
    durationMs: row.duration_ms,
    userAgent: row.user_agent,
    peer: row.peer,
    tokenId: row.token_id,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    scimType: row.scim_type,
    summary: row.summary,
    reason: row.reason,
    fix: row.fix,
    createdAt: row.created_at,
  };
}
