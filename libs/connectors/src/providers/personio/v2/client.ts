import { isJsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../../sdk/decode.js';
import type { JsonAnswer, SourceHttp, SourceRequest } from '../../../sdk/http/source-http.js';
import { existenceIn } from '../../../sdk/look-up.js';
import type { RequestLimits } from '../../../sdk/manifest.js';
import { bearerTokens, requestToken, type AccessToken } from '../../../sdk/oauth-token.js';
import { vendorPages, type VendorPage } from '../../../sdk/paged-stream.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { PersonioConfig } from '../config.js';
import { askWithRight } from '../rights.js';
import { idOf, nextCursor, saysNoSuchAddress, saysNotFound } from './answers.js';

const API = 'https://api.personio.de';
const PERSONS = '/v2/persons';

/** One request per person, so faster than version 1. Personio publishes no limit; about 30 a second were seen. */
export const LIMITS: RequestLimits = { requestsPerSecond: 10, burst: 15, concurrency: 4, pageSize: 50 };

/** Lists that hold the names of ids in employments. */
export type NameList = 'workplaces' | 'legal-entities' | 'cost-centers';

const PERSONS_RIGHT = 'The API credential may not read persons. Give it "Persons: Read" in Personio.';

/** One method per call of version 2. https://developer.personio.de/reference/get_v2-persons */
export class PersonClient {
  readonly #http: SourceHttp;
  readonly #config: PersonioConfig;

  constructor(config: PersonioConfig, ports: SourcePorts) {
    this.#config = config;
    this.#http = ports.http({
      baseUrl: API,
      limits: LIMITS,
      authorize: bearerTokens(() => this.#token(), ports.clock),
    });
  }

  /** People of every status. No filter: one would leave out who has left. */
  persons(token: string | null): Promise<VendorPage> {
    return this.#page({ path: PERSONS }, token, PERSONS_RIGHT);
  }

  /** All employments of a person, the newest first; null when Personio does not know the person any more. */
  async employments(personId: string): Promise<readonly JsonValue[] | null> {
    const path = `${PERSONS}/${encodeURIComponent(personId)}/employments`;
    try {
      return await this.#all(path, PERSONS_RIGHT);
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
      if (!error.isAddress) return null;
      throw new SourceError(
        'source_changed_shape',
        'Personio does not offer employments at their address (404).',
      );
    }
  }

  /** Entries of a list; null where this company has not got it yet (some were in beta in 2026). */
  async named(list: NameList, right: string): Promise<readonly JsonValue[] | null> {
    try {
      return await this.#all(`/v2/${list}`, right);
    } catch (error) {
      if (error instanceof NotThere) return null;
      throw error;
    }
  }

  /** A department or team; null when Personio knows none of this id. */
  async orgUnit(id: string, type: 'department' | 'team', right: string): Promise<JsonValue | null> {
    const request = { path: `/v2/org-units/${encodeURIComponent(id)}`, query: { type }, accept: [404] };
    const { status, body } = await askWithRight(this.#http, request, right);
    if (status < 300) return body;
    if (saysNotFound(body)) return null;
    throw new SourceError('source_changed_shape', `Personio sent no ${type} (404), in words of its own.`);
  }

  /** Undefined or `unanswered` when Personio has not clearly said that there is no such person. */
  async exists(id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `${PERSONS}/${encodeURIComponent(id)}`;
    const answer = await this.#http.json({ path, accept: [404] });
    return existenceIn(answer, {
      isDenied: saysNotFound(answer.body) && !saysNoSuchAddress(answer.body),
      isIt: (person) => idOf(person) === id,
    });
  }

  /** @throws NotThere */
  async #all(path: string, right: string): Promise<readonly JsonValue[]> {
    const items: JsonValue[] = [];
    for await (const page of vendorPages((token) => this.#page({ path, accept: [404] }, token, right)))
      items.push(...page.items);
    return items;
  }

  async #page(request: SourceRequest, token: string | null, right: string): Promise<VendorPage> {
    const limit = request.path?.startsWith(PERSONS) === true ? LIMITS.pageSize : undefined;
    const query = { limit, cursor: token ?? undefined };
    const accept = [...(request.accept ?? []), ...(token === null ? [] : [400])];
    return pageIn(await askWithRight(this.#http, { ...request, query, accept }, right));
  }

  #token(): Promise<AccessToken> {
    const { clientId, clientSecret } = this.#config;
    return requestToken(
      this.#http,
      {
        path: '/v2/auth/token',
        form: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
      },
      ({ status, error }) =>
        REFUSALS.includes(error) || status === 401 || status === 403 ? refusal(status) : undefined,
    );
  }
}

class NotThere extends Error {
  /** The address rather than what it stands for. */
  readonly isAddress: boolean;

  constructor(body: JsonValue) {
    super('not found');
    this.isAddress = saysNoSuchAddress(body);
  }
}

function pageIn({ status, body, url }: JsonAnswer): VendorPage {
  if (status === 400)
    throw new SourceError('cursor_expired', 'Personio does not know a page any more (400).');
  if (status === 404) {
    if (saysNotFound(body)) throw new NotThere(body);
    throw new SourceError('source_changed_shape', 'Personio sent "404 Not Found" in words of somebody else.');
  }
  return {
    items: listIn(body, isJsonObject(body) && '_data' in body ? '_data' : 'data'),
    next: nextCursor(body, url),
  };
}

/** Personio calls a wrong secret an unauthorized client. */
const REFUSALS: readonly string[] = ['invalid_client', 'unauthorized_client', 'invalid_grant'];

function refusal(status: number): SourceError {
  return new SourceError(
    'invalid_credentials',
    `Personio refused the client ID or the client secret (${status}). Enter those of an active API credential.`,
    { facts: { status } },
  );
}
