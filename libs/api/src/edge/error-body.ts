import { HttpException } from '@nestjs/common';
import { UploadRefused, type UploadRefusal } from '#connectors';
import {
  AuthenticationError,
  ConflictError,
  InvalidInputError,
  NotFoundError,
  PermissionError,
  RetryableError,
  translateOutage,
  type InputProblem,
  type JsonObject,
} from '#kernel';

/** What the client gets instead of a result. */
export interface Failure {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

/** Refusals that the contract answers with 400, whatever kind of error they are inside. */
const BAD_REQUEST_CODES = new Set([
  'cursor_expired',
  'domain_already_verified',
  'external_id_already_used',
  'idempotency_key_reused',
  'invalid_cursor',
  'invalid_events_request',
  'invalid_json',
  'invalid_metadata',
  'stripe_customer_id_already_used',
]);

/**
 * The answer to a failed request. This is the only place that builds REST error bodies: always an object, `message`
 * always a string, never a top-level `error` (official SDKs take that for an OAuth failure).
 */
export function describeFailure(thrown: unknown, requestId: string): Failure {
  const error = translateOutage(thrown);
  if (error instanceof AuthenticationError)
    return failure(401, { message: 'Unauthorized' }, { 'www-authenticate': 'Bearer' });
  if (error instanceof PermissionError) return failure(403, { message: error.message });
  if (error instanceof NotFoundError) return failure(404, notFoundBody(error));
  if (error instanceof ConflictError)
    return failure(statusOf(error.code, 409), withCode(error.message, error.code));
  if (error instanceof InvalidInputError) return failure(statusOf(error.code, 422), invalidInputBody(error));
  if (error instanceof RetryableError)
    return failure(503, withCode(error.message, error.code), {
      'retry-after': String(error.retryAfterSeconds),
    });
  if (error instanceof UploadRefused) return uploadFailure(error);
  if (error instanceof HttpException && error.getStatus() !== 500)
    return failure(error.getStatus(), { message: error.message });
  return failure(500, { message: `Internal error. Quote request id ${requestId}.` });
}

const UPLOAD_STATUS: Readonly<Record<UploadRefusal, number>> = {
  unauthorized: 401,
  bad_name: 422,
  bad_digest: 400,
  bad_encoding: 422,
  empty: 422,
  incomplete: 400,
  digest_mismatch: 422,
  too_large: 413,
  too_many: 429,
  paused: 503,
  not_found: 404,
  not_uploaded: 409,
};
const UPLOAD_HEADERS: Partial<Record<UploadRefusal, Record<string, string>>> = {
  unauthorized: { 'www-authenticate': 'Bearer' },
  too_many: { 'retry-after': '60' },
  paused: { 'retry-after': '300' },
};

function uploadFailure({ reason, message }: UploadRefused): Failure {
  return failure(UPLOAD_STATUS[reason], { message, code: reason }, UPLOAD_HEADERS[reason]);
}

function failure(status: number, body: JsonObject, headers: Record<string, string> = {}): Failure {
  return { status, body, headers };
}

function statusOf(code: string | undefined, otherwise: number): number {
  return code !== undefined && BAD_REQUEST_CODES.has(code) ? 400 : otherwise;
}

function withCode(message: string, code: string | undefined): JsonObject {
  return code === undefined ? { message } : { message, code };
}

function notFoundBody(error: NotFoundError): JsonObject {
  const body = withCode(error.message, error.code);
  return error.entityId === undefined ? body : { ...body, entity_id: error.entityId };
}

/** SDKs print each `code` of `errors`, so for plain validation it is the sentence that says what to do. */
function invalidInputBody(error: InvalidInputError): JsonObject {
  const errors = error.problems.map((problem) => errorItem(problem, error.code));
  if (error.code === undefined || error.code === 'invalid_value')
    return errors.length === 0 ? { message: error.message } : { message: 'Validation failed', errors };
  const body = withCode(error.message, error.code);
  return errors.length === 0 ? body : { ...body, errors };
}

/** Webhook endpoints are the one place where the contract wants a word in `code` and the sentence beside it. */
function errorItem({ field, message }: InputProblem, code: string | undefined): JsonObject {
  if (code !== 'invalid_request_parameters') return { field, code: message };
  return { field, code: field === 'events' ? 'unknown_event_type' : 'invalid_value', message };
}
