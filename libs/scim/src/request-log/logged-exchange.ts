import type { JsonObject } from '#kernel';
import type { ScimRequest, ScimResponse } from '../http/messages.js';
import type { ScimDirectory } from '../http/ports.js';
import type { Route } from '../http/route.js';
import type { ScimError } from '../protocol/errors.js';
import type { Observation } from './observe.js';

/** Everything about one exchange, secrets included: only for what makes a redacted entry of it. */
export interface LoggedExchange {
  readonly request: ScimRequest;
  readonly response: ScimResponse;
  readonly durationMs: number;
  /** Undefined for an address that does not exist. */
  readonly route: Route | undefined;
  /** Undefined when the request was not authenticated. */
  readonly directory: ScimDirectory | undefined;
  /** Name of the IdP as people know it: `Okta`. */
  readonly actor: string;
  readonly observation: Observation;
  /** Why it was refused; undefined when it was not. */
  readonly refusal: ScimError | undefined;
  /** Canonical body of the answer, where there is one. */
  readonly answer: JsonObject | undefined;
}

/** Takes exchanges after their answer; must return at once and never throw. */
export interface RequestLogSink {
  record(exchange: LoggedExchange): void;
}
