import { isJsonObject, type JsonObject } from '#kernel';

interface Request {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Calls the REST and management API with one key, as anybody could with curl. */
export class RestClient {
  readonly #baseUrl: string;
  readonly #apiKey: string;

  constructor(baseUrl: string, apiKey: string) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
  }

  get(path: string): Promise<JsonObject> {
    return this.#send(path, { method: 'GET', headers: {} });
  }

  post(path: string, body: JsonObject): Promise<JsonObject> {
    const headers = { 'content-type': 'application/json' };
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #send(path: string, { method, headers, body }: Request): Promise<JsonObject> {
    const response = await fetch(`${this.#baseUrl}${path}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${this.#apiKey}` },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 600)}`);
    const answer: unknown = JSON.parse(text);
    if (!isJsonObject(answer))
      throw new Error(`${method} ${path} was answered with no JSON object: ${text.slice(0, 600)}`);
    return answer;
  }
}

/** The text at a path of an answer. */
export function textAt(answer: JsonObject, ...path: readonly string[]): string {
  let value: unknown = answer;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  if (typeof value !== 'string' || value === '')
    throw new Error(`An answer has no text at "${path.join('.')}": ${JSON.stringify(answer).slice(0, 400)}`);
  return value;
}
