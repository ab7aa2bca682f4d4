import { isJsonObject, type JsonValue } from '#kernel';
import { canonicalJson, jsonEquals, withOwn } from './json-object.js';

/**
 * Brings a list of elements into order after a change: equal elements collapse (RFC 7643 2.4), at most one is primary,
 * an empty list is unassigned.
 *
 * @param before the elements before the change: an element that is not among them was written and its `primary` counts
 */
export function settleElements(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): JsonValue[] | undefined {
  const elements = onePrimary(before, collapse(after));
  return elements.length === 0 ? undefined : [...elements];
}

/** RFC 7644 3.5.2: writing `primary: true` resets it on the others. Of several the last one written wins. */
function onePrimary(before: readonly JsonValue[], after: readonly JsonValue[]): readonly JsonValue[] {
  const primaries = after.filter(isPrimary);
  if (primaries.length < 2) return after;
  const old = new Set(before);
  const winner = primaries.findLast((element) => !old.has(element)) ?? primaries.at(-1);
  return after.map((element) =>
    element !== winner && isJsonObject(element) && isPrimary(element)
      ? { ...element, primary: false }
      : element,
  );
}

function isPrimary(element: JsonValue): boolean {
  return isJsonObject(element) && element['primary'] === true;
}

/** Of elements that are equal but for `primary` one stays, at the place of the first; the last word on `primary` counts. */
function collapse(elements: readonly JsonValue[]): readonly JsonValue[] {
  if (elements.length < 2) return elements;
  const kept = new Map<string, JsonValue>();
  for (const element of elements) {
    const key = isJsonObject(element)
      ? canonicalJson(withOwn(element, 'primary', undefined))
      : canonicalJson(element);
    const known = kept.get(key);
    const says = isJsonObject(element) && Object.hasOwn(element, 'primary');
    if (known === undefined || (says && !jsonEquals(known, element))) kept.set(key, element);
  }
  return [...kept.values()];
}
