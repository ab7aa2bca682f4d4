import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** Maps whose changed entries are listed one by one instead of as a whole. */
const NESTED = new Set(['raw_attributes', 'custom_attributes']);
/** Follows from a change, is none itself. */
const DERIVED = new Set(['updated_at']);

/**
 * What changed between two wire forms: the old values, shallow over the root and one level deeper inside the
 * attribute maps. Absent and null are the same. Undefined when nothing changed, and then there is no event.
 */
export function previousAttributes(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const previous: JsonObject = {};
  for (const key of keysOf(before, after)) {
    if (DERIVED.has(key)) continue;
    const old = before[key] ?? null;
    const current = after[key] ?? null;
    if (isDeepStrictEqual(old, current)) continue;
    if (NESTED.has(key) && isJsonObject(old) && isJsonObject(current)) {
      const nested = changedEntries(old, current);
      if (Object.keys(nested).length > 0) previous[key] = nested;
    } else {
      previous[key] = old;
    }
  }
  return Object.keys(previous).length > 0 ? previous : undefined;
}

function changedEntries(before: JsonObject, after: JsonObject): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const key of keysOf(before, after)) {
    const old = before[key] ?? null;
    if (!isDeepStrictEqual(old, after[key] ?? null)) entries.push([key, old]);
  }
  return Object.fromEntries(entries);
}

function keysOf(before: JsonObject, after: JsonObject): Set<string> {
  return new Set([...Object.keys(before), ...Object.keys(after)]);
}
