import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { getOwn, jsonEquals, withOwn } from '../json-object.js';
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
  // Nothing is overwritten to make room for a part that we know nothing about.
  if (current !== undefined && !isJsonObject(current)) return current;
  const object: JsonObject = current ?? {};
  const changed = withOwn(object, part, change(step, getOwn(object, part), tolerance));
  return Object.keys(changed).length === 0 ? undefined : changed;
}

function change(step: Step, current: JsonValue | undefined, tolerance: Tolerance): JsonValue | undefined {
  const { op, value = null } = step;
  if (op === 'remove' || isUnassigned(value, tolerance)) return undefined;
  if (op === 'replace' || !Array.isArray(current)) return value;
  const added = Array.isArray(value) ? value : [value];
  return [...current, ...added.filter((item) => !current.some((known) => jsonEquals(known, item)))];
}
