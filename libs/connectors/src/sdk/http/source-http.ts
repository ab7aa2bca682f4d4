import type { Readable } from 'node:stream';
import type { JsonValue } from '#kernel';
import type { RequestLimits } from '../manifest.js';
import type { SourceError } from '../source-error.js';

/** How one vendor tenant is asked. */
export interface SourceHttpOptions {
  /** `https://graph.microsoft.com/v1.0`; a request's `path` is appended. Requests never leave this origin. */
  readonly baseUrl: string;
  /** More origins that absolute links may lead to, such as a token endpoint. */
  readonly alsoAllowed?: readonly string[];
  readonly limits: RequestLimits;
  /** Headers that carry the credential. `renew` after a 401: get a new token; called once per rejected token. */
  readonly authorize?: (reason: { readonly renew: boolean }) => Promise<Readonly<Record<string, string>>>;
  /** The vendor's own meaning of an answer; undefined leaves it to the defaults. */
  readonly judge?: (answer: SourceAnswer) => Verdict | undefined;
  /** Time to the first byte, ms; reports may need half an hour. */
  readonly firstByteMs?: number;
  /** More certificate authorities to trust, PEM. */
  readonly ca?: string;
}

/**
 * `retry` waits for `afterMs` (or backs off) and asks again; an error ends the request. `pauseMs` beside `ok`: the
 * vendor's quota is nearly used up, no request of this source starts before that time has passed.
 */
export type Verdict =
  | { readonly kind: 'ok'; readonly pauseMs?: number }
  | {
      readonly kind: 'retry';
      readonly afterMs?: number;
      /** What it is when all tries are used up; without it the status' own meaning, or `rate_limited` for a 2xx. */
      readonly error?: SourceError;
    }
  | { readonly kind: 'fail'; readonly error: SourceError };

export interface SourceRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Appended to the base URL, with a leading slash … */
  readonly path?: string;
  /** … or an absolute link out of an answer; refused when it leads to another origin. */
  readonly url?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: JsonValue;
  readonly form?: Readonly<Record<string, string>>;
  /** A body of another kind, with its content type in `headers`. */
  readonly text?: string;
  /** Statuses besides 2xx that are answers and no failures. */
  readonly accept?: readonly number[];
  /** False for token requests: no `authorize`. */
  readonly authorized?: boolean;
  /** Integers beyond 2^53 become strings. Costs time, so only where a vendor has such ids. */
  readonly bigNumbers?: boolean;
}

/** A whole answer. Header names are in lower case. */
export interface SourceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly url: string;
  readonly text: string;
}

export interface JsonAnswer extends SourceAnswer {
  readonly body: JsonValue;
}

/** An HTTP client that behaves: paced by the vendor's limits, retried where that is safe, pinned to its origin. */
export interface SourceHttp {
  /** @throws SourceError; `source_changed_shape` when the answer is no JSON. */
  json(request: SourceRequest): Promise<JsonAnswer>;
  /** @throws SourceError */
  text(request: SourceRequest): Promise<SourceAnswer>;
  /** A body of any size, not retried once it flows. @throws SourceError */
  stream(
    request: SourceRequest,
  ): Promise<{ readonly answer: Omit<SourceAnswer, 'text'>; readonly body: Readable }>;
}
