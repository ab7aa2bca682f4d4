import { isJsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../sdk/decode.js';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { existenceIn, strange404 } from '../../sdk/look-up.js';
import { bearerTokens, requestToken, type AccessToken } from '../../sdk/oauth-token.js';
import type { OffsetSlice } from '../../sdk/offset-pages.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { JumpcloudConfig } from './config.js';
import { manifest } from './manifest.js';
import { Organization } from './organization.js';

const USERS = '/api/systemusers';
const GROUPS = '/api/v2/usergroups';
const { limits } = manifest;

/** `isCounted`: `total` is JumpCloud's own; otherwise it only says whether there may be more. */
export interface CountedSlice extends OffsetSlice {
  readonly isCounted: boolean;
}

/**
 * One method per call: users of API v1, groups and members of API v2 (docs.jumpcloud.com/api/1.0, docs.jumpcloud.com/api/2.0).
 */
export class JumpcloudClient {
  readonly #http: SourceHttp;
  readonly #login: SourceHttp;
  readonly #config: JumpcloudConfig;
  readonly #ports: SourcePorts;
  readonly #organization: Organization;

  constructor(config: JumpcloudConfig, ports: SourcePorts) {
    this.#config = config;
    this.#ports = ports;
    this.#organization = new Organization(config.orgId);
    this.#login = ports.http({ baseUrl: config.login, limits });
    this.#http = ports.http({ baseUrl: config.console, limits, authorize: this.#authorize() });
  }

  /** People of every state, from a position on. @throws SourceError also when they are of another organization */
  async users(skip: number): Promise<OffsetSlice> {
    const { body } = await this.#list(USERS, { sort: '_id', limit: limits.pageSize, skip });
    const items = listIn(body, 'results');
    const total = isJsonObject(body) ? body['totalCount'] : undefined;
    if (!isCount(total))
      throw new SourceError(
        'source_changed_shape',
        'JumpCloud did not say how many users there are (totalCount).',
      );
    this.#organization.expectOwn(items);
    if (total === 0) this.#organization.expectListed(await this.#organizations());
    return { items, total };
  }

  async groups(skip: number): Promise<CountedSlice> {
    return sliceOf(await this.#list(GROUPS, { sort: 'name', limit: limits.pageSize, skip }), skip);
  }

  /** Null when there is no such group. */
  async members(groupId: string, skip: number): Promise<CountedSlice | null> {
    const path = `${GROUPS}/${encodeURIComponent(groupId)}/members`;
    const answer = await this.#get(path, { limit: limits.pageSize, skip });
    if (answer.status !== 404) return sliceOf(answer, skip);
    if (!saysNotFound(answer)) throw strange404('JumpCloud');
    return null;
  }

  /** The groups that a user is in; null when there is no such user. */
  async groupsOf(userId: string, skip: number): Promise<CountedSlice | null> {
    const path = `/api/v2/users/${encodeURIComponent(userId)}/memberof`;
    const answer = await this.#get(path, { limit: limits.pageSize, skip });
    if (answer.status !== 404) return sliceOf(answer, skip);
    if (!saysNotFound(answer)) throw strange404('JumpCloud');
    return null;
  }

  /**
   * Undefined when a 404 is not JumpCloud's own. It also answers 404 to an organization that it does not know; so a
   * caller who believes an absence calls `findsSingle` afterwards.
   */
  async exists(kind: 'users' | 'groups', id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `${kind === 'users' ? USERS : GROUPS}/${encodeURIComponent(id)}`;
    const answer = await this.#get(path, {});
    return existenceIn(answer, {
      isDenied: saysNotFound(answer),
      isIt: (object) => (object['_id'] ?? object['id']) === id,
    });
  }

  /**
   * Whether one who is listed is found in the same way as those who were not: a credential or an address without single
   * records would answer "not found" for all.
   * @throws SourceError when the organization or the right to list is not there (any more)
   */
  async findsSingle(kind: 'users' | 'groups'): Promise<boolean> {
    const lists = { users: await this.users(0), groups: await this.groups(0) };
    const first = lists[kind].items.find(isJsonObject);
    const id = first?.['_id'] ?? first?.['id'];
    return typeof id === 'string' && (await this.exists(kind, id)) === true;
  }

  async #organizations(): Promise<readonly JsonValue[]> {
    const { body } = await this.#list('/api/organizations', { limit: limits.pageSize, skip: 0 });
    return listIn(body, 'results');
  }

  /** A list is there in every organization. */
  async #list(path: string, query: Record<string, string | number>): Promise<JsonAnswer> {
    const answer = await this.#get(path, query);
    if (answer.status !== 404) return answer;
    if (!saysNotFound(answer)) throw strange404('JumpCloud');
    throw new SourceError(
      'not_found_tenant',
      'JumpCloud does not know the organization of the settings (404). Check the organization ID and the region.',
    );
  }

  async #get(path: string, query: Record<string, string | number>): Promise<JsonAnswer> {
    const { orgId } = this.#config;
    const headers: Record<string, string> = orgId === null ? {} : { 'x-org-id': orgId };
    try {
      return await this.#http.json({ path, query, headers, accept: [404] });
    } catch (error) {
      throw error instanceof SourceError ? explained(error) : error;
    }
  }

  #authorize(): (reason: { readonly renew: boolean }) => Promise<Readonly<Record<string, string>>> {
    const { credential } = this.#config;
    if (credential.kind === 'api_key') return () => Promise.resolve({ 'x-api-key': credential.key });
    return bearerTokens(() => this.#token(credential), this.#ports.clock);
  }

  /** Client credentials of a service account (jumpcloud.com/support/service-account-for-apis). */
  #token(
    credential: Extract<JumpcloudConfig['credential'], { kind: 'service_account' }>,
  ): Promise<AccessToken> {
    const basic = Buffer.from(`${credential.clientId}:${credential.clientSecret}`).toString('base64');
    return requestToken(
      this.#login,
      {
        path: '/oauth2/token',
        headers: { authorization: `Basic ${basic}` },
        form: { grant_type: 'client_credentials', scope: 'api' },
      },
      ({ status, error }) =>
        status === 401
          ? new SourceError(
              'invalid_credentials',
              'JumpCloud refused the client ID or the client secret. Check both, the region, and whether the secret has expired.',
              { facts: { status, error } },
            )
          : undefined,
    );
  }
}

/** Version 2 answers with a bare list; how many there are stands in a header, if at all. */
function sliceOf({ body, headers }: JsonAnswer, skip: number): CountedSlice {
  if (!Array.isArray(body))
    throw new SourceError('source_changed_shape', 'JumpCloud sent something else than a list.');
  const header = headers['x-total-count'];
  const total = typeof header === 'string' && header !== '' ? Number(header) : undefined;
  if (isCount(total)) return { items: body, total, isCounted: true };
  // Without a count only an empty page is an end: a short one may have been cut.
  return { items: body, total: skip + body.length + (body.length === 0 ? 0 : 1), isCounted: false };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Both versions explain a refusal in JSON; a page of something in between does not. */
function saysNotFound({ body }: JsonAnswer): boolean {
  return isJsonObject(body) && (typeof body['message'] === 'string' || typeof body['error'] === 'string');
}

/** What admins of several organizations run into, and which role is needed. */
function explained(error: SourceError): SourceError {
  const messages: Partial<Record<SourceError['code'], string>> = {
    invalid_credentials:
      'JumpCloud refused the credential (401). Enter a valid one and the right region; an admin of several organizations needs the organization ID too.',
    insufficient_permissions:
      'JumpCloud refused access (403). Give the admin or service account a role that may read users and user groups of this organization, and allow our address where API access is restricted.',
  };
  // The token endpoint has said it better already.
  const message = error.facts['error'] === undefined ? messages[error.code] : undefined;
  return message === undefined
    ? error
    : new SourceError(error.code, message, { facts: error.facts, cause: error });
}
