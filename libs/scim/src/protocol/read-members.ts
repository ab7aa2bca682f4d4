import { isJsonObject, type JsonValue } from '#kernel';
import { invalidValue } from './errors.js';
import { lastValue } from './json-object.js';
import { isUnassigned } from './read-value.js';
import { idInReference } from './reference.js';
import type { Tolerance } from './tolerance.js';

/**
 * Member ids of a group (RFC 7643 4.2) from `[{ value }]`, plain ids, a single one of either, or null for none.
 * A member without `value` is known by its `$ref`; `type` and `display` are computed by us. Each id is returned once.
 * @throws ScimError `invalidValue` naming the element
 */
export function readMembers(value: JsonValue, tolerance: Tolerance): string[] {
  if (isUnassigned(value, tolerance)) return [];
  if (tolerance.strict && !Array.isArray(value))
    throw invalidValue('The value of "members" has the wrong type: send an array.', 'members');
  const elements = Array.isArray(value) ? value : [value];
  const ids = elements.flatMap((element, index) => readMember(element, `members[${index}]`, tolerance));
  return [...new Set(ids)];
}

function readMember(element: JsonValue, name: string, tolerance: Tolerance): string[] {
  if (isUnassigned(element, tolerance)) return [];
  if (typeof element === 'string') return [element];
  if (typeof element === 'number' && !tolerance.strict) return [String(element)];
  const value = isJsonObject(element)
    ? (lastValue(element, 'value') ?? idInReference(lastValue(element, '$ref')))
    : undefined;
  if (value === undefined || Array.isArray(value) || typeof value === 'boolean')
    throw invalidValue(`"${name}" has no usable "value": send { "value": "<id>" }.`, `${name}.value`);
  return readMember(value, `${name}.value`, tolerance);
}
