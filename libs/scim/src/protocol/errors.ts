import type { JsonObject } from '#kernel';
import { ERROR_URN } from './schema/urns.js';

/** Detail error keywords of RFC 7644 3.12 (table 9) and RFC 9865 4. The list is closed. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

interface ScimErrorFields {
  readonly status: number;
  readonly scimType?: ScimType;
  /** The attribute or parameter at fault, for logs and tests. */
  readonly attribute?: string;
}

const MAX_DETAIL = 1_000;

/** An expected refusal of a SCIM request (RFC 7644 3.12). `detail` is shown to the peer. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | undefined;
  readonly detail: string;
  readonly attribute: string | undefined;

  constructor(detail: string, fields: ScimErrorFields) {
    const text = detail.slice(0, MAX_DETAIL).toWellFormed();
    super(text);
    this.name = 'ScimError';
    this.detail = text;
    this.status = fields.status;
    this.scimType = fields.scimType;
    this.attribute = fields.attribute;
  }
}

/** Body of an error answer (RFC 7644 3.12); `status` is a string there. */
export function errorBody(error: Pick<ScimError, 'status' | 'scimType' | 'detail'>): JsonObject {
  return {
    schemas: [ERROR_URN],
    status: String(error.status),
    ...(error.scimType === undefined ? {} : { scimType: error.scimType }),
    detail: error.detail,
  };
}

/** Makes one kind of refusal: what is wrong and what to do, and which attribute it is about. */
export type ErrorFactory = (detail: string, attribute?: string) => ScimError;

/** The filter is malformed or combines attribute and operator in an unsupported way. */
export const invalidFilter: ErrorFactory = badRequest('invalidFilter');
/** The request asks for more than the server is willing to process at once. */
export const tooMany: ErrorFactory = badRequest('tooMany');
/** The change contradicts the mutability of an attribute (RFC 7643 2.2). */
export const mutability: ErrorFactory = badRequest('mutability');
/** The body does not have the structure of the expected message. */
export const invalidSyntax: ErrorFactory = badRequest('invalidSyntax');
/** The PATCH path is malformed or names an attribute that does not exist. */
export const invalidPath: ErrorFactory = badRequest('invalidPath');
/** The PATCH path selects nothing that could be changed. */
export const noTarget: ErrorFactory = badRequest('noTarget');
/** A required value is missing, or a value has the wrong type. */
export const invalidValue: ErrorFactory = badRequest('invalidValue');
/** The protocol version is not the one this base URL speaks. */
export const invalidVersion: ErrorFactory = badRequest('invalidVers');
/** The request would put sensitive data into a URL. */
export const sensitive: ErrorFactory = badRequest('sensitive');
/** The cursor is not one of ours, or belongs to another query (RFC 9865 4). */
export const invalidCursor: ErrorFactory = badRequest('invalidCursor');
/** The cursor was valid but is too old (RFC 9865 4). */
export const expiredCursor: ErrorFactory = badRequest('expiredCursor');
/** The page size is not acceptable (RFC 9865 4). */
export const invalidCount: ErrorFactory = badRequest('invalidCount');
/** A unique value is taken (RFC 7644 3.3, 3.5). */
export const uniqueness: ErrorFactory = refusal(409, 'uniqueness');
/** The change contradicts the stored state, e.g. references that cannot be resolved (RFC 7644 3.7.1). */
export const conflict: ErrorFactory = refusal(409);
/** The credential is missing or wrong (RFC 7644 2). */
export const unauthorized: ErrorFactory = refusal(401);
/** The credential is good but does not allow this (RFC 7644 3.12). */
export const forbidden: ErrorFactory = refusal(403);
/** The resource or endpoint does not exist (RFC 7644 3.4.1). */
export const notFound: ErrorFactory = refusal(404);
/** The endpoint exists but not for this method. */
export const methodNotAllowed: ErrorFactory = refusal(405);
/** None of the accepted media types can be produced. */
export const notAcceptable: ErrorFactory = refusal(406);
/** `If-Match` names another version (RFC 7644 3.14). */
export const preconditionFailed: ErrorFactory = refusal(412);
/** The body or the bulk request is too large; the detail names the limit (RFC 7644 3.7.4). */
export const payloadTooLarge: ErrorFactory = refusal(413);
/** The body is of a type that is no JSON (RFC 7644 3.1). */
export const unsupportedMediaType: ErrorFactory = refusal(415);
/** Too many requests; the answer carries Retry-After. */
export const rateLimited: ErrorFactory = refusal(429);
/** Our fault; the peer may try again. */
export const internalError: ErrorFactory = refusal(500);
/** The feature is not offered, e.g. `/Me` (RFC 7644 3.11). */
export const notImplemented: ErrorFactory = refusal(501);
/** Temporarily impossible; the answer carries Retry-After. */
export const unavailable: ErrorFactory = refusal(503);

function badRequest(scimType: ScimType): ErrorFactory {
  return refusal(400, scimType);
}

function refusal(status: number, scimType?: ScimType): ErrorFactory {
  return (detail, attribute) => new ScimError(detail, { status, scimType, attribute });
}
