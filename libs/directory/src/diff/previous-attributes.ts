import { isDeepStrictEqual } from 'node:util';
import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** Maps whose changed entries are listed one by one instead of as a whole. */
const NESTED = new Set(['raw_attributes', 'custom_attributes']);
/** Follows from a change, is none itself. */
const DERIVED = new Set(['updated_at']);

/**
 * What changed between two wire forms: the old values, shallow over the root and one level deeper inside the
 * attribute maps. Absent and null are the same. Undefined when nothing changed, and then there is no event.
 */
export function previousAttributes(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const changed = changedEntries(before, after);
  const previous: JsonObject = {};
  for (const [key, old] of Object.entries(changed)) {
    const kept = NESTED.has(key) ? changedInside(old, after[key]) : old;
    if (kept !== undefined && !DERIVED.has(key)) previous[key] = kept;
  }
  return Object.keys(previous).length > 0 ? previous : undefined;
}

/** Undefined when the maps differ only in what counts as equal. */
function changedInside(old: JsonValue, current: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(old) || !isJsonObject(current)) return old;
  const entries = changedEntries(old, current);
  return Object.keys(entries).length > 0 ? entries : undefined;
}

/** Old values of the entries that differ; absent and null are the same. */
function changedEntries(before: JsonObject, after: JsonObject): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const key of keysOf(before, after)) {
    const old = getOwn(before, key) ?? null;
    if (!isDeepStrictEqual(old, getOwn(after, key) ?? null)) entries.push([key, old]);
  }
  return Object.fromEntries(entries);
}

function keysOf(before: JsonObject, after: JsonObject): Set<string> {
  return new Set([...Object.keys(before), ...Object.keys(after)]);
}
