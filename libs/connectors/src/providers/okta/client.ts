import { parseLinkHeader } from 'got';
import { isJsonObject } from '#kernel';
import { absoluteLink } from '../../sdk/http/absolute-link.js';
import type { JsonAnswer, SourceAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { existenceIn, strange404 } from '../../sdk/look-up.js';
import { bearerTokens } from '../../sdk/oauth-token.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { OktaConfig } from './config.js';
import { judge } from './errors.js';
import { manifest } from './manifest.js';
import { fetchToken } from './token.js';

const NOT_FOUND = 'E0000007';
const PAGE = manifest.limits.pageSize;
const LOG_PAGE = 1_000;

/** Leaves out what costs the organization time and is not used. */
const LEAN = {
  'content-type':
    'application/json; okta-response="omitCredentials,omitCredentialsLinks,omitTransitioningToStatus"',
};

/** One method per call. Page tokens are Okta's own `next` links; `mark` is the server's time. */
export class OktaClient {
  readonly #http: SourceHttp;
  readonly #config: OktaConfig;
  readonly #ports: SourcePorts;

  constructor(config: OktaConfig, ports: SourcePorts) {
    this.#config = config;
    this.#ports = ports;
    this.#http = ports.http({
      baseUrl: config.orgUrl,
      limits: manifest.limits,
      authorize: this.#authorize(),
      judge: (answer) => judge(answer, ports.clock.now()),
    });
  }

  /** Users that were changed since an instant; DEPROVISIONED ones too, which an unfiltered list leaves out. */
  users(since: string, token: string | null): Promise<VendorPage> {
    const query = { limit: PAGE, filter: `lastUpdated ge "${since}"` };
    return this.#list('/api/v1/users', query, token);
  }

  groups(filter: string | undefined, token: string | null): Promise<VendorPage> {
    return this.#list('/api/v1/groups', { limit: PAGE, filter }, token);
  }

  /** Null when there is no such group. */
  async members(groupId: string, token: string | null): Promise<VendorPage | null> {
    return this.#listOf(`/api/v1/groups/${encodeURIComponent(groupId)}/users`, token);
  }

  /** The groups that a user is in; null when there is no such user. */
  async groupsOf(userId: string, token: string | null): Promise<VendorPage | null> {
    return this.#listOf(`/api/v1/users/${encodeURIComponent(userId)}/groups`, token);
  }

  /** A page of the System Log. It has a next page always; an empty one means that nothing more has happened yet. */
  log(filter: string, since: string, token: string | null): Promise<VendorPage> {
    const query = { limit: LOG_PAGE, sortOrder: 'ASCENDING', filter, since };
    return this.#list('/api/v1/logs', query, token);
  }

  /** The server's clock. */
  async time(): Promise<string | undefined> {
    return dateOf(await this.#http.json({ path: '/api/v1/groups', query: { limit: 1 } }));
  }

  /** Whether a single user or group is there; this is not eventually consistent. Undefined when a 404 is not Okta's own. */
  async exists(kind: 'users' | 'groups', id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `/api/v1/${kind}/${encodeURIComponent(id)}`;
    const answer = await this.#http.json({ path, accept: [404] });
    return existenceIn(answer, { isDenied: saysNotFound(answer), isIt: (object) => object['id'] === id });
  }

  async #list(path: string, query: Record<string, string | number | undefined>, token: string | null) {
    const page = this.#page(await this.#get(path, query, token), token);
    if (page !== null) return page;
    throw new SourceError(
      'not_found_tenant',
      'This address is no Okta organization, or the organization was renamed.',
    );
  }

  async #listOf(path: string, token: string | null): Promise<VendorPage | null> {
    const answer = await this.#get(path, { limit: PAGE }, token);
    if (answer.status === 404 && !saysNotFound(answer)) throw strange404('Okta');
    return this.#page(answer, token);
  }

  #get(
    path: string,
    query: Record<string, string | number | undefined>,
    token: string | null,
  ): Promise<JsonAnswer> {
    const where = token === null ? { path, query } : { url: token };
    return this.#http.json({ ...where, headers: LEAN, accept: token === null ? [404] : [400, 404] });
  }

  #page(answer: JsonAnswer, token: string | null): VendorPage | null {
    if (answer.status === 404) return null;
    if (answer.status === 400)
      throw new SourceError('cursor_expired', `Okta does not know a page any more (${answer.status}).`);
    if (!Array.isArray(answer.body))
      throw new SourceError('source_changed_shape', 'Okta sent something else than a list.');
    return {
      items: answer.body,
      next: nextLink(answer, token),
      mark: dateOf(answer),
    };
  }

  #authorize(): (reason: { readonly renew: boolean }) => Promise<Readonly<Record<string, string>>> {
    const { credential } = this.#config;
    if (credential.kind === 'api_token')
      return () => Promise.resolve({ authorization: `SSWS ${credential.token}` });
    const { clock } = this.#ports;
    const { orgUrl } = this.#config;
    return bearerTokens(() => fetchToken(this.#http, { orgUrl, app: credential, clock }), clock);
  }
}

/** @throws SourceError when there is a header, but no reading it: the list would seem to end here */
function nextLink(answer: SourceAnswer, token: string | null): string | null {
  const header = answer.headers['link'];
  if (header === undefined) return null;
  const next = linksIn(typeof header === 'string' ? header : header.join(', ')).find(
    ({ parameters }) => parameters['rel']?.replaceAll('"', '').toLowerCase() === 'next',
  );
  if (next === undefined) return null;
  const link = absoluteLink(next.reference, answer);
  // An empty log page leads to itself.
  return link === token && isEmptyList(answer) ? null : link;
}

function linksIn(header: string): ReturnType<typeof parseLinkHeader> {
  try {
    return parseLinkHeader(header);
  } catch {
    throw new SourceError('source_changed_shape', 'Okta sent a header "Link" that cannot be read.');
  }
}

function isEmptyList(answer: SourceAnswer): boolean {
  return answer.text.trim() === '[]';
}

/** Undefined when the answer says no time, which leaves the next run without a place to go on from. */
function dateOf(answer: SourceAnswer): string | undefined {
  const date = Date.parse(String(answer.headers['date']));
  return Number.isNaN(date) ? undefined : new Date(date).toISOString();
}

function saysNotFound({ body }: JsonAnswer): boolean {
  return isJsonObject(body) && body['errorCode'] === NOT_FOUND;
}
