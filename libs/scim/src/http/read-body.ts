import { isJsonObject, parseJson, type JsonObject } from '#kernel';
import type { Dialect } from '../dialects/contract.js';
import { invalidSyntax, payloadTooLarge, unsupportedMediaType } from '../protocol/errors.js';
import { headerOf, type ScimRequest } from './messages.js';

const MEBIBYTE = 1_048_576;

/** Largest bodies: a person is small, a group may list every member of a company, and a bulk request may hold it. */
export const BODY_LIMITS = { User: MEBIBYTE, Group: 20 * MEBIBYTE, Bulk: 20 * MEBIBYTE } as const;

/** A bulk request wraps other bodies. Each of them is checked when its turn comes, so that one spoils no other. */
const BULK_JSON = { maxDepth: 64, maxKeys: 100_000, maxStringLength: BODY_LIMITS.Bulk } as const;

const RFC_CONTENT_TYPES: readonly string[] = ['application/scim+json', 'application/json'];

/**
 * The JSON object of a request body.
 * @throws ScimError 415 for another media type, 413 above the limit, 400 `invalidSyntax` when it is no JSON object;
 *   InvalidInputError when a value in it is unacceptable
 */
export function readBody(request: ScimRequest, kind: keyof typeof BODY_LIMITS, dialect: Dialect): JsonObject {
  checkContentType(request, dialect);
  const body = request.body ?? new Uint8Array();
  const limit = BODY_LIMITS[kind];
  if (body.byteLength > limit)
    throw payloadTooLarge(
      `The body has ${body.byteLength} bytes; at most ${limit} are accepted here. Send fewer values per request.`,
    );
  const value = parseJson(body, kind === 'Bulk' ? BULK_JSON : {});
  if (!isJsonObject(value))
    throw invalidSyntax('The body must be a JSON object, such as {"schemas": […], …}.');
  return value;
}

/** A missing Content-Type is accepted: scripts forget it, and the parser is strict anyway. */
function checkContentType(request: ScimRequest, dialect: Dialect): void {
  const encoding = headerOf(request, 'content-encoding')?.toLowerCase();
  if (encoding !== undefined && encoding !== 'identity')
    throw unsupportedMediaType(
      `Content-Encoding "${encoding.slice(0, 40)}" is not accepted. Send the body uncompressed.`,
    );
  const header = headerOf(request, 'content-type');
  if (header === undefined) return;
  const semicolon = header.indexOf(';');
  const type = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  if (RFC_CONTENT_TYPES.includes(type) || dialect.acceptedContentTypes.includes(type)) return;
  throw unsupportedMediaType(
    `Content-Type "${type.slice(0, 80)}" is not accepted. Send the body as ${request.version === '1.1' ? 'application/json' : 'application/scim+json'}.`,
  );
}
