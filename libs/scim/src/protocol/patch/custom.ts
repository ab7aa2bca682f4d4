import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { jsonEquals, withOwn } from '../json-object.js';
import { isUnassigned } from '../read-value.js';
import type { Tolerance } from '../tolerance.js';
import type { Step } from './resolve-target.js';

/** Custom data after an operation: kept as sent, lists grow on `add`, a part is set in an object. */
export function patchCustom(
  step: Step,
  target: { readonly part?: string; readonly current: JsonValue | undefined },
  tolerance: Tolerance,
): JsonValue | undefined {
  const { part, current } = target;
  if (part === undefined) return change(step, current, tolerance);
  // Like a part of any list without a filter: it is about every element.
  if (Array.isArray(current) && current.every(isJsonObject)) {
    const changed = current.map((element) => changePart(step, { part, element }, tolerance));
    const left = changed.filter((element) => Object.keys(element).length > 0);
    return left.length === 0 ? undefined : left;
  }
  // Nothing is overwritten to make room for a part that we know nothing about.
  if (current !== undefined && !isJsonObject(current)) return current;
  const changed = changePart(step, { part, element: current ?? {} }, tolerance);
  return Object.keys(changed).length === 0 ? undefined : changed;
}

function changePart(
  step: Step,
  { part, element }: { readonly part: string; readonly element: JsonObject },
  tolerance: Tolerance,
): JsonObject {
  return withOwn(element, part, change(step, getOwn(element, part), tolerance));
}

function change(step: Step, current: JsonValue | undefined, tolerance: Tolerance): JsonValue | undefined {
  const { op, value = null } = step;
  if (op === 'remove' || isUnassigned(value, tolerance)) return undefined;
  if (op === 'replace' || !Array.isArray(current)) return value;
  const added = Array.isArray(value) ? value : [value];
  return [...current, ...added.filter((item) => !current.some((known) => jsonEquals(known, item)))];
}
