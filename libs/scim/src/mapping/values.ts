import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** Text of a JSON scalar; null for anything that is no text, and for blank text. */
export function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  const trimmed = value.trim();
  return trimmed === '' ? null : trimmed;
}

/** `value` when it is text, else the empty text. */
export function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The object under `key`, or undefined when there is none. */
export function objectOf(parent: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = parent?.[key];
  return isJsonObject(value) ? value : undefined;
}

/** The elements of a multi-valued complex attribute; anything else in it is left out. */
export function elementsOf(resource: JsonObject, key: string): JsonObject[] {
  const value = resource[key];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** `resource` without the attributes named. */
export function without(resource: JsonObject, names: ReadonlySet<string>): JsonObject {
  const kept: JsonObject = {};
  for (const key of Object.keys(resource)) if (!names.has(key)) kept[key] = resource[key] as JsonValue;
  return kept;
}
