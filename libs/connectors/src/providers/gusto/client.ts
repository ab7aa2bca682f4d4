import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type {
  JsonAnswer,
  SourceAnswer,
  SourceHttp,
  SourceRequest,
  Verdict,
} from '../../sdk/http/source-http.js';
import { existenceIn } from '../../sdk/look-up.js';
import { bearerTokens, requestToken } from '../../sdk/oauth-token.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { refreshAccess } from '../../sdk/rotating-secrets.js';
import { SourceError } from '../../sdk/source-error.js';
import type { GustoConfig } from './config.js';
import { manifest } from './manifest.js';
import { pageOf, readPlace } from './pages.js';

const { limits } = manifest;
/**
 * Without it Gusto takes the oldest version that the application may use. One is good for a year and a half at least:
 * https://docs.gusto.com/app-integrations/docs/version-upgrade-guide (November 2026: 2025-11-15 and later).
 */
const VERSION = '2026-06-15';

export type Population = 'employees' | 'contractors';

/** One method per call. https://docs.gusto.com/app-integrations/reference */
export class GustoClient {
  readonly #http: SourceHttp;
  #company: Promise<string> | undefined;

  constructor(config: GustoConfig, ports: SourcePorts) {
    const { origin, clientId, clientSecret, refreshToken, redirectUri } = config;
    const exchange = (token: string): ReturnType<typeof requestToken> =>
      requestToken(this.#http, {
        path: '/oauth/token',
        // In the body: Gusto refuses secrets in addresses, and knows no Basic here.
        json: {
          client_id: clientId,
          client_secret: clientSecret,
          refresh_token: token,
          grant_type: 'refresh_token',
          ...(redirectUri !== null && { redirect_uri: redirectUri }),
        },
      });
    const { secrets, clock } = ports;
    this.#http = ports.http({
      baseUrl: origin,
      limits,
      judge,
      authorize: bearerTokens(
        () => refreshAccess({ secrets, field: 'refresh_token', entered: refreshToken, exchange }),
        clock,
      ),
    });
  }

  /** Active, onboarding and terminated ones. Page by page: asked without a page, Gusto sends all in one answer. */
  async people(population: Population, token: string | null): Promise<VendorPage> {
    const place = readPlace(token);
    const query = { page: place.page, per: limits.pageSize };
    return pageOf(await this.#ofCompany(population, query), place);
  }

  departments(): Promise<readonly JsonValue[]> {
    return this.#whole('departments');
  }

  locations(): Promise<readonly JsonValue[]> {
    return this.#whole('locations');
  }

  /** Undefined when Gusto has not clearly said that there is none. */
  async exists(population: Population, uuid: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `/v1/${population}/${encodeURIComponent(uuid)}`;
    const answer = await this.#get({ path, accept: [404] }, population);
    return existenceIn(answer, {
      isDenied: saysNotFound(answer.body),
      isIt: (object) => object['uuid'] === uuid,
    });
  }

  async #whole(list: 'departments' | 'locations'): Promise<readonly JsonValue[]> {
    const { body, headers } = await this.#ofCompany(list, {});
    if (!Array.isArray(body))
      throw new SourceError('source_changed_shape', `Gusto sent something else than a list of ${list}.`);
    const total = Number(headers['x-total-count'] ?? body.length);
    if (total === body.length) return body;
    throw new SourceError(
      'incomplete_listing',
      `Gusto counts ${total} ${list} and sent ${body.length} of them.`,
    );
  }

  async #ofCompany(list: keyof typeof SCOPES, query: SourceRequest['query']): Promise<JsonAnswer> {
    this.#company ??= this.#readCompany();
    // A failure is not remembered: the next try may find it.
    const uuid = await this.#company.catch((error: unknown) => {
      this.#company = undefined;
      throw error;
    });
    return this.#get({ path: `/v1/companies/${encodeURIComponent(uuid)}/${list}`, query }, list);
  }

  /** The company whose admin has authorized the application. */
  async #readCompany(): Promise<string> {
    const { body } = await this.#http.json({ path: '/v1/token_info', headers: HEADERS });
    const resource: JsonObject = isJsonObject(body) && isJsonObject(body['resource']) ? body['resource'] : {};
    const { type, uuid } = resource;
    if (type === 'Company' && typeof uuid === 'string' && uuid !== '') return uuid;
    throw new SourceError(
      'not_found_tenant',
      'The refresh token belongs to no company. Let an admin of the company authorize the application.',
    );
  }

  async #get(request: SourceRequest, list: keyof typeof SCOPES): Promise<JsonAnswer> {
    try {
      return await this.#http.json({ ...request, headers: HEADERS });
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== 'insufficient_permissions') throw error;
      throw new SourceError(
        'insufficient_permissions',
        `Gusto does not let the application read ${list} (403). It needs ${SCOPES[list]}; ${WITHOUT[list]}.`,
        { facts: error.facts },
      );
    }
  }
}

/** A version that is retired has no people, rather than nobody. */
function judge({ status }: SourceAnswer): Verdict | undefined {
  if (status !== 406) return undefined;
  const message = `Gusto does not offer version ${VERSION} of its API any more (406). Update Rollcall; until then the last state stays.`;
  return { kind: 'fail', error: new SourceError('source_unavailable', message, { facts: { status } }) };
}

const HEADERS = { 'x-gusto-api-version': VERSION };

const SCOPES = {
  employees: 'employees:read',
  contractors: 'contractors:read',
  departments: 'departments:read',
  locations: 'companies:read',
} as const;

const WITHOUT = {
  employees: 'nothing can be read without it',
  contractors: 'or turn "Read contractors" off',
  departments: 'or leave departments out of "Groups made of"',
  locations: 'or leave locations out of "Groups made of"',
} as const;

/**
 * `{"errors": [{"error_key": "request", "category": "not_found", "message": "…"}]}`. It says the same of an address that
 * this version does not have, which is no word about a person.
 */
function saysNotFound(body: JsonValue): boolean {
  const errors = isJsonObject(body) ? body['errors'] : undefined;
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every(
    (error) =>
      isJsonObject(error) &&
      error['category'] === 'not_found' &&
      !(typeof error['message'] === 'string' && /endpoint/i.test(error['message'])),
  );
}
