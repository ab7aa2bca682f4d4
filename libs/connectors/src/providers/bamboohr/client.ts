import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../sdk/decode.js';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { BamboohrConfig } from './config.js';
import { TIME_ZONE_FIELD } from './fields.js';
import { manifest } from './manifest.js';

const { limits } = manifest;
const EMPLOYEES = '/api/v1/employees';

/** As many ids as an address takes without becoming too long for proxies. */
export const IDS_PER_CALL = 100;

/** Before any record of a change: BambooHR notes them since June 2011. */
const EVER = '2011-01-01T00:00:00Z';

export interface EmployeePage extends VendorPage {
  /** All employees of the company, also those of whom the key may read nothing. */
  readonly total: number;
  /** The server's time; absent when it did not say. */
  readonly mark?: string;
}

/** Ids of employees by what happened to them. */
export interface ChangedEmployees {
  readonly present: readonly string[];
  readonly deleted: readonly string[];
  readonly mark?: string;
}

/** One method per call. Page tokens are BambooHR's cursors. */
export class BamboohrClient {
  readonly #http: SourceHttp;
  readonly #fields: string;

  constructor(config: BamboohrConfig, ports: SourcePorts) {
    const key = Buffer.from(`${config.apiKey}:x`).toString('base64');
    this.#fields = [...config.fields, TIME_ZONE_FIELD].join(',');
    this.#http = ports.http({
      baseUrl: `https://${config.subdomain}.bamboohr.com`,
      limits,
      authorize: () => Promise.resolve({ authorization: `Basic ${key}` }),
    });
  }

  /**
   * Employees of every status. Neither filter nor order: both drop people of whom the key may not read the field that
   * is filtered or ordered by.
   */
  employees(token: string | null): Promise<EmployeePage> {
    return this.#list({ fields: this.#fields, 'page[limit]': limits.pageSize }, token);
  }

  /** The employees with these ids, as far as there are any, and how many of them BambooHR counts, readable or not. */
  async employeesById(ids: readonly string[]): Promise<Pick<EmployeePage, 'items' | 'total'>> {
    const query = {
      fields: this.#fields,
      'page[limit]': limits.pageSize,
      'filter[ids]': ids.join(','),
    };
    const items: JsonValue[] = [];
    for (let token: string | null = null, calls = 0; calls <= ids.length; calls++) {
      const page: EmployeePage = await this.#list(query, token);
      items.push(...page.items);
      token = page.next;
      if (token === null) return { items, total: page.total };
    }
    throw new SourceError('incomplete_listing', 'BambooHR sent pages without end for a handful of ids.');
  }

  /** Who was added, changed or deleted since an instant. */
  async changed(since: string, type?: 'deleted'): Promise<ChangedEmployees> {
    const answer = await this.#http.json({ path: `${EMPLOYEES}/changed`, query: { since, type } });
    const entries = changesIn(answer.body);
    const ids = (isWanted: (action: JsonValue | undefined) => boolean): string[] =>
      entries.filter(([, entry]) => isWanted(entry['action'])).map(([id]) => id);
    return {
      present: ids((action) => action !== 'Deleted'),
      deleted: ids((action) => action === 'Deleted'),
      mark: dateOf(answer),
    };
  }

  /** Everybody who was ever deleted. */
  async everDeleted(): Promise<ReadonlySet<string>> {
    return new Set((await this.changed(EVER, 'deleted')).deleted);
  }

  /** The lists of departments, divisions … with all that can be chosen. */
  async optionLists(): Promise<readonly JsonValue[]> {
    const { body } = await this.#http.json({ path: '/api/v1/meta/lists' });
    if (Array.isArray(body)) return body;
    throw new SourceError('source_changed_shape', 'BambooHR sent something else than its lists.');
  }

  async #list(query: Readonly<Record<string, string | number>>, token: string | null): Promise<EmployeePage> {
    const answer = await this.#http.json({
      path: EMPLOYEES,
      query: token === null ? query : { ...query, 'page[after]': token },
      accept: token === null ? [] : [400],
    });
    if (answer.status === 400)
      throw new SourceError(
        'cursor_expired',
        'BambooHR does not know a page any more: the person at its edge was changed meanwhile.',
        { facts: { status: answer.status } },
      );
    const meta = objectIn(answer.body, 'meta');
    const { total } = meta;
    if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0)
      throw new SourceError(
        'source_changed_shape',
        'BambooHR did not say how many employees there are (meta.total).',
      );
    const next = objectIn(meta, 'page')['nextCursor'];
    return {
      items: listIn(answer.body, 'data'),
      next: typeof next === 'string' && next !== '' ? next : null,
      total,
      mark: dateOf(answer),
    };
  }
}

/** An object by id; when it is empty it may come as an empty list. */
function changesIn(body: JsonValue): readonly (readonly [string, JsonObject])[] {
  const employees = isJsonObject(body) ? body['employees'] : undefined;
  if (Array.isArray(employees) && employees.length === 0) return [];
  if (!isJsonObject(employees))
    throw new SourceError('source_changed_shape', 'BambooHR sent an answer without its list "employees".');
  return Object.entries(employees).map(([id, entry]) => [id, isJsonObject(entry) ? entry : {}]);
}

function objectIn(value: JsonValue, key: string): JsonObject {
  const inner = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(inner) ? inner : {};
}

function dateOf(answer: JsonAnswer): string | undefined {
  const date = Date.parse(String(answer.headers['date']));
  return Number.isNaN(date) ? undefined : new Date(date).toISOString();
}
