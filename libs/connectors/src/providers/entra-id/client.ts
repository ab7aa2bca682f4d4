import { isJsonObject, type JsonObject } from '#kernel';
import type { SnapshotMember } from '#model';
import { listIn } from '../../sdk/decode.js';
import type { SourceHttp } from '../../sdk/http/source-http.js';
import { bearerTokens } from '../../sdk/oauth-token.js';
import { existenceIn, plural, strange404, unanswered } from '../../sdk/look-up.js';
import { vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { isRefusal } from '../../sdk/unless-refused.js';
import type { EntraConfig } from './config.js';
import { judge } from './errors.js';
import { pageOf, plainId, saysNotFound, withPlainId, type GraphAnswer } from './graph-page.js';
import { manifest } from './manifest.js';
import { fetchToken, rolesIn } from './token.js';

const { limits } = manifest;

/** More requests than these Graph does not take in one batch. */
export const BATCH = 20;

export type GraphKind = 'users' | 'groups';

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
  readonly #base: string;
  #takesBatches = true;
  #roles: readonly string[] = [];

  constructor(config: EntraConfig, ports: SourcePorts) {
    const login = ports.http({ baseUrl: config.login, limits });
    this.#base = `${config.graph}/v1.0`;
    this.#http = ports.http({
      baseUrl: this.#base,
      limits,
      authorize: bearerTokens(async () => {
        const token = await fetchToken(login, config, ports);
        this.#roles = rolesIn(token);
        return token;
      }, ports.clock),
      judge,
    });
    this.#users = [USER, ...config.extensionAttributes].join(',');
  }

  /** Whether the token says so; without this permission the lists of groups that hide their members are empty. */
  get seesHiddenMembers(): boolean {
    return this.#roles.includes('Member.Read.Hidden');
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

  /**
   * A link for what will change from now on. `latest` leaves out what is there; where it is not understood, that comes
   * and is read past. @throws SourceError
   */
  async deltaFromNow(kind: GraphKind): Promise<string> {
    const select = kind === 'users' ? this.#users : `${GROUP},members`;
    const query = { $select: select, $deltatoken: 'latest' };
    for await (const page of vendorPages((link) => this.#list(`/${kind}/delta`, query, link)))
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
  async exist(
    kind: GraphKind,
    ids: readonly string[],
  ): Promise<readonly (boolean | 'unanswered' | undefined)[]> {
    const paths = ids.map((id) => `/${kind}/${encodeURIComponent(id)}?$select=id`);
    const answers = await this.#each(paths, unanswered);
    return answers.map((answer, index) => {
      if (answer === 'unanswered') return answer;
      const isIt = (): boolean => objectIn(answer, ids[index] as string) !== undefined;
      return existenceIn(answer, { isDenied: saysNotFound(answer), isIt });
    });
  }

  /** Single objects as a list has them; null for one that is not there. @throws SourceError */
  async objects(kind: GraphKind, ids: readonly string[]): Promise<readonly (JsonObject | null)[]> {
    const select = kind === 'users' ? this.#users : GROUP;
    const answers = await this.#each(ids.map((id) => `/${kind}/${encodeURIComponent(id)}?$select=${select}`));
    return answers.map((answer, index) => {
      if (saysNotFound(answer)) return null;
      const object = objectIn(answer, ids[index] as string);
      if (object === undefined)
        throw new SourceError(
          'source_changed_shape',
          'Microsoft Graph sent another object than was asked for.',
        );
      return object;
    });
  }

  async #firstPages(paths: readonly string[]): Promise<readonly (VendorPage | null)[]> {
    return (await this.#each(paths)).map((answer) => {
      if (answer.status !== 404) return pageOf(answer);
      if (!saysNotFound(answer)) throw strange404('Microsoft Graph');
      return null;
    });
  }

  /** Asks many things at once. What failed is asked for by itself: there failures are waited for and explained. */
  async #each<Failed = never>(
    paths: readonly string[],
    onFailure: (error: unknown) => Failed = raise,
  ): Promise<readonly (GraphAnswer | Failed)[]> {
    const answers: (GraphAnswer | Failed)[] = [];
    for (let start = 0; start < paths.length; start += BATCH) {
      const some = paths.slice(start, start + BATCH);
      const parts = await this.#batch(some);
      const whole = some.map((path, index) => this.#whole(path, parts.get(index)).catch(onFailure));
      answers.push(...(await Promise.all(whole)));
    }
    return answers;
  }

  async #whole(path: string, part: JsonObject | undefined): Promise<GraphAnswer> {
    const { status, body = null } = part ?? {};
    const url = `${this.#base}${path}`;
    const isWhole = status === 200 && isJsonObject(body) && !('error' in body);
    if (isWhole || saysNotFound({ status: Number(status), body }))
      return { status: Number(status), body, url };
    return this.#http.json({ path, accept: [404] });
  }

  /** What stands between us and Graph may take no batches; then everything is asked for by itself. */
  async #batch(paths: readonly string[]): Promise<ReadonlyMap<number, JsonObject>> {
    if (!this.#takesBatches) return new Map();
    const requests = paths.map((url, index) => ({ id: String(index), method: 'GET', url }));
    try {
      const { body } = await this.#http.json({ method: 'POST', path: '/$batch', json: { requests } });
      const parts = listIn(body, 'responses').filter(isJsonObject);
      return new Map(parts.map((part) => [Number(part['id']), part]));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#takesBatches = false;
      return new Map();
    }
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

function raise(error: unknown): never {
  throw error;
}

/** The object of an answer; undefined when it is another one, or none. */
function objectIn({ status, body }: GraphAnswer, id: string): JsonObject | undefined {
  if (status !== 200 || !isJsonObject(body)) return undefined;
  const object = withPlainId(body);
  return object['id'] === plainId(id) ? object : undefined;
}
