import type { JsonObject, JsonValue } from '#kernel';
import { invalidSyntax, invalidValue } from '../errors.js';
import { lastValue } from '../json-object.js';
import { SEARCH_REQUEST_URN } from '../schema/urns.js';
import {
  checkCount,
  readCount,
  readNames,
  readSortOrder,
  readStartIndex,
  withoutUndefined,
  type ListQuery,
} from './list-query.js';

/**
 * Reads the body of a `.search` (RFC 7644 3.4.3), which asks the same as the query of a GET. Numbers may be strings
 * and lists comma-separated text, as in a query.
 * @throws ScimError `invalidSyntax` or `invalidValue` naming the member
 */
export function readSearchRequest(body: JsonObject): ListQuery {
  checkSchemas(lastValue(body, 'schemas'));
  const text = (name: string): string | undefined => readText(lastValue(body, name), name);
  if (text('cursor') !== undefined) checkCount(text('count'));
  return {
    ...withoutUndefined({
      filter: text('filter'),
      cursor: text('cursor'),
      sortBy: text('sortBy') || undefined,
    }),
    startIndex: readStartIndex(text('startIndex')),
    count: readCount(text('count')),
    sortOrder: readSortOrder(text('sortOrder')),
    attributes: readList(lastValue(body, 'attributes'), 'attributes'),
    excludedAttributes: readList(lastValue(body, 'excludedAttributes'), 'excludedAttributes'),
  };
}

/** A body of another message has lost its way; without `schemas` the endpoint says what it is. */
function checkSchemas(schemas: JsonValue | undefined): void {
  if (!Array.isArray(schemas) || schemas.length === 0) return;
  const wanted = SEARCH_REQUEST_URN.toLowerCase();
  if (schemas.some((urn) => typeof urn === 'string' && urn.toLowerCase() === wanted)) return;
  throw invalidSyntax(`"schemas" must contain "${SEARCH_REQUEST_URN}".`, 'schemas');
}

function readText(value: JsonValue | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalidValue(`"${name}" has the wrong type: send text or a number.`, name);
}

function readList(value: JsonValue | undefined, name: string): string[] {
  if (value === undefined || value === null) return [];
  const names = Array.isArray(value) ? value : [value];
  if (names.every((entry) => typeof entry === 'string')) return readNames(names);
  throw invalidValue(`"${name}" has the wrong type: send an array of attribute names.`, name);
}
