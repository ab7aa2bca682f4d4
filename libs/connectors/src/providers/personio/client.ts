import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../sdk/decode.js';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { existenceIn } from '../../sdk/look-up.js';
import { bearerTokens, type AccessToken } from '../../sdk/oauth-token.js';
import type { OffsetSlice } from '../../sdk/offset-pages.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { PersonioConfig } from './config.js';
import { flatten } from './flatten.js';
import { manifest } from './manifest.js';
import { askWithRight } from './rights.js';

const API = 'https://api.personio.de';
const EMPLOYEES = '/v1/company/employees';
const { limits } = manifest;
const EMPLOYEES_RIGHT = 'The API credential may not read employees. Give it "Employees: Read" in Personio.';

/** A token is good for 24 hours; Personio gives the same one to all who ask in that time. */
const TOKEN_SECONDS = 86_400;

/** One method per call of the Personnel Data API. */
export class PersonioClient {
  readonly #http: SourceHttp;
  readonly #config: PersonioConfig;

  constructor(config: PersonioConfig, ports: SourcePorts) {
    this.#config = config;
    this.#http = ports.http({
      baseUrl: API,
      limits,
      authorize: bearerTokens(() => this.#token(), ports.clock),
    });
  }

  /** Employees of every status, from a position on. Flattened. @throws SourceError also for attributes that are hidden */
  async employees(offset: number): Promise<OffsetSlice> {
    const { items, total } = await this.#part(offset);
    this.#expectReadable(items);
    if (total !== undefined) return { items, total };
    const reached = offset + items.length;
    return { items, total: (await this.#isEnd(offset, items)) ? reached : reached + 1 };
  }

  /** For answers without a count, as recorded until 2020: nothing follows, or the list is not cut into pages at all. */
  async #isEnd(offset: number, items: readonly JsonValue[]): Promise<boolean> {
    if (items.length >= limits.pageSize) return false;
    const { items: next } = items.length === 0 ? { items } : await this.#part(offset + items.length);
    return next.length === 0 || (offset === 0 && isDeepStrictEqual(next, items));
  }

  async #part(
    offset: number,
  ): Promise<{ readonly items: readonly JsonValue[]; readonly total: number | undefined }> {
    const { body } = await this.#get({ limit: limits.pageSize, offset });
    const metadata = isJsonObject(body) ? body['metadata'] : undefined;
    return { items: listIn(body, 'data').map(flatten), total: totalIn(metadata ?? null) };
  }

  /** Undefined when a 404 is not Personio's own. */
  async exists(id: string): Promise<boolean | 'unanswered' | undefined> {
    const path = `${EMPLOYEES}/${encodeURIComponent(id)}`;
    const answer = await this.#http.json({ path, accept: [404] });
    const success = isJsonObject(answer.body) ? answer.body['success'] : undefined;
    return existenceIn(answer, { isDenied: success === false, isIt: () => success === true });
  }

  async #get(query: Record<string, number>): Promise<JsonAnswer> {
    const names = this.#config.attributes.map((name) => `attributes%5B%5D=${encodeURIComponent(name)}`);
    const request = { path: `${EMPLOYEES}?${names.join('&')}`, query, accept: [404, 410] };
    return expectServed(await askWithRight(this.#http, request, EMPLOYEES_RIGHT));
  }

  /** What a credential may not read is left out of the answer as if it did not exist. It must not pass for empty. */
  #expectReadable(items: readonly JsonValue[]): void {
    if (items.length === 0) return;
    const seen = new Set(items.flatMap((item) => (isJsonObject(item) ? Object.keys(item) : [])));
    const hidden = this.#config.attributes.filter((name) => !seen.has(name));
    if (hidden.length === 0) return;
    throw new SourceError(
      'insufficient_permissions',
      `Personio did not send these attributes: ${hidden.join(', ')}. Make them readable for the API credential, or name them under "Attributes that are not shared".`,
    );
  }

  async #token(): Promise<AccessToken> {
    const { clientId, clientSecret } = this.#config;
    const { status, body } = await this.#http.json({
      method: 'POST',
      path: '/v1/auth',
      json: { client_id: clientId, client_secret: clientSecret },
      authorized: false,
      accept: [400, 401, 403],
    });
    const data: JsonObject = isJsonObject(body) && isJsonObject(body['data']) ? body['data'] : {};
    const { token } = data;
    if (status < 300 && typeof token === 'string' && token !== '')
      return { value: token, expiresInSeconds: TOKEN_SECONDS };
    throw status < 300
      ? new SourceError('source_changed_shape', 'Personio sent no token.')
      : new SourceError(
          'invalid_credentials',
          `Personio refused the client ID or the client secret (${status}). Enter those of an active API credential.`,
          { facts: { status } },
        );
  }
}

/** Undefined where nothing is said of a count at all. */
function totalIn(metadata: JsonValue): number | undefined {
  if (metadata === null) return undefined;
  const total = isJsonObject(metadata) ? metadata['total_elements'] : undefined;
  if (typeof total === 'number' && Number.isSafeInteger(total) && total >= 0) return total;
  throw new SourceError(
    'source_changed_shape',
    'Personio did not say how many employees there are (metadata.total_elements).',
  );
}

/** No employees at all is not what a retired endpoint means. */
function expectServed(answer: JsonAnswer): JsonAnswer {
  if (answer.status < 300) return answer;
  throw new SourceError(
    'source_unavailable',
    `Personio does not offer version 1 of its employee API any more (${answer.status}). Choose version 2 under "Version of the API".`,
    { facts: { status: answer.status } },
  );
}
