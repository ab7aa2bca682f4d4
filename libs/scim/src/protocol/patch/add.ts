import { isJsonObject, type JsonValue } from '#kernel';
import { settleElements } from '../elements.js';
import { invalidValue } from '../errors.js';
import { assigned, isUnassigned, readElements, readParts, readValue } from '../read-value.js';
import { removeValue } from './remove.js';
import { elementsOf, fromElements, isSelected, newElement, type Change } from './select-elements.js';
import { setPart } from './set-part.js';

/** The attribute after an `add` (RFC 7644 3.5.2.1): lists grow, complex values are merged, simple ones are set. */
export function addValue(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target, tolerance } = change;
  if (target.part !== undefined) return setPart(change, current);
  if (target.selection !== undefined) return addToSelected(change, current);
  if (target.definition.multiValued) return append(change, current);
  if (target.definition.type === 'complex') return mergeComplex(change, current);
  return readValue(target.definition, change.value ?? null, { tolerance, name: target.name });
}

/** A complex value merged part by part; a part that is null or empty in the change is unset. */
export function mergeComplex(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target, tolerance } = change;
  const parts = readParts(target.definition, change.value ?? null, { tolerance, name: target.name });
  if (parts === undefined) return undefined;
  return assigned(new Map([...Object.entries(isJsonObject(current) ? current : {}), ...parts]));
}

/** The value of a change as the single element that a filter path is about. */
export function readSingleElement(change: Change): JsonValue {
  const { target, tolerance } = change;
  const value = change.value ?? null;
  const list = tolerance.strict && isJsonObject(value) ? [value] : value;
  const elements = readElements(target.definition, list, { tolerance, name: target.name });
  if (elements.length === 1) return elements[0] as JsonValue;
  throw invalidValue(`"${target.name}" with a filter takes exactly one element as value.`, target.name);
}

function append(
  { target, value = null, tolerance }: Change,
  current: JsonValue | undefined,
): JsonValue | undefined {
  const before = elementsOf(target.definition, current);
  const list = tolerance.strict && isJsonObject(value) ? [value] : value;
  const added = readElements(target.definition, list, { tolerance, name: target.name });
  return settleElements(before, [...before, ...added]);
}

function addToSelected(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  if (isUnassigned(change.value, change.tolerance))
    return removeValue({ ...change, value: undefined }, current);
  const before = elementsOf(change.target.definition, current);
  const element = readSingleElement(change);
  const matched = before.some((candidate) => isSelected(change, candidate));
  const after = matched
    ? before.map((candidate) => (isSelected(change, candidate) ? merge(candidate, element) : candidate))
    : [...before, merge(newElement(change), element)];
  return fromElements(change.target.definition, before, after);
}

function merge(left: JsonValue, right: JsonValue): JsonValue {
  return isJsonObject(left) && isJsonObject(right) ? { ...left, ...right } : right;
}
