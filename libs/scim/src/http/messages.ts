import type { ScimVersion } from '../dialects/contract.js';

/** One request, as plain data: no framework behind it. */
export interface ScimRequest {
  readonly version: ScimVersion;
  /** The directory's key in the address. */
  readonly externalKey: string;
  readonly method: string;
  /** What follows the key in the address, still percent-encoded, without the query: `/Users/…`. */
  readonly path: string;
  /** Raw query, without `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array | undefined;
  /** Address of the one who connects, as far as it can be trusted. */
  readonly peer?: string;
  /** Shown to the peer when something goes wrong on our side, and found in the log. */
  readonly requestId: string;
}

export interface ScimResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What is known about an exchange after its answer: no body, no query, no token, nothing personal. */
export interface ScimExchange {
  readonly requestId: string;
  readonly version: ScimVersion;
  readonly method: string;
  /** `/Users/{id}`, never the id itself; `unknown` for paths that do not exist. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** Absent while the request is not authenticated. */
  readonly directoryId?: string;
  readonly dialect?: string;
  /** SCIM error keyword or our error code of a refusal. */
  readonly reason?: string;
  /** The failure itself, when it is our fault: for the log. */
  readonly failure?: unknown;
}

/** First value of a header, trimmed; undefined when absent or blank. */
export function headerOf(request: Pick<ScimRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  const text = (typeof value === 'string' ? value : value?.[0])?.trim();
  return text === '' ? undefined : text;
}
