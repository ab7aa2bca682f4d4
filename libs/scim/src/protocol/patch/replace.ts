import { isJsonObject, type JsonValue } from '#kernel';
import { isUnassigned, readValue } from '../read-value.js';
import { mergeComplex, readSingleElement } from './add.js';
import { removeValue } from './remove.js';
import {
  elementsOf,
  fromElements,
  isSelected,
  newElement,
  statedBy,
  type Change,
} from './select-elements.js';
import { setPart } from './set-part.js';

/**
 * The attribute after a `replace` (RFC 7644 3.5.2.3): a list becomes exactly the value, of a complex value the given
 * parts are overwritten, selected elements are exchanged.
 */
export function replaceValue(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  const { target, tolerance } = change;
  if (target.part !== undefined) return setPart(change, current);
  if (target.selection !== undefined) return replaceSelected(change, current);
  const isSingleComplex = target.definition.type === 'complex' && !target.definition.multiValued;
  if (isSingleComplex) return mergeComplex(change, current);
  return readValue(target.definition, change.value ?? null, { tolerance, name: target.name });
}

/**
 * Selected elements give way to the value. What the filter states stays part of them: otherwise the same request sent
 * again would no longer find its element.
 */
function replaceSelected(change: Change, current: JsonValue | undefined): JsonValue | undefined {
  if (isUnassigned(change.value, change.tolerance))
    return removeValue({ ...change, value: undefined }, current);
  const before = elementsOf(change.target.definition, current);
  const element = readSingleElement(change);
  const matched = before.some((candidate) => isSelected(change, candidate));
  const stated = matched ? statedBy(change) : newElement(change);
  const replacement = isJsonObject(element) ? { ...stated, ...element } : element;
  const after = matched
    ? before.map((candidate) => (isSelected(change, candidate) ? replacement : candidate))
    : [...before, replacement];
  return fromElements(change.target.definition, before, after);
}
