import { createHash } from 'node:crypto';

/**
 * Fingerprint of a normalized record: equal for equal content, in whatever order a vendor names the attributes of an
 * object. 128 bits, base64url.
 */
export function digestOf(record: unknown): string {
  return createHash('sha256').update(stableJson(record)).digest('base64url').slice(0, 22);
}

function stableJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  const object = value as Readonly<Record<string, unknown>>;
  const parts = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stableJson(object[key])}`);
  return `{${parts.join(',')}}`;
}
