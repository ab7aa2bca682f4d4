/** Calls the REST API as a stranger with a key would. */
export class RestClient {
  readonly #baseUrl: string;
  readonly #apiKey: string;

  constructor(baseUrl: string, apiKey: string) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
  }

  /** @throws Error with status and body unless the answer is 2xx. */
  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${this.#apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }
}

/** A SCIM directory as /management/directories creates it. */
export interface CreatedScimDirectory {
  readonly id: string;
  /** Below the service's own address, whatever the public URL says. */
  readonly endpoint: string;
  readonly token: string;
}

export async function createScimDirectory(
  rest: RestClient,
  baseUrl: string,
  type: string,
): Promise<CreatedScimDirectory> {
  const organization = await rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' });
  const created = await rest.call<{
    directory: { id: string };
    scim: { endpoint: string; bearer_token: string };
  }>('POST', '/management/directories', { organization_id: organization.id, name: type, type });
  return {
    id: created.directory.id,
    endpoint: baseUrl + new URL(created.scim.endpoint).pathname,
    token: created.scim.bearer_token,
  };
}
