import {
  AuthenticationError,
  ConflictError,
  InvalidInputError,
  NotFoundError,
  PermissionError,
  RetryableError,
  translateOutage,
} from '#kernel';
import {
  ScimError,
  conflict,
  forbidden,
  internalError,
  invalidSyntax,
  invalidValue,
  notFound,
  preconditionFailed,
  unauthorized,
  unavailable,
  uniqueness,
} from '../protocol/errors.js';
import { MethodNotAllowed } from './method-not-allowed.js';
import { RetryLater } from './retry-later.js';

/** A refusal ready to be written. */
export interface Refusal {
  readonly error: ScimError;
  readonly headers: Readonly<Record<string, string>>;
  /** Word for logs and metrics. */
  readonly reason: string;
  /** Set when it is our fault. */
  readonly failure?: unknown;
}

/** Turns whatever was thrown into the closed list of SCIM errors (RFC 7644 3.12). Nothing internal gets out. */
export function toRefusal(failure: unknown, requestId: string): Refusal {
  const thrown = translateOutage(failure);
  if (thrown instanceof ScimError) return scimRefusal(thrown);
  if (thrown instanceof InvalidInputError) return refusal(inputError(thrown));
  if (thrown instanceof NotFoundError) return refusal(notFound(thrown.message));
  if (thrown instanceof ConflictError) return refusal(conflictError(thrown));
  if (thrown instanceof AuthenticationError)
    return {
      ...refusal(unauthorized(thrown.message)),
      headers: { 'www-authenticate': 'Bearer realm="scim"' },
    };
  if (thrown instanceof PermissionError) return refusal(forbidden(thrown.message));
  if (thrown instanceof RetryableError)
    return {
      ...refusal(unavailable(thrown.message)),
      headers: { 'retry-after': String(Math.max(1, Math.ceil(thrown.retryAfterSeconds))) },
      failure: thrown,
    };
  const detail = `The server failed to process this request. It is safe to send it again. If it keeps failing, give the operator the request id ${requestId}.`;
  return { ...refusal(internalError(detail)), failure: thrown };
}

function inputError(error: InvalidInputError): ScimError {
  const make = error.code === 'invalid_json' ? invalidSyntax : invalidValue;
  return make(error.message, error.problems[0]?.field);
}

/** Which attribute a uniqueness conflict is about. */
const TAKEN: Readonly<Record<string, string>> = {
  user_name_taken: 'userName',
  group_name_taken: 'displayName',
  group_external_id_taken: 'externalId',
};

function scimRefusal(error: ScimError): Refusal {
  if (error instanceof RetryLater)
    return {
      error,
      headers: { 'retry-after': String(error.retryAfterSeconds), ...error.headers },
      reason: error.reason,
    };
  return error instanceof MethodNotAllowed
    ? { ...refusal(error), headers: { allow: error.allow } }
    : refusal(error);
}

function conflictError(error: ConflictError): ScimError {
  if (error.reason === 'uniqueness') return uniqueness(error.message, TAKEN[error.code ?? '']);
  if (error.reason === 'state') return conflict(error.message);
  return preconditionFailed(
    'If-Match names another version than the current one: somebody else has changed this resource. Read it again, then repeat the change with its new ETag.',
  );
}

function refusal(error: ScimError): Refusal {
  return { error, headers: {}, reason: error.scimType ?? `http_${error.status}` };
}
