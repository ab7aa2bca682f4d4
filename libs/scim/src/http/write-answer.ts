import type { JsonObject } from '#kernel';
import type { Dialect } from '../dialects/contract.js';
import { errorBody } from '../protocol/errors.js';
import { fromCanonical, type Answer, type ScimCall } from './call.js';
import type { Refusal } from './error-answer.js';
import { headerOf, type ScimRequest, type ScimResponse } from './messages.js';

const SCIM_JSON = 'application/scim+json';
const PLAIN_JSON = 'application/json';

/** The answer of an operation in the words of the IdP's dialect and protocol version. */
export function writeAnswer(call: ScimCall, answer: Answer): ScimResponse {
  const { status, message, etag, location } = answer;
  const body = message === undefined ? undefined : JSON.stringify(fromCanonical(call, message));
  return {
    status,
    headers: {
      ...(body === undefined ? {} : { 'content-type': contentType(call.request) }),
      ...(etag === undefined ? {} : { etag }),
      ...(location === undefined ? {} : { location }),
    },
    body,
  };
}

/** An error in the words of the protocol version; it may come before the directory and its dialect are known. */
export function writeRefusal(
  request: ScimRequest,
  refusal: Refusal,
  translator: Dialect | undefined,
): ScimResponse {
  const canonical: JsonObject = errorBody(refusal.error);
  const body = translator?.writeResponse?.({ kind: 'error', body: canonical }) ?? canonical;
  return {
    status: refusal.error.status,
    headers: { 'content-type': contentType(request), ...refusal.headers },
    body: JSON.stringify(body),
  };
}

/** 1.1 knows only plain JSON; a 2.0 client gets it when it accepts nothing else (RFC 7644 3.1). */
function contentType(request: ScimRequest): string {
  if (request.version === '1.1') return PLAIN_JSON;
  const accept = headerOf(request, 'accept')?.toLowerCase();
  if (accept === undefined || accept.includes('scim+json') || accept.includes('*/*')) return SCIM_JSON;
  return accept.includes(PLAIN_JSON) ? PLAIN_JSON : SCIM_JSON;
}
