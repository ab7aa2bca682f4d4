import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import type { SourcePage } from './contract.js';
import { pagedStream, type VendorPage } from './paged-stream.js';

describe('pagedStream', () => {
  const pages: Record<string, VendorPage> = {
    start: { items: ['a', 'b'], next: '2', total: 3, mark: 'now' },
    '2': { items: [], next: '3' },
    '3': { items: ['c'], next: null },
    circle: { items: ['d'], next: 'back' },
    back: { items: ['e'], next: 'circle' },
    timeless: { items: ['f'], next: 'late' },
    late: { items: ['g'], next: null, mark: 'too late' },
  };

  async function read(from: JsonValue | null, start = 'start'): Promise<SourcePage[]> {
    const stream = pagedStream({
      id: 'users',
      covers: ['users'],
      fetch: async (token) => pages[token ?? start] as VendorPage,
      map: (item) => [{ kind: 'removed', of: 'user', id: JSON.stringify(item), reason: 'test' }],
      proof: 'no next token',
      cursor: (mark) => `after ${mark as string}`,
    });
    const all: SourcePage[] = [];
    for await (const page of stream.pages(from)) all.push(page);
    return all;
  }

  it('reads to the end, over an empty page, and from a checkpoint on', async () => {
    const all = await read(null);
    expect(all.map((page) => page.next)).toEqual([
      { token: '2', mark: 'now' },
      { token: '3', mark: 'now' },
      undefined,
    ]);
    expect(all.flatMap((page) => page.records)).toHaveLength(3);
    expect(all[0]?.total).toBe(3);
    expect(all[2]?.end).toEqual({ complete: true, proof: 'no next token', cursor: 'after now' });
    expect(await read({ token: '3', mark: 'now' })).toEqual(all.slice(2));
  });

  it('has no cursor when the first page says no time: a later one would hide what changed in between', async () => {
    const all = await read(null, 'timeless');
    expect(all.at(-1)?.end).toEqual({ complete: true, proof: 'no next token', cursor: undefined });
  });

  it('does not run in circles', async () => {
    await expect(read({ token: 'circle' })).rejects.toMatchObject({ code: 'incomplete_listing' });
  });
});
