import type { JsonValue } from '#kernel';
import type { MemberOperation } from '#model';
import { invalidFilter, invalidPath, invalidValue, mutability, type ScimError } from '../errors.js';
import type { Filter } from '../filter/ast.js';
import { readMembers } from '../read-members.js';
import { ID_PREFIX, idInReference } from '../reference.js';
import type { Tolerance } from '../tolerance.js';
import type { Step } from './resolve-target.js';

/**
 * What one operation means for the members of a group (RFC 7644 3.5.2). Groups are too large to be loaded for a
 * change of one member, so members are changed by steps and not as part of the resource.
 */
export function memberOperations(step: Step, tolerance: Tolerance): MemberOperation[] {
  const { filter, subAttribute } = step.path;
  const part = subAttribute?.toLowerCase();
  if (part !== undefined && part !== 'value') return ignorePart(part, tolerance);
  if (filter === undefined) return wholeList(step, tolerance);
  return selected(step, selectedIds(filter), tolerance);
}

/** `display`, `type` and `$ref` of members cannot be changed by themselves. */
function ignorePart(part: string, tolerance: Tolerance): MemberOperation[] {
  if (!['display', 'type', '$ref'].includes(part))
    throw invalidPath(`Members have no part "${part}".`, `members.${part}`);
  if (tolerance.unknownPathIgnored || (part === '$ref' && !tolerance.strict)) return [];
  throw mutability(`"members.${part}" cannot be changed: remove the operation.`, `members.${part}`);
}

function wholeList(step: Step, tolerance: Tolerance): MemberOperation[] {
  const { op, value } = step;
  if (op === 'remove' && (value === undefined || value === null)) return [{ op: 'remove_all' }];
  if (value === undefined)
    throw invalidValue(`"members" needs a value for "${op}": send a list of members.`, 'members');
  const named = readMembers(asList(value, tolerance), tolerance);
  // An empty list adds and removes nobody; it must not be taken for "all".
  return op !== 'replace' && named.values.length === 0 ? [] : [{ op, ...named }];
}

function selected(step: Step, ids: string[], tolerance: Tolerance): MemberOperation[] {
  if (step.op === 'remove') return [{ op: 'remove', values: ids }];
  const given = readMembers(asList(step.value ?? null, tolerance), tolerance);
  const isNobody = given.values.length === 0;
  if (step.op === 'add') return [{ op: 'add', ...(isNobody ? { values: ids } : given) }];
  const gone = ids.filter((id) => !given.values.includes(id));
  const removal: MemberOperation[] = gone.length === 0 ? [] : [{ op: 'remove', values: gone }];
  return isNobody ? removal : [...removal, { op: 'add', ...given }];
}

/** One member where a list belongs is fine in a PATCH even to the letter (RFC 7644 3.5.2.1). */
function asList(value: JsonValue, tolerance: Tolerance): JsonValue {
  return tolerance.strict && value !== null && !Array.isArray(value) ? [value] : value;
}

/** Ids in `members[value eq "a" or value eq "b"]`, where each may also have its `type` said or be a `$ref`. */
function selectedIds(filter: Filter): string[] {
  if (filter.kind === 'or') return [...new Set(filter.operands.flatMap(selectedIds))];
  if (filter.kind === 'and') return idOfType(filter.operands);
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.path.subAttribute !== undefined)
    throw unsupported();
  const { text } = filter.literal;
  const part = filter.path.attribute.toLowerCase();
  if (part === 'value') return [text];
  const id = part === '$ref' ? idInReference(text) : undefined;
  if (id === undefined) throw unsupported();
  return [id];
}

/** `value eq "…" and type eq "User"`: our ids say the type themselves, so that another one chooses nobody. */
function idOfType(operands: readonly Filter[]): string[] {
  const types = operands.filter(isType);
  const [chosen, ...more] = operands.filter((operand) => !isType(operand));
  if (chosen === undefined || more.length > 0) throw unsupported();
  const wanted = types.map(({ literal }) => literal.text.toLowerCase());
  return selectedIds(chosen).filter((id) => wanted.every((type) => isOf(type, id)));
}

function isType(filter: Filter): filter is Extract<Filter, { kind: 'compare' }> {
  return (
    filter.kind === 'compare' && filter.operator === 'eq' && filter.path.attribute.toLowerCase() === 'type'
  );
}

/** Others than our ids are those of a source: a user as in every list (RFC 7643 4.2), a group must be named by ours. */
function isOf(type: string, id: string): boolean {
  if (id.startsWith(ID_PREFIX.User)) return type === 'user';
  if (id.startsWith(ID_PREFIX.Group)) return type === 'group';
  if (type !== 'user') throw unsupported();
  return true;
}

function unsupported(): ScimError {
  return invalidFilter(
    'Members can be chosen by id only: members[value eq "<user or group id>"], with its "type" if you like, several joined with "or".',
    'members',
  );
}
