import { isJsonObject, type JsonObject } from '#kernel';

/** Posts to the REST and management API with one key, as anybody could with curl. */
export class RestClient {
  readonly #baseUrl: string;
  readonly #apiKey: string;

  constructor(baseUrl: string, apiKey: string) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
  }

  async post(path: string, body: JsonObject): Promise<JsonObject> {
    const response = await fetch(`${this.#baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`POST ${path} was answered with ${response.status}: ${text.slice(0, 600)}`);
    const answer: unknown = JSON.parse(text);
    if (!isJsonObject(answer))
      throw new Error(`POST ${path} was answered with no JSON object: ${text.slice(0, 600)}`);
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
