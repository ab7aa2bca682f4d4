import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { existenceIn, strange404 } from '../../sdk/look-up.js';
import { listIn } from '../../sdk/decode.js';
import { bearerTokens, requestToken } from '../../sdk/oauth-token.js';
import { vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { readAgain } from '../../sdk/read-again.js';
import { SourceError } from '../../sdk/source-error.js';
import type { OneLoginConfig } from './config.js';
import { explainToken, judge, saysNotFound, TOKEN_PATH } from './errors.js';
import { USER_FIELDS } from './fields.js';
import { manifest } from './manifest.js';
import { pageOf, readPlace } from './pages.js';

const PAGE = manifest.limits.pageSize;
/** The most that version 1 sends. */
const PAGE_V1 = 50;

/** One method per call. https://developers.onelogin.com/api-docs/2/getting-started/using-query-parameters */
export class OneLoginClient {
  readonly #http: SourceHttp;

  constructor({ origin, clientId, clientSecret }: OneLoginConfig, ports: SourcePorts) {
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    this.#http = ports.http({
      baseUrl: origin,
      limits: manifest.limits,
      judge,
      authorize: bearerTokens(
        () =>
          requestToken(
            this.#http,
            {
              path: TOKEN_PATH,
              headers: { authorization: `Basic ${basic}` },
              json: { grant_type: 'client_credentials' },
              accept: [400, 401, 403, 404],
            },
            explainToken,
          ),
        ports.clock,
      ),
    });
  }

  users(token: string | null): Promise<VendorPage> {
    return this.#list('/api/2/users', token, { fields: USER_FIELDS.join(',') });
  }

  roles(token: string | null): Promise<VendorPage> {
    return this.#list('/api/2/roles', token, { fields: 'id,name,description' });
  }

  /** Groups are known to version 1 only, whose cursor stands in the body. */
  async groups(token: string | null): Promise<VendorPage> {
    const query = { limit: PAGE_V1, after_cursor: token ?? undefined };
    const { body, status } = await this.#http.json({
      path: '/api/1/groups',
      query,
      accept: token === null ? [] : [400],
    });
    if (status === 400) throw expired();
    const pagination = isJsonObject(body) ? body['pagination'] : undefined;
    if (!isJsonObject(pagination))
      throw new SourceError(
        'source_changed_shape',
        'OneLogin sent groups without saying whether there are more.',
      );
    const next = pagination['after_cursor'];
    return { items: listIn(body, 'data'), next: typeof next === 'string' && next !== '' ? next : null };
  }

  /** All users of a role; null when there is no such role. */
  async roleUsers(roleId: string): Promise<readonly JsonValue[] | null> {
    const path = `/api/2/roles/${encodeURIComponent(roleId)}/users`;
    const fetch = async (token: string | null): Promise<VendorPage> => {
      const page = await this.#page(path, token, {});
      if (page === null) throw new RoleGone();
      return page;
    };
    try {
      return await readAgain(async () => {
        const users: JsonValue[] = [];
        for await (const page of vendorPages(fetch)) users.push(...page.items);
        return users;
      });
    } catch (error) {
      if (error instanceof RoleGone) return null;
      throw error;
    }
  }

  /**
   * The roles that a user has; undefined when there is no such user, or the record does not say.
   * @throws SourceError when it is not OneLogin that answers, or the record is somebody else's
   */
  async rolesOf(userId: string): Promise<ReadonlySet<string> | undefined> {
    const answer = await this.#single('users', userId);
    if (answer.status === 404 && saysNotFound(answer)) return undefined;
    if (answer.status === 404) throw strange404('OneLogin');
    if (!isOf(userId, answer.body))
      throw new SourceError('source_changed_shape', 'OneLogin sent another user than was asked for.');
    const { role_ids: roles } = answer.body;
    const ids = Array.isArray(roles) ? roles.map(idIn) : [null];
    return ids.every((id) => id !== null) ? new Set(ids) : undefined;
  }

  /** Undefined when a 404 is not OneLogin's own. */
  async exists(kind: 'users' | 'roles', id: string): Promise<boolean | 'unanswered' | undefined> {
    const answer = await this.#single(kind, id);
    return existenceIn(answer, { isDenied: saysNotFound(answer), isIt: (object) => isOf(id, object) });
  }

  #single(kind: 'users' | 'roles', id: string): Promise<JsonAnswer> {
    return this.#http.json({ path: `/api/2/${kind}/${encodeURIComponent(id)}`, accept: [404] });
  }

  async #list(
    path: string,
    token: string | null,
    query: Readonly<Record<string, string>>,
  ): Promise<VendorPage> {
    const page = await this.#page(path, token, query);
    if (page !== null) return page;
    throw strange404('OneLogin');
  }

  /** Null when OneLogin says that there is nothing like that. A cursor stands for the size of its pages as well. */
  async #page(
    path: string,
    token: string | null,
    query: Readonly<Record<string, string>>,
  ): Promise<VendorPage | null> {
    const place = readPlace(token);
    const { cursor } = place;
    const where = cursor === null ? { limit: PAGE } : { cursor };
    const accept = cursor === null ? [404] : [400, 404];
    const answer = await this.#http.json({ path, query: { ...query, ...where }, accept });
    if (answer.status === 400) throw expired();
    if (answer.status !== 404) return pageOf(answer, place);
    if (saysNotFound(answer)) return null;
    throw strange404('OneLogin');
  }
}

class RoleGone extends Error {}

/** Ids are integers; what is between us may have made texts of them. */
function idIn(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}

function isOf(id: string, body: JsonValue): body is JsonObject {
  return isJsonObject(body) && idIn(body['id']) === id;
}

function expired(): SourceError {
  return new SourceError('cursor_expired', 'OneLogin does not know a page any more (400).');
}
