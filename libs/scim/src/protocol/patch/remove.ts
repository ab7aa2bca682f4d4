import { foldKey, getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { noTarget } from '../errors.js';
import { printFilter } from '../filter/print.js';
import { jsonEquals, withOwn } from '../json-object.js';
import { isUnassigned, readElements } from '../read-value.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { subAttributeOf } from '../schema/resource-types.js';
import { elementsOf, fromElements, isSelected, type Change } from './select-elements.js';

/** The attribute after a `remove` (RFC 7644 3.5.2.2); undefined when nothing is left of it. */
export function removeValue(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target } = change;
  if (target.selection !== undefined) return removeSelected(change, current);
  if (target.part !== undefined) return removePart(change, current);
  const listed = target.definition.multiValued && !isUnassigned(change.value, change.tolerance);
  return listed ? removeListed(change, current) : undefined;
}

function removeSelected(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target, tolerance } = change;
  const before = elementsOf(target.definition, current);
  if (!before.some((element) => isSelected(change, element))) {
    if (tolerance.removeUnmatched === 'ignore' || target.selection === undefined) return current;
    const filter = printFilter(target.selection.source);
    throw noTarget(`"${target.name}" has no element with ${filter} to remove.`, target.name);
  }
  if (target.part !== undefined) return removePart(change, current);
  const after = before.filter((element) => !isSelected(change, element));
  return fromElements(target.definition, before, after);
}

/** Without its `value` an element says nothing any more and goes as a whole. */
function removePart(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { definition, part } = change.target;
  const before = elementsOf(definition, current);
  const after = before.flatMap((element) => {
    if (!isSelected(change, element) || !isJsonObject(element)) return [element];
    return part?.name === 'value' ? [] : [withOwn(element, part?.name ?? '', undefined)];
  });
  return fromElements(definition, before, after);
}

/** A list sent as the value of a remove (Entra, JumpCloud): exactly those elements go. */
function removeListed(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target, tolerance, value = null } = change;
  const listed = readElements(target.definition, value, { tolerance, name: target.name });
  const before = elementsOf(target.definition, current);
  const after = before.filter(
    (element) => !listed.some((wanted) => isSame(target.definition, wanted, element)),
  );
  return fromElements(target.definition, before, after);
}

/** Elements are the same when `value`, and `type` if given, agree; without `value` every given part must. */
function isSame(definition: AttributeDefinition, wanted: JsonValue, element: JsonValue): boolean {
  if (!isJsonObject(wanted) || !isJsonObject(element)) return jsonEquals(wanted, element);
  const deciding = Object.hasOwn(wanted, 'value') ? ['value', 'type'] : Object.keys(wanted);
  return deciding
    .filter((part) => Object.hasOwn(wanted, part))
    .every((part) => samePart(subAttributeOf(definition, part), [wanted, element], part));
}

function samePart(
  sub: AttributeDefinition | undefined,
  [wanted, element]: readonly [JsonObject, JsonObject],
  part: string,
): boolean {
  const left = getOwn(wanted, part);
  const right = getOwn(element, part);
  const folds = sub !== undefined && !sub.caseExact && typeof left === 'string' && typeof right === 'string';
  return folds ? foldKey(left) === foldKey(right) : jsonEquals(left, right);
}
