import type { JsonObject } from '#kernel';

/** Some write the whole name as the preferred one. */
export function calledName(preferred: string | null, lastName: string | null): string | null {
  if (preferred === null || lastName === null || !preferred.endsWith(` ${lastName}`)) return preferred;
  return preferred.slice(0, -lastName.length).trim();
}

/** Without what is null. */
export function present(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
