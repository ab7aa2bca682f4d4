import type { JsonObject } from '#kernel';
import { LIST_RESPONSE_URN } from '../schema/urns.js';

/** One page of a list. */
export interface ListResponseInput {
  readonly resources: readonly JsonObject[];
  /** All matches, not only this page. */
  readonly totalResults: number;
  /** Absent on pages that were asked for by cursor. */
  readonly startIndex?: number;
  /** Absent on the last page, and without cursors. */
  readonly nextCursor?: string;
}

/** Body of a list answer (RFC 7644 3.4.2, RFC 9865 2). `Resources` is there even when empty: some clients crash else. */
export function listResponse(input: ListResponseInput): JsonObject {
  return {
    schemas: [LIST_RESPONSE_URN],
    totalResults: input.totalResults,
    ...(input.startIndex === undefined ? {} : { startIndex: input.startIndex }),
    itemsPerPage: input.resources.length,
    ...(input.nextCursor === undefined ? {} : { nextCursor: input.nextCursor }),
    Resources: [...input.resources],
  };
}
