import { isJsonObject, type JsonValue } from '#kernel';
import { linkIn, listIn } from '../../sdk/decode.js';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { bearerTokens, requestToken, type AccessToken } from '../../sdk/oauth-token.js';
import { existenceIn, strange404 } from '../../sdk/look-up.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { signAssertion } from '../../sdk/signed-assertion.js';
import { SourceError } from '../../sdk/source-error.js';
import type { GoogleConfig } from './config.js';
import { explainTokenError, judge } from './errors.js';
import { manifest } from './manifest.js';

const API = 'https://admin.googleapis.com/admin/directory/v1';
const TOKENS = 'https://oauth2.googleapis.com';
const { limits } = manifest;

/** The largest pages of groups and of members that Google gives. */
const GROUP_PAGE = 200;

const USER_FIELDS = [
  'id,primaryEmail,name,emails,aliases,nonEditableAliases,organizations,relations,externalIds',
  'orgUnitPath,suspended,suspensionReason,archived,creationTime,customSchemas',
].join(',');

/** One method per call of the Directory API. Page tokens are Google's own, good for three days. */
export class GoogleClient {
  readonly #http: SourceHttp;
  readonly #config: GoogleConfig;

  constructor(config: GoogleConfig, ports: SourcePorts) {
    this.#config = config;
    const tokens = ports.http({ baseUrl: TOKENS, limits });
    this.#http = ports.http({
      baseUrl: API,
      limits,
      authorize: bearerTokens(() => fetchToken(tokens, config, ports), ports.clock),
      judge: (answer) => judge(answer, ports.clock.now()),
    });
  }

  users(token: string | null): Promise<VendorPage> {
    const schemas = this.#config.customSchemas;
    const projection: Record<string, string> =
      schemas.length === 0
        ? { projection: 'basic' }
        : { projection: 'custom', customFieldMask: schemas.join(',') };
    const query: Record<string, string> = {
      ...projection,
      orderBy: 'email',
      fields: `kind,nextPageToken,users(${USER_FIELDS})`,
    };
    return this.#list('users', { ...this.#scope(), ...query, maxResults: limits.pageSize }, token);
  }

  /** Users deleted in the last twenty days; they can be restored. */
  deletedUsers(token: string | null): Promise<VendorPage> {
    const query = { showDeleted: true, fields: 'kind,nextPageToken,users(id,deletionTime)' };
    return this.#list('users', { ...this.#scope(), ...query, maxResults: limits.pageSize }, token);
  }

  groups(token: string | null): Promise<VendorPage> {
    return this.#list('groups', { ...this.#scope(), maxResults: GROUP_PAGE }, token);
  }

  /** Null when there is no such group. */
  async members(groupId: string, token: string | null): Promise<VendorPage | null> {
    const path = `/groups/${encodeURIComponent(groupId)}/members`;
    const query = { maxResults: GROUP_PAGE, pageToken: token ?? undefined };
    const answer = await this.#http.json({ path, query, accept: token === null ? [404] : [400, 404] });
    if (answer.status !== 404) return pageOf(answer, 'members');
    if (!saysNotFound(answer)) throw strange404('Google');
    return null;
  }

  /** Undefined when a 404 is not Google's own, and for somebody who belongs to another domain than is read. */
  async exists(kind: 'users' | 'groups', id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `/${kind}/${encodeURIComponent(id)}`;
    const address = kind === 'users' ? 'primaryEmail' : 'email';
    const answer = await this.#http.json({ path, query: { fields: `id,${address}` }, accept: [404] });
    const isThere = existenceIn(answer, {
      isDenied: saysNotFound(answer),
      isIt: (object) => object['id'] === id,
    });
    const isElsewhere = isJsonObject(answer.body) && !this.#isOfDomain(answer.body[address]);
    return isThere === true && isElsewhere ? undefined : isThere;
  }

  /**
   * Whether somebody is listed in a group. `hasMember` would count who is in it by way of another group, and knows only
   * members of the group's own domain. Undefined when the group is not there, or the answer is not Google's own.
   */
  async isMember(groupId: string, memberId: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `/groups/${encodeURIComponent(groupId)}/members/${encodeURIComponent(memberId)}`;
    const answer = await this.#http.json({ path, query: { fields: 'id' }, accept: [400, 404] });
    if (answer.status === 400) return undefined;
    if (answer.status === 404 && namesGroup(answer)) return undefined;
    return existenceIn(answer, {
      isDenied: saysNotFound(answer),
      isIt: (object) => object['id'] === memberId,
    });
  }

  #isOfDomain(address: JsonValue | undefined): boolean {
    const { domain } = this.#config;
    if (domain === null || typeof address !== 'string') return true;
    return address.toLowerCase().endsWith(`@${domain.toLowerCase()}`);
  }

  #scope(): Record<string, string> {
    const { customerId, domain } = this.#config;
    return domain === null ? { customer: customerId } : { domain };
  }

  async #list(
    kind: 'users' | 'groups',
    query: Record<string, string | number | boolean>,
    token: string | null,
  ): Promise<VendorPage> {
    const answer = await this.#http.json({
      path: `/${kind}`,
      query: { ...query, pageToken: token ?? undefined },
      accept: token === null ? [] : [400, 410],
    });
    return pageOf(answer, kind);
  }
}

/** An empty list is left out of the answer; what kind of answer it is stands there always. */
function pageOf({ status, body }: JsonAnswer, kind: 'users' | 'groups' | 'members'): VendorPage {
  if (status >= 400)
    throw new SourceError('cursor_expired', `Google does not know a page token any more (${status}).`);
  const isEmpty =
    isJsonObject(body) && body['kind'] === `admin#directory#${kind}` && (body[kind] ?? null) === null;
  return { items: isEmpty ? [] : listIn(body, kind), next: linkIn(body, 'nextPageToken') };
}

/** Server-to-server OAuth (developers.google.com/identity/protocols/oauth2/service-account). */
async function fetchToken(
  http: SourceHttp,
  { credential }: GoogleConfig,
  { clock }: SourcePorts,
): Promise<AccessToken> {
  const path = '/token';
  if (credential.kind === 'refresh_token') {
    const { clientId, clientSecret, refreshToken } = credential;
    const form = {
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    };
    return requestToken(http, { path, form }, explainTokenError);
  }
  const assertion = await signAssertion({
    privateKey: credential.privateKey,
    header: credential.keyId === null ? {} : { kid: credential.keyId },
    claims: {
      iss: credential.email,
      sub: credential.admin,
      aud: `${TOKENS}${path}`,
      scope: manifest.scopes.map(({ scope }) => scope).join(' '),
    },
    now: clock.now(),
  });
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
  return requestToken(http, { path, form }, explainTokenError);
}

/** In the older form by a reason, in the newer one by a status. A domain that is not there says nothing of what is in it. */
function saysNotFound({ body }: JsonAnswer): boolean {
  const text = JSON.stringify(body);
  return /"reason":"notFound"|"status":"NOT_FOUND"/.test(text) && !/"Domain not found/i.test(text);
}

/** It is the group that is not there. */
function namesGroup({ body }: JsonAnswer): boolean {
  return JSON.stringify(body).includes('groupKey');
}
