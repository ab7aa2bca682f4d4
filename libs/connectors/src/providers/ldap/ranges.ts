import { SourceError } from '../../sdk/source-error.js';
import type { LdapEntry } from './wire/answer.js';

/** Reads one entry by its DN. */
interface Reader {
  read(dn: string, attributes: readonly string[]): Promise<LdapEntry | undefined>;
}

const MAX_RANGES = 10_000;
/** Long lists of members are read one group at a time, by who needs them. */
const BY_ITSELF = 'member';

/**
 * Active Directory sends long lists in parts: `member;range=0-1499`, up to one that ends with `*` (MS-ADTS
 * 3.1.1.3.1.3.3), of whichever attribute.
 * @returns all values of the parts, none when there are no parts; null when the entry went away meanwhile
 * @throws SourceError when a part is missing
 */
export async function allRanges(
  client: Reader,
  entry: LdapEntry,
  attribute: string,
): Promise<readonly Buffer[] | null> {
  const values: Buffer[] = [];
  let next = 0;
  let part = rangeIn(entry, attribute);
  for (let count = 0; part !== undefined; count++) {
    if (part.from !== next || count > MAX_RANGES || part.to < part.from) throw lost();
    for (const value of part.values) values.push(value);
    if (part.isLast) break;
    next = part.to + 1;
    const more = await client.read(entry.dn, [`${attribute};range=${next}-*`]);
    if (more === undefined) return null;
    part = rangeIn(more, attribute);
    if (part === undefined) throw lost();
  }
  return values;
}

/**
 * Gives attributes that came in parts their bare names, with all values. An entry that went away meanwhile is left out.
 * @throws SourceError
 */
export async function completeRanges(
  client: Reader,
  entries: readonly LdapEntry[],
): Promise<readonly LdapEntry[]> {
  const whole: LdapEntry[] = [];
  for (const entry of entries) {
    const names = [...entry.attributes.keys()].flatMap((name) => /^(.+);range=/.exec(name)?.[1] ?? []);
    const ranged = [...new Set(names)].filter((name) => name !== BY_ITSELF);
    const complete = ranged.length === 0 ? entry : await completed(client, entry, ranged);
    if (complete !== null) whole.push(complete);
  }
  return whole;
}

async function completed(
  client: Reader,
  entry: LdapEntry,
  names: readonly string[],
): Promise<LdapEntry | null> {
  const attributes = new Map(entry.attributes);
  for (const name of names) {
    const values = await allRanges(client, entry, name);
    if (values === null) return null;
    attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
  }
  return { ...entry, attributes };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isLast: boolean;
  readonly values: readonly Buffer[];
}

function rangeIn({ attributes }: LdapEntry, attribute: string): Range | undefined {
  for (const [name, values] of attributes) {
    const match = /^(.+);range=(\d+)-(\d+|\*)$/.exec(name);
    if (match?.[1] !== attribute) continue;
    const isLast = match[3] === '*';
    return { from: Number(match[2]), to: isLast ? Infinity : Number(match[3]), isLast, values };
  }
  return undefined;
}

function lost(): SourceError {
  return new SourceError('incomplete_listing', 'The server did not send all parts of a long list of values.');
}
