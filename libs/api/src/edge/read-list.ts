import type { RawQuery } from './raw-query.js';

/**
 * The values of an array parameter. SDKs send it in four encodings (`a=1,2`, `a=1&a=2`, `a[]=1&a[]=2`,
 * `a[0]=1&a[1]=2`); all of them are read and merged, each value once.
 */
export function readList(query: RawQuery, name: string): string[] {
  const indexed = Object.keys(query)
    .map((key) => ({ key, index: indexOf(key, name) }))
    .filter((entry) => entry.index !== undefined)
    .sort((left, right) => (left.index as number) - (right.index as number));
  const values = indexed.flatMap(({ key }) => query[key] ?? []);
  const items = values.flatMap((value) => value.split(',')).map((value) => value.trim());
  return [...new Set(items.filter((value) => value !== ''))];
}

/** Where a key of the query stands among the encodings of `name`; undefined when it is another parameter. */
function indexOf(key: string, name: string): number | undefined {
  if (key === name) return -2;
  if (key === `${name}[]`) return -1;
  if (!key.startsWith(`${name}[`) || !key.endsWith(']')) return undefined;
  const index = key.slice(name.length + 1, -1);
  return /^\d{1,6}$/.test(index) ? Number(index) : undefined;
}
