import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { withOwn } from '../json-object.js';
import { isUnassigned, readValue } from '../read-value.js';
import { removeValue } from './remove.js';
import { elementsOf, fromElements, isSelected, newElement, type Change } from './select-elements.js';

/**
 * `add` and `replace` on a part (`name.familyName`, `emails[type eq "work"].value`): set in every selected element,
 * in a new one when there is none (RFC 7644 3.5.2.1 and 3.5.2.3).
 */
export function setPart(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target } = change;
  const value = readPartValue(change);
  if (value === undefined) return clearPart(change, current);
  const part = target.part?.name ?? '';
  const set = (element: JsonValue): JsonValue => withOwn(isJsonObject(element) ? element : {}, part, value);
  const before = elementsOf(target.definition, current);
  const matched = before.some((element) => isSelected(change, element));
  const after = matched
    ? before.map((element) => (isSelected(change, element) ? set(element) : element))
    : [...before, set(firstElement(change))];
  return fromElements(target.definition, before, after);
}

/** The parent of a single complex value may always be created; elements of a list only if so tolerated. */
function firstElement(change: Change): JsonObject {
  const { selection, definition } = change.target;
  return selection === undefined && !definition.multiValued ? {} : newElement(change);
}

/** Clearing a part of an element that does not exist is done already. */
function clearPart(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const before = elementsOf(change.target.definition, current);
  const matched = before.some((element) => isSelected(change, element));
  return matched ? removeValue({ ...change, value: undefined }, current) : current;
}

function readPartValue({ target, value = null, tolerance }: Change): JsonValue | undefined {
  const definition = target.part?.definition;
  if (definition !== undefined) return readValue(definition, value, { tolerance, name: target.name });
  return isUnassigned(value, tolerance) ? undefined : value;
}
