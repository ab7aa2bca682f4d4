import { isJsonObject, type JsonObject } from '#kernel';
import type { HttpAnswer, HttpRequest, HttpSend } from './http-send.js';

/** One request as the server saw it. */
export interface SeenRequest {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject | undefined;
}

/**
 * Just enough of a SCIM server to hear what an IdP says: hands out ids, finds by one attribute, merges PUT. It keeps
 * every request and does not understand PATCH.
 */
export class InMemoryScim {
  readonly seen: SeenRequest[] = [];
  readonly #resources = new Map<string, JsonObject>();

  readonly send: HttpSend = async (request) => {
    const url = new URL(request.url);
    const path = url.pathname.replace('/scim/key', '');
    const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body);
    const seen = isJsonObject(body) ? body : undefined;
    this.seen.push({ line: `${request.method} ${path}${url.search}`, headers: request.headers, body: seen });
    return Promise.resolve(this.#answer(request, path, seen));
  };

  /** Method and address of every request. */
  lines(): string[] {
    return this.seen.map(({ line }) => line);
  }

  /** The body of the last request. */
  lastBody(): JsonObject | undefined {
    return this.seen.at(-1)?.body;
  }

  forgetRequests(): void {
    this.seen.length = 0;
  }

  #answer({ method, url }: HttpRequest, path: string, body: JsonObject | undefined): HttpAnswer {
    if (method === 'POST') {
      const id = `id-${this.#resources.size + 1}`;
      this.#resources.set(`${path}/${id}`, { ...body, id });
      return answer(201, { ...body, id });
    }
    if (method === 'GET' && /^\/\w+$/.test(path))
      return answer(200, this.#list(path, new URL(url).searchParams));
    const stored = this.#resources.get(path);
    if (!stored) return answer(404, { detail: 'not found' });
    if (method === 'DELETE') this.#resources.delete(path);
    if (method === 'PUT') this.#resources.set(path, { ...body });
    return method === 'GET' || method === 'PUT' ? answer(200, stored) : answer(204);
  }

  #list(collection: string, query: URLSearchParams): JsonObject {
    const [, attribute, value] = /^(\w+) eq (".*")$/.exec(query.get('filter') ?? '') ?? [];
    const found = [...this.#resources].filter(
      ([path, resource]) =>
        path.startsWith(`${collection}/`) &&
        (attribute === undefined || JSON.stringify(resource[attribute]) === value),
    );
    return { totalResults: found.length, Resources: found.map(([, resource]) => resource) };
  }
}

function answer(status: number, body?: JsonObject): HttpAnswer {
  return { status, headers: {}, text: body === undefined ? '' : JSON.stringify(body) };
}
