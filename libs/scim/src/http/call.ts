import type { DirectoryRef } from '#directory';
import type { JsonObject } from '#kernel';
import type { Directory } from '#model';
import type { AnswerMessage, Dialect, ReceivedMessage } from '../dialects/contract.js';
import type { DialectSwitches } from '../dialects/switches.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import type { ScimRequest } from './messages.js';
import type { ScimPorts } from './ports.js';
import type { Route } from './route.js';

/** One authenticated request on its way through an operation. */
export interface ScimCall {
  readonly request: ScimRequest;
  readonly directory: Directory;
  readonly ref: DirectoryRef;
  readonly dialect: Dialect;
  readonly switches: DialectSwitches;
  /** Translator of the protocol version; undefined for 2.0. */
  readonly translator: Dialect | undefined;
  /** Base URL of this directory as the IdP reaches it, for `meta.location`. */
  readonly baseUrl: string;
  /** Decoded query parameters. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** A call whose route is known to be of one kind. */
export interface RoutedCall<Kind extends Route['kind']> extends ScimCall {
  readonly route: RouteOf<Kind>;
}

type RouteOf<Kind> = Kind extends Route['kind'] ? Extract<Route, { readonly kind: Kind }> : never;

/** What an operation answers; the server writes it. */
export interface Answer {
  readonly status: number;
  readonly message?: AnswerMessage;
  readonly etag?: string;
  readonly location?: string;
  /** What was our fault although the answer is no refusal (bulk): for the log. */
  readonly failure?: unknown;
}

export type Operation<Kind extends Route['kind']> = (
  call: RoutedCall<Kind>,
  ports: ScimPorts,
) => Answer | Promise<Answer>;

/** A received body in canonical SCIM 2.0: first the protocol version is translated, then the IdP's dialect. */
export function toCanonical(
  call: ScimCall,
  kind: ReceivedMessage['kind'],
  received: { readonly resourceType: ResourceTypeName; readonly body: JsonObject },
): JsonObject {
  const { resourceType } = received;
  const body = call.translator?.readRequest?.({ kind, ...received }) ?? received.body;
  return call.dialect.readRequest?.({ kind, resourceType, body }) ?? body;
}

/** The way back: the IdP's dialect first, then the protocol version. */
export function fromCanonical(call: ScimCall, message: AnswerMessage): JsonObject {
  const body = call.dialect.writeResponse?.(message) ?? message.body;
  return call.translator?.writeResponse?.({ kind: message.kind, body }) ?? body;
}
