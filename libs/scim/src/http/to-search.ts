import { FIRST_SEARCH_PARAMETER } from '#directory';
import type { JsonObject } from '#kernel';
import { ScimError } from '../protocol/errors.js';
import type { Filter } from '../protocol/filter/ast.js';
import { matchesFilter } from '../protocol/filter/evaluate.js';
import { parseFilter } from '../protocol/filter/parse.js';
import { sortToSql } from '../protocol/filter/sort-to-sql.js';
import { filterToSql } from '../protocol/filter/to-sql.js';
import type { ListQuery } from '../protocol/messages/list-query.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import type { Tolerance } from '../protocol/tolerance.js';
import type { ScimSearch } from './ports.js';

/** What a list request asks of one resource type, without the page. @throws ScimError 400 for what cannot be answered */
export function toSearch(
  type: ResourceTypeName,
  query: ListQuery,
  { unknownFilterAttribute }: Tolerance,
): Omit<ScimSearch, 'offset' | 'limit'> {
  const filter = query.filter === undefined ? undefined : parseLeniently(query.filter);
  const options = { firstParameter: FIRST_SEARCH_PARAMETER, unknownAttribute: unknownFilterAttribute };
  const where = filter === undefined ? undefined : filterToSql(filter, type, options);
  const behindFilter = FIRST_SEARCH_PARAMETER + (where?.values.length ?? 0);
  const { sortBy, sortOrder } = query;
  return {
    ...(where === undefined ? {} : { where }),
    ...(filter === undefined
      ? {}
      : { matches: (resource: JsonObject): boolean => matchesFilter(filter, { type, resource }) }),
    ...(sortBy === undefined ? {} : { orderBy: sortToSql({ sortBy, sortOrder }, type, behindFilter) }),
  };
}

/** Some clients encode twice; a filter that does not parse and still has escapes in it gets a second decoding. */
function parseLeniently(text: string): Filter {
  try {
    return parseFilter(text);
  } catch (error) {
    const decoded = error instanceof ScimError ? decodedAgain(text) : undefined;
    if (decoded === undefined) throw error;
    return parseFilter(decoded);
  }
}

function decodedAgain(text: string): string | undefined {
  if (!text.includes('%22') && !text.includes('%20')) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
