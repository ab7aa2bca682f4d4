import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import { readOffsetPage, type OffsetListing } from './offset-pages.js';
import { vendorPages } from './paged-stream.js';

const SIZE = 3;

/** Reads a listing that somebody changes after the first page. */
async function readWhile(names: string[], change: () => void, over: Partial<OffsetListing> = {}) {
  const listing: OffsetListing = {
    read: async (offset) => ({ items: names.slice(offset, offset + SIZE), total: names.length }),
    keyOf: (item) => JSON.stringify(item),
    ...over,
  };
  const seen: JsonValue[] = [];
  for await (const { items } of vendorPages((token) => readOffsetPage(listing, token))) {
    if (seen.length === 0) change();
    seen.push(...items);
  }
  return seen;
}

const unchanged = (): void => undefined;

describe('a listing by position', () => {
  it.each([0, 1, 2, 3, 4, 9])('of %i items is read whole', async (count) => {
    const names = Array.from({ length: count }, (_, index) => `n${index}`);
    expect(await readWhile([...names], unchanged)).toEqual(names);
  });

  it('is read anew when somebody was removed who had been read', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await expect(readWhile(names, () => void names.splice(1, 1))).rejects.toMatchObject({
      code: 'cursor_expired',
    });
  });

  it('is read anew even when somebody else was added, so that the count is the same', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const replace = (): void => {
      names.splice(1, 1);
      names.push('f');
    };
    await expect(readWhile(names, replace)).rejects.toMatchObject({ code: 'cursor_expired' });
  });

  it('is read anew when the rest of it is gone', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await expect(readWhile(names, () => void names.splice(0, 4))).rejects.toMatchObject({
      code: 'cursor_expired',
    });
  });

  it('goes on when somebody was removed who had not been read', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(await readWhile(names, () => void names.splice(3, 1))).toEqual(['a', 'b', 'c', 'e']);
  });

  it('goes on when somebody came before what was read', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(await readWhile(names, () => void names.unshift('z'))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('asks on after an answer with nothing but what was known', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const read = async (offset: number) => ({
      items: names.slice(offset, offset + (offset === 2 ? 1 : SIZE)),
      total: names.length,
    });
    expect(await readWhile(names, unchanged, { read })).toEqual(names);
  });

  it.each([
    ['the same part again', async () => ({ items: ['a', 'b', 'c'], total: 5 })],
    [
      'nothing',
      async (offset: number) => ({
        items: offset === 0 ? ['a', 'b', 'c'] : ['c'].slice(offset - 2),
        total: 5,
      }),
    ],
  ])('is incomplete when the vendor sends %s before the end', async (_, read) => {
    await expect(readWhile([], unchanged, { read })).rejects.toMatchObject({ code: 'incomplete_listing' });
  });

  describe('that is not counted', () => {
    const uncounted = (names: string[], cut = -1): Partial<OffsetListing> => ({
      read: async (offset) => ({
        items: names.slice(offset, offset + (offset === cut ? 1 : SIZE)),
        total: null,
      }),
    });

    it.each([0, 1, 2, 3, 4, 9])('of %i items is read to its empty end', async (count) => {
      const names = Array.from({ length: count }, (_, index) => `n${index}`);
      expect(await readWhile([], unchanged, uncounted(names))).toEqual(names);
    });

    it.each([0, 2])('is not over after a short answer at %i', async (cut) => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      expect(await readWhile([], unchanged, uncounted(names, cut))).toEqual(names);
    });

    it('is read anew when somebody was removed who had been read', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const change = (): void => void names.splice(0, 1);
      await expect(readWhile([], change, uncounted(names))).rejects.toMatchObject({ code: 'cursor_expired' });
    });

    it('is incomplete when the vendor does not page on', async () => {
      const read = async (): Promise<{ items: string[]; total: null }> => ({
        items: ['a', 'b', 'c'],
        total: null,
      });
      await expect(readWhile([], unchanged, { read })).rejects.toMatchObject({ code: 'incomplete_listing' });
    });
  });
});
