import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { sampleListing, type ListingSample } from './sample-listing.js';

describe('sampleListing', () => {
  /** Small letters are left out by the settings. */
  const map = (item: JsonValue): SnapshotRecord => {
    const name = item as string;
    return name === name.toLowerCase()
      ? { kind: 'removed', of: 'group', id: name, reason: 'out_of_scope' }
      : { kind: 'group', group: { sourceId: name, name, raw: {} } };
  };
  async function sample(...pages: readonly string[]): Promise<ListingSample & { readonly read: number }> {
    let read = 0;
    const found = await sampleListing(async (token) => {
      read++;
      const index = Number(token ?? 0);
      const items = (pages[index] ?? '').split('');
      return { items, next: index + 1 < pages.length ? String(index + 1) : null };
    }, map);
    return { ...found, read };
  }
  const names = ({ samples }: ListingSample): string =>
    samples.map((record) => (record.kind === 'group' ? record.group.name : record.kind)).join('');

  it('counts and shows what the settings do not leave out', async () => {
    const found = await sample('aBCdEF');
    expect([found.count, names(found), found.items.length]).toEqual([4, 'BCE', 6]);
  });

  it('looks on the next pages for those who are not left out', async () => {
    const found = await sample('abc', 'def', 'Gh');
    expect([found.count, names(found), found.read]).toEqual([1, 'G', 3]);
  });

  it('reads no more than it shows, and not the whole of a large listing', async () => {
    const enough = await sample('ABC', 'DEF');
    expect([enough.count, names(enough), enough.read]).toEqual([null, 'ABC', 1]);
    const none = await sample('a', 'b', 'c', 'd', 'e', 'F');
    expect([none.count, names(none), none.read]).toEqual([null, '', 5]);
  });

  it('knows nobody of an empty listing', async () => {
    expect(await sample('')).toMatchObject({ count: 0, samples: [], read: 1 });
  });
});
