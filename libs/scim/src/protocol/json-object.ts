import type { JsonObject, JsonValue } from '#kernel';

/*
 * Objects are never changed in place but copied by spread and computed keys: both define own properties, so that a
 * key like `__proto__` or `constructor` is plain data and can reach no prototype.
 */

/** Copy with one property set, or removed when the value is undefined. Other properties keep their order. */
export function withOwn(object: JsonObject, key: string, value: JsonValue | undefined): JsonObject {
  if (value !== undefined) return { ...object, [key]: value };
  if (!Object.hasOwn(object, key)) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

/** The own key equal to this one without regard to letter case (RFC 7643 2.1). */
export function findKey(object: JsonObject, key: string): string | undefined {
  if (Object.hasOwn(object, key)) return key;
  const wanted = key.toLowerCase();
  return Object.keys(object).find((name) => name.toLowerCase() === wanted);
}

/** Value under a key in any letter case; of several the last one (a later duplicate wins). */
export function lastValue(object: JsonObject, key: string): JsonValue | undefined {
  const wanted = key.toLowerCase();
  const name = Object.keys(object).findLast((candidate) => candidate.toLowerCase() === wanted);
  return name === undefined ? undefined : object[name];
}

/** What an extension's object says. SDKs give it a `schemas` of its own, which is no attribute of the extension. */
export function extensionEntries(extension: JsonObject): [string, JsonValue][] {
  return Object.entries(extension).filter(([key]) => key.toLowerCase() !== 'schemas');
}

/** Equal as JSON; the order of keys does not matter. */
export function jsonEquals(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  return left !== undefined && right !== undefined && canonicalJson(left) === canonicalJson(right);
}

/** JSON text with sorted keys: equal values give equal texts. */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}
