import { isJsonObject } from '#kernel';
import type { SourceHttp, SourceRequest } from '../../sdk/http/source-http.js';
import { existenceIn } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { vendorPages } from '../../sdk/paged-stream.js';
import { authorizeWith } from './authorize.js';
import type { RipplingConfig } from './config.js';
import { EXPANDED, OPTIONAL_FIELDS } from './fields.js';
import { manifest } from './manifest.js';
import { restPage, type RestPage } from './pages.js';

const { limits } = manifest;
const HOSTS = {
  rest: 'https://rest.ripplingapis.com',
  rest_preview: 'https://rest.ripplingpreviewapis.com',
} as const;

/** A short list that is read whole, and the right that it takes. */
export const LISTS = {
  departments: { path: '/departments/', scope: 'departments.read' },
  teams: { path: '/teams/', scope: 'teams.read' },
  locations: { path: '/work-locations/', scope: 'work-locations.read' },
} as const;

/** One method per call of the REST API. Page tokens are Rippling's cursors. */
export class RipplingClient {
  readonly #http: SourceHttp;
  readonly #expand: readonly (keyof typeof EXPANDED)[];
  /** Whether single workers can be read at all. */
  #readsSingle: Promise<boolean> | undefined;

  constructor(config: RipplingConfig, ports: SourcePorts) {
    this.#expand = [
      'user' as const,
      ...(config.shared.has('employment_type') ? (['employment_type'] as const) : []),
      ...(config.shared.has('company') ? (['legal_entity'] as const) : []),
    ];
    this.#http = ports.http({
      baseUrl: HOSTS[config.api === 'rest_preview' ? 'rest_preview' : 'rest'],
      limits,
      authorize: authorizeWith(config, ports, limits),
    });
  }

  /** Workers of every status; with `since` (ISO 8601) those whose own record has changed from then on. */
  workers(token: string | null, since?: string): Promise<RestPage> {
    const query = {
      order_by: 'id',
      expand: this.#expand.join(','),
      filter: since === undefined ? undefined : `updated_at ge '${since}'`,
    };
    const scopes = ['workers.read', ...this.#expand.map((name) => EXPANDED[name])];
    return this.#page({ path: '/workers/', query }, token, scopes);
  }

  supergroups(token: string | null): Promise<RestPage> {
    return this.#page({ path: '/supergroups/', query: { order_by: 'id' } }, token, ['supergroups.read']);
  }

  supergroupMembers(groupId: string, token: string | null): Promise<RestPage> {
    const path = `/supergroups/${encodeURIComponent(groupId)}/members/`;
    return this.#page({ path, query: { order_by: 'id' } }, token, ['supergroups.read']);
  }

  /** All of a short list. */
  async all(list: keyof typeof LISTS): Promise<RestPage> {
    const { path, scope } = LISTS[list];
    const pages: RestPage[] = [];
    const fetch = (token: string | null): Promise<RestPage> =>
      this.#page({ path, query: { order_by: 'id' } }, token, [scope]);
    for await (const page of vendorPages(fetch)) pages.push(page);
    return {
      items: pages.flatMap(({ items }) => items),
      next: null,
      redacted: pages.flatMap(({ redacted }) => redacted),
    };
  }

  /**
   * Whether there is such a worker; undefined when Rippling has not clearly said so. Its words for "not found" are not
   * documented. So its 404 is believed when it is JSON, and when a worker who is listed is found in the same way: a
   * proxy, or a token without the right to read single workers, would answer 404 for them too.
   */
  async exists(id: string): Promise<boolean | 'unanswered' | undefined> {
    const found = await this.#single(id);
    if (found !== false) return found;
    this.#readsSingle ??= this.#findsSomebody();
    return (await this.#readsSingle) ? false : undefined;
  }

  async #findsSomebody(): Promise<boolean> {
    const { items } = await this.workers(null);
    const first = items.find(isJsonObject)?.['id'];
    return typeof first === 'string' && (await this.#single(first)) === true;
  }

  async #single(id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `/workers/${encodeURIComponent(id)}/`;
    const answer = await this.#http.json({ path, accept: [404] });
    return existenceIn(answer, {
      isDenied: isJsonObject(answer.body),
      isIt: (object) => object['id'] === id,
    });
  }

  async #page(request: SourceRequest, token: string | null, scopes: readonly string[]): Promise<RestPage> {
    const query = { ...request.query, limit: limits.pageSize, cursor: token ?? undefined };
    try {
      const answer = await this.#http.json({ ...request, query, accept: token === null ? [] : [400] });
      if (answer.status !== 400) return restPage(answer);
    } catch (error) {
      throw isForbidden(error) ? forbidden(request, scopes) : error;
    }
    throw new SourceError('cursor_expired', 'Rippling does not know a page any more (400).');
  }
}

function isForbidden(error: unknown): error is SourceError {
  return error instanceof SourceError && error.code === 'insufficient_permissions';
}

function forbidden({ path }: SourceRequest, scopes: readonly string[]): SourceError {
  const names = Object.keys(OPTIONAL_FIELDS).join(', ');
  return new SourceError(
    'insufficient_permissions',
    `Rippling does not let the token read ${path ?? ''} (403). It needs ${scopes.join(', ')}. What it shall not read can be ` +
      `named under "Fields that are not shared" (${names}).`,
  );
}
