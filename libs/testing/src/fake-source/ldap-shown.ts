import { PEOPLE } from './ldap-entries.js';
import type { FakeEntry, FakeLdapSearch } from './ldap-wire.js';

type Values = readonly (string | Buffer)[];

function fromOf(range: string): number {
  return Number(/range=(\d+)/.exec(range)?.[1] ?? 0);
}

function rangeOf(
  name: string,
  values: Values,
  { from, maxValues }: { readonly from: number; readonly maxValues: number },
): [string, Values] {
  const part = values.slice(from, from + maxValues);
  const end = from + part.length === values.length ? '*' : String(from + part.length - 1);
  return [`${name};range=${from}-${end}`, part];
}

/** The attributes that were asked for; long lists in ranges of at most `maxValues`. */
export function shown(
  entry: FakeEntry,
  asked: readonly string[],
  { maxValues = Infinity }: { readonly maxValues?: number },
): FakeEntry {
  const attributes = Object.entries(entry.attributes).flatMap(([name, values]) => {
    const wanted = name.toLowerCase();
    const range = asked.find((text) => text.startsWith(`${wanted};range=`));
    if (range !== undefined) return [rangeOf(name, values, { from: fromOf(range), maxValues })];
    if (!asked.includes(wanted)) return [];
    return [values.length > maxValues ? rangeOf(name, values, { from: 0, maxValues }) : [name, values]];
  });
  return { dn: entry.dn, attributes: Object.fromEntries(attributes) as FakeEntry['attributes'] };
}

/** Members are asked for apart from groups; who has which name, apart from both; who is in which group by comparison. */
export function callOf({ base, isBase, attributes, changes, showsDeleted, filter }: FakeLdapSearch): string {
  if (changes !== undefined) return changes.by;
  if (showsDeleted) return 'deleted';
  if (isBase) return 'read';
  if (filter.toString().includes('(member=')) return 'comparison';
  if (attributes.includes('member')) return 'members';
  if (attributes.includes('sn')) return 'users';
  if (attributes.includes('cn')) return 'groups';
  return base.toLowerCase() === PEOPLE ? 'user_names' : 'group_names';
}

/** The result code that says what an HTTP status says; smaller numbers are result codes. */
export function codeOf(status: number): number {
  const codes: Record<number, number> = { 400: 1, 401: 49, 403: 50, 429: 51, 500: 52, 503: 52 };
  return codes[status] ?? status;
}
