import type { JsonObject } from '#kernel';
import { errorBody, type ScimError } from '../errors.js';
import { BULK_RESPONSE_URN } from '../schema/urns.js';
import type { BulkOperation } from './bulk-request.js';

/** What became of one operation. */
export interface BulkOutcome {
  readonly status: number;
  readonly location?: string;
  readonly version?: string;
  readonly error?: ScimError;
}

/** One entry per processed operation (RFC 7644 3.7.3). */
export function bulkResponse(
  processed: readonly { readonly operation: BulkOperation; readonly outcome: BulkOutcome }[],
): JsonObject {
  return { schemas: [BULK_RESPONSE_URN], Operations: processed.map(writeEntry) };
}

function writeEntry({
  operation: { method, bulkId },
  outcome: { status, location, version, error },
}: {
  readonly operation: BulkOperation;
  readonly outcome: BulkOutcome;
}): JsonObject {
  return {
    method,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(version === undefined ? {} : { version }),
    ...(location === undefined ? {} : { location }),
    status: String(status),
    ...(error === undefined ? {} : { response: errorBody(error) }),
  };
}
