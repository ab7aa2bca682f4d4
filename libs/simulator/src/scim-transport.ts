import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject } from '#kernel';
import { sendOverHttp, type HttpAnswer, type HttpSend } from './http-send.js';

/** The server refused a request, or answered with something that is no SCIM. */
export class IdpRequestError extends Error {
  readonly method: string;
  readonly path: string;
  /** 0 when there was no answer at all. */
  readonly status: number;
  readonly body: string;

  constructor(call: ScimCall, answer: { readonly status: number; readonly text: string }, cause?: unknown) {
    const outcome = answer.status === 0 ? 'got no answer' : `was answered with ${answer.status}`;
    super(`${call.method} ${call.path} ${outcome}: ${answer.text.slice(0, 600) || '(empty body)'}`, {
      cause,
    });
    this.name = 'IdpRequestError';
    this.method = call.method;
    this.path = call.path;
    this.status = answer.status;
    this.body = answer.text;
  }
}

export interface ScimCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the endpoint, with query: `/Users?filter=…`. */
  readonly path: string;
  readonly body?: JsonObject;
}

export interface ScimTransportOptions {
  readonly endpoint: string;
  readonly token: string;
  /** Those that every request of this IdP carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly send?: HttpSend;
  /** Waits out `Retry-After`; replaceable so that specs need not. */
  readonly wait?: (ms: number) => Promise<void>;
}

const MAX_ATTEMPTS = 10;
const LONGEST_WAIT_MS = 60_000;

/** SCIM requests with a bearer token. Waits and repeats on 429, everything else that is no 2xx is thrown. */
export class ScimTransport {
  readonly #options: ScimTransportOptions;
  readonly #send: HttpSend;
  readonly #wait: (ms: number) => Promise<void>;

  constructor(options: ScimTransportOptions) {
    this.#options = { ...options, endpoint: options.endpoint.replace(/\/+$/, '') };
    this.#send = options.send ?? sendOverHttp;
    this.#wait = options.wait ?? (async (ms) => sleep(ms));
  }

  /** @returns the resource or list; an empty object for an answer without body. */
  async call(call: ScimCall): Promise<JsonObject> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#exchange(call);
      if (answer.status === 429 && attempt < MAX_ATTEMPTS) {
        await this.#wait(retryAfterMs(answer));
        continue;
      }
      if (answer.status < 200 || answer.status > 299) throw new IdpRequestError(call, answer);
      return readBody(call, answer);
    }
  }

  async #exchange(call: ScimCall): Promise<HttpAnswer> {
    const { endpoint, token, headers } = this.#options;
    try {
      return await this.#send({
        method: call.method,
        url: `${endpoint}${call.path}`,
        headers: { ...headers, authorization: `Bearer ${token}` },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
    } catch (cause) {
      throw new IdpRequestError(call, { status: 0, text: (cause as Error).message }, cause);
    }
  }
}

function readBody(call: ScimCall, answer: HttpAnswer): JsonObject {
  if (answer.text === '') return {};
  try {
    const body: unknown = JSON.parse(answer.text);
    if (isJsonObject(body)) return body;
  } catch (cause) {
    throw new IdpRequestError(call, answer, cause);
  }
  throw new IdpRequestError(call, answer);
}

/** Seconds or a date (RFC 9110 10.2.3); a second when the server does not say. */
function retryAfterMs(answer: HttpAnswer): number {
  const header = answer.headers['retry-after'];
  const text = (Array.isArray(header) ? header[0] : header) ?? '1';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Math.min(Math.max(Number.isFinite(ms) ? ms : 1_000, 0), LONGEST_WAIT_MS);
}
