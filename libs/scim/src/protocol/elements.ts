import { isJsonObject, type JsonValue } from '#kernel';
import { canonicalJson } from './json-object.js';

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
  const elements = collapse(onePrimary(before, after));
  return elements.length === 0 ? undefined : elements;
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

/** Keeps the first of equal elements. */
function collapse(elements: readonly JsonValue[]): JsonValue[] {
  const seen = new Set<string>();
  return elements.filter((element) => {
    const text = canonicalJson(element);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}
