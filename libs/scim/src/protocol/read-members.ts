import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { NamedMembers } from '#model';
import { invalidValue } from './errors.js';
import { lastValue } from './json-object.js';
import { isUnassigned } from './read-value.js';
import { addressIn } from './reference.js';
import type { Tolerance } from './tolerance.js';

/** One element: whom it names, and whether it says that this is a group. */
interface Named {
  readonly value: string;
  readonly isGroup: boolean;
}

/**
 * Members of a group (RFC 7643 4.2) from `[{ value }]`, plain ids, a single one of either, or null for none. `type` or an
 * address in `$ref` may say that a member is a group, and a `$ref` alone names it; `display` is ignored. Each id is
 * returned once.
 * @throws ScimError `invalidValue` naming the element
 */
export function readMembers(value: JsonValue, tolerance: Tolerance): NamedMembers {
  if (isUnassigned(value, tolerance)) return { values: [] };
  if (tolerance.strict && !Array.isArray(value))
    throw invalidValue('The value of "members" has the wrong type: send an array.', 'members');
  const elements = Array.isArray(value) ? value : [value];
  const named = elements.flatMap((element, index) => readMember(element, `members[${index}]`, tolerance));
  const values = [...new Set(named.map((each) => each.value))];
  const groups = [...new Set(named.filter((each) => each.isGroup).map((each) => each.value))];
  return groups.length === 0 ? { values } : { values, groups };
}

function readMember(element: JsonValue, name: string, tolerance: Tolerance): Named[] {
  if (isUnassigned(element, tolerance)) return [];
  if (typeof element === 'string') return [{ value: element, isGroup: false }];
  if (typeof element === 'number' && !tolerance.strict) return [{ value: String(element), isGroup: false }];
  if (!isJsonObject(element)) throw unusable(name);
  return readReference(element, name, tolerance);
}

function readReference(element: JsonObject, name: string, tolerance: Tolerance): Named[] {
  const value = lastValue(element, 'value') ?? addressIn(lastValue(element, '$ref'))?.id;
  if (value === undefined || Array.isArray(value) || typeof value === 'boolean') throw unusable(name);
  const isGroup = saysGroup(element);
  return readMember(value, `${name}.value`, tolerance).map((each) => ({
    ...each,
    isGroup: isGroup || each.isGroup,
  }));
}

/** The type is what the element says it is, else what its address says. */
function saysGroup(element: JsonObject): boolean {
  const type = lastValue(element, 'type');
  if (typeof type === 'string' && /^(user|group)$/i.test(type)) return type.toLowerCase() === 'group';
  return addressIn(lastValue(element, '$ref'))?.type === 'Group';
}

function unusable(name: string): Error {
  return invalidValue(
    `"${name}" has no usable "value": send { "value": "<user or group id>" }.`,
    `${name}.value`,
  );
}
