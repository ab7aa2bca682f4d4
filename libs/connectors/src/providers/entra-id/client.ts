import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember } from '#model';
import { listIn } from '../../sdk/decode.js';
import type { JsonAnswer, SourceAnswer, SourceHttp, Verdict } from '../../sdk/http/source-http.js';
import { bearerTokens } from '../../sdk/oauth-token.js';
import { plural, strange404 } from '../../sdk/look-up.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { EntraConfig } from './config.js';
import { manifest } from './manifest.js';
import { fetchToken } from './token.js';

const { limits } = manifest;

/** More requests than these Graph does not take in one batch. */
export const BATCH = 20;

/** Longer lists have failed on the second page (seen 2026-03). */
const USER = [
  'id,userPrincipalName,mail,otherMails,proxyAddresses,givenName,surname,displayName,jobTitle,department',
  'companyName,officeLocation,employeeId,employeeType,accountEnabled,userType,externalUserState',
].join(',');
const GROUP = 'id,displayName,description,mail,mailEnabled,securityEnabled,groupTypes,visibility';

/** One method per call of Microsoft Graph v1.0. Page tokens are Graph's own links. */
export class GraphClient {
  readonly #http: SourceHttp;
  readonly #users: string;

  constructor(config: EntraConfig, ports: SourcePorts) {
    const login = ports.http({ baseUrl: config.login, limits });
    this.#http = ports.http({
      baseUrl: `${config.graph}/v1.0`,
      limits,
      authorize: bearerTokens(() => fetchToken(login, config, ports), ports.clock),
      judge: pauseForThrottledParts,
    });
    this.#users = [USER, ...config.extensionAttributes].join(',');
  }

  users(token: string | null): Promise<VendorPage> {
    return this.#list('/users', { $top: limits.pageSize, $select: this.#users }, token);
  }

  groups(token: string | null): Promise<VendorPage> {
    return this.#list('/groups', { $top: limits.pageSize, $select: GROUP }, token);
  }

  /** Soft-deleted users; they can be restored for 30 days. */
  deletedUsers(token: string | null): Promise<VendorPage> {
    const query = { $top: limits.pageSize, $select: 'id,deletedDateTime' };
    return this.#list('/directory/deletedItems/microsoft.graph.user', query, token);
  }

  /** A link for what will change from now on. */
  async deltaFromNow(kind: 'users' | 'groups'): Promise<string> {
    const select = kind === 'users' ? this.#users : `${GROUP},members`;
    const query = { $select: select, $deltatoken: 'latest' };
    const page = pageOf(await this.#http.json({ path: `/${kind}/delta`, query }));
    if (typeof page.cursor === 'string') return page.cursor;
    throw new SourceError('source_changed_shape', 'Microsoft Graph sent no delta link.');
  }

  /** A page of changes; the last one has the link to go on from. */
  delta(link: string): Promise<VendorPage> {
    return this.#list('', {}, link);
  }

  /** First pages of several groups' members; null for a group that is not there. */
  members(groupIds: readonly string[]): Promise<readonly (VendorPage | null)[]> {
    return this.#firstPages(groupIds.map((id) => listPath('groups', id, 'members')));
  }

  /** First pages of what users and groups are direct members of; null for one that is not there. */
  memberOf(members: readonly SnapshotMember[]): Promise<readonly (VendorPage | null)[]> {
    return this.#firstPages(members.map(({ kind, id }) => listPath(plural(kind), id, 'memberOf')));
  }

  membersNext(link: string): Promise<VendorPage> {
    return this.#list('', {}, link);
  }

  /** Whether single objects are there; undefined when Graph did not say. */
  async exist(kind: 'users' | 'groups', ids: readonly string[]): Promise<readonly (boolean | undefined)[]> {
    const parts = await this.#batch(ids.map((id) => `/${kind}/${encodeURIComponent(id)}?$select=id`));
    return ids.map((_id, index) => {
      const { status, body } = parts.get(index) ?? {};
      if (status === 200) return true;
      return status === 404 && saysNotFound(body) ? false : undefined;
    });
  }

  async #firstPages(paths: readonly string[]): Promise<readonly (VendorPage | null)[]> {
    const parts = await this.#batch(paths);
    return Promise.all(paths.map((path, index) => this.#firstPage(path, parts.get(index))));
  }

  /** A part that failed is asked for by itself, where failures are waited for and explained as everywhere. */
  async #firstPage(path: string, part: JsonObject | undefined): Promise<VendorPage | null> {
    const { status, body } = part ?? {};
    if (status === 404 && saysNotFound(body)) return null;
    if (status === 200 && isJsonObject(body) && Array.isArray(body['value'])) return pageIn(body);
    const answer = await this.#http.json({ path, accept: [404] });
    if (answer.status !== 404) return pageOf(answer);
    if (!saysNotFound(answer.body)) throw strange404('Microsoft Graph');
    return null;
  }

  async #batch(paths: readonly string[]): Promise<ReadonlyMap<number, JsonObject>> {
    const requests = paths.map((url, index) => ({ id: String(index), method: 'GET', url }));
    const { body } = await this.#http.json({ method: 'POST', path: '/$batch', json: { requests } });
    const parts = listIn(body, 'responses').filter(isJsonObject);
    return new Map(parts.map((part) => [Number(part['id']), part]));
  }

  async #list(
    path: string,
    query: Record<string, string | number>,
    token: string | null,
  ): Promise<VendorPage> {
    if (token === null) return pageOf(await this.#http.json({ path, query }));
    const answer = await this.#http.json({ url: token, accept: [400, 404, 410] });
    // 410 and syncStateNotFound are said in so many words; an outdated page link is a plain 400.
    if (answer.status >= 400)
      throw new SourceError(
        'cursor_expired',
        `Microsoft Graph does not know a link any more (${answer.status}).`,
      );
    return pageOf(answer);
  }
}

function listPath(kind: 'users' | 'groups', id: string, list: 'members' | 'memberOf'): string {
  return `/${kind}/${encodeURIComponent(id)}/${list}?$top=${limits.pageSize}&$select=id`;
}

function pageOf({ body }: JsonAnswer): VendorPage {
  listIn(body, 'value');
  return pageIn(body as JsonObject);
}

function pageIn(body: JsonObject): VendorPage {
  const link = (key: string): string | undefined => {
    const value = body[key];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    items: body['value'] as readonly JsonValue[],
    next: link('@odata.nextLink') ?? null,
    cursor: link('@odata.deltaLink'),
  };
}

/** A batch succeeds as a whole while its parts are throttled, each with a wait of its own. */
function pauseForThrottledParts(answer: SourceAnswer): Verdict | undefined {
  if (answer.status !== 200 || !answer.url.endsWith('/$batch')) return undefined;
  if (!/"status"\s*:\s*429/.test(answer.text)) return undefined;
  const waits = [...answer.text.matchAll(/"retry-after"\s*:\s*"?(\d+)/gi)].map((match) => Number(match[1]));
  return { kind: 'ok', pauseMs: Math.max(1, ...waits) * 1_000 };
}

function saysNotFound(body: JsonValue | undefined): boolean {
  const error = isJsonObject(body) ? body['error'] : undefined;
  return isJsonObject(error) && error['code'] === 'Request_ResourceNotFound';
}
