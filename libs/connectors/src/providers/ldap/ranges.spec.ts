import { describe, expect, it } from '@jest/globals';
import { allRanges } from './ranges.js';
import type { LdapEntry } from './wire/answer.js';

const entry = (...attributes: readonly (readonly [string, ...string[]])[]): LdapEntry => ({
  dn: 'cn=all',
  attributes: new Map(
    attributes.map(([name, ...values]) => [name, values.map((value) => Buffer.from(value))]),
  ),
  controls: new Map(),
});

/** The values of a list that comes in the parts of these answers; undefined: the entry is not there any more. */
async function read(...parts: readonly (LdapEntry | undefined)[]): Promise<readonly string[] | null> {
  const [first, ...more] = parts;
  const reader = { read: async () => more.shift() };
  const values = await allRanges(reader, first as LdapEntry, 'member');
  return values && values.map(String);
}

describe('a list that comes in parts', () => {
  const first = entry(['member;range=0-1', 'a', 'b']);

  it('is put together', async () => {
    expect(await read(first, entry(['member;range=2-*', 'c']))).toEqual(['a', 'b', 'c']);
    expect(await read(entry(['member', 'a']))).toEqual([]);
    expect(await read(first, undefined)).toBeNull();
  });

  it.each([
    ['has no such part', entry(['cn', 'all'])],
    ['has another part', entry(['member;range=3-*', 'd'])],
    ['has the same part again', first],
    ['has a part that ends before it begins', entry(['member;range=2-1'])],
  ])('is incomplete when the next answer %s', async (_case, next) => {
    await expect(read(first, next)).rejects.toMatchObject({ code: 'incomplete_listing' });
  });
});
