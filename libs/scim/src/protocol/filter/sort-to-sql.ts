import { invalidValue } from '../errors.js';
import type { ResourceTypeName } from '../schema/definitions.js';
import { resolveAttribute, type ResolvedAttribute } from '../schema/resolve-attribute.js';
import { findSchema, subAttributeOf } from '../schema/resource-types.js';
import { splitName } from '../schema/split-name.js';
import { customSortKey } from './custom-filter.js';
import { columnOf } from './sql-columns.js';
import type { AddParameter } from './sql-test.js';
import { jsonPath, quote, type SqlCondition } from './sql-text.js';

/** Direction of a sorted list (RFC 7644 3.4.2.3). */
export type SortOrder = 'ascending' | 'descending';

/** `sortBy` and `sortOrder` of a request. */
export interface Sort {
  readonly sortBy: string;
  readonly sortOrder: SortOrder;
}

/** What to sort by, for the store. */
export interface SortKey extends SqlCondition {
  readonly descending: boolean;
}

/**
 * Sort key for `sortBy` (RFC 7644 3.4.2.3), NULL where the attribute is absent: the store puts it last, in descending
 * order first, and breaks ties by id, so that pages are stable. The text holds only names of our schemas; those of
 * others are parameters, numbered from `firstParameter`.
 * @throws ScimError `invalidValue` when the attribute does not exist or has no order
 */
export function sortToSql(sort: Sort, target: ResourceTypeName, firstParameter: number): SortKey {
  const { sortBy } = sort;
  const descending = sort.sortOrder === 'descending';
  const found = resolveAttribute(target, sortBy);
  if (found !== undefined) return { text: sortKey(found, target), values: [], descending };
  const name = splitName(sortBy);
  if (name?.schema === undefined || name.attribute === undefined || findSchema(name.schema) !== undefined)
    throw refuse(`"${sortBy}" is no attribute of ${target}`);
  const values: string[] = [];
  const add: AddParameter = (value) => `$${firstParameter - 1 + values.push(String(value))}`;
  return { text: customSortKey(name, target === 'User' ? 'u' : 'g', add), values, descending };
}

function sortKey(found: ResolvedAttribute, target: ResourceTypeName): string {
  const { attribute } = found;
  const sub = found.subAttribute ?? subAttributeOf(attribute, 'value');
  const column = columnOf(target, sub === undefined ? attribute.name : `${attribute.name}.${sub.name}`);
  if (column !== undefined) return column.kind === 'text' ? `${column.text} COLLATE "C"` : column.text;
  const computed = ['schemas', 'meta', 'members', 'groups', 'password'].includes(attribute.name);
  if (computed) throw refuse(`lists cannot be sorted by "${attribute.name}"`);
  if (attribute.type === 'complex' && sub === undefined)
    throw refuse(`"${attribute.name}" is complex: sort by one of its parts`);
  const path = jsonPath(target, found);
  if (sub === undefined) return jsonKey(path);
  if (!attribute.multiValued) return jsonKey(`(${path} -> ${quote(sub.name)})`);
  return elementKey(path, sub.name);
}

/** Text of a string or boolean in the document; anything else counts as absent. */
function jsonKey(json: string): string {
  return `(CASE WHEN jsonb_typeof(${json}) IN ('string', 'boolean') THEN ${json} #>> '{}' END) COLLATE "C"`;
}

/** A list is sorted by its primary element, else by the first. */
function elementKey(path: string, sub: string): string {
  const elements = `CASE WHEN jsonb_typeof(${path}) = 'array' THEN ${path} ELSE '[]'::jsonb END`;
  return (
    `(SELECT ${jsonKey(`(e.value -> ${quote(sub)})`)} ` +
    `FROM jsonb_array_elements(${elements}) WITH ORDINALITY AS e(value, place) ` +
    `ORDER BY (e.value -> 'primary') IS NOT DISTINCT FROM 'true'::jsonb DESC, e.place LIMIT 1)`
  );
}

function refuse(problem: string): Error {
  return invalidValue(`The "sortBy" parameter cannot be used: ${problem}.`, 'sortBy');
}
