import { describe, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import { planPage, toPage, type PageRequest } from './paging.js';

const IDS = Array.from({ length: 5 }, () => newId('we'));

/** A table of five rows, read the way the SQL does. */
function read(request: PageRequest): { items: number[]; before: number | null; after: number | null } {
  const { cursor, direction, limit } = planPage(request, 'we');
  const isOlder = direction === 'older';
  const walked = isOlder ? IDS.toReversed() : IDS;
  const rows = walked
    .filter((id) => cursor === null || (isOlder ? id < cursor : id > cursor))
    .slice(0, limit)
    .map((id) => ({ id }));
  const sorted = rows.map((row) => row.id).sort((a, b) => a.localeCompare(b, 'en'));
  const ends = {
    older: IDS.some((id) => id < (sorted[0] ?? '')),
    newer: sorted.length > 0 && IDS.some((id) => id > (sorted.at(-1) ?? '')),
  };
  const page = toPage(rows, ends, request.order);
  const number = (id: string | null): number | null => (id === null ? null : IDS.indexOf(id));
  return {
    items: page.items.map((row) => IDS.indexOf(row.id)),
    before: number(page.before),
    after: number(page.after),
  };
}

describe('paging', () => {
  it.each<[PageRequest['order'], { before?: number; after?: number }, ReturnType<typeof read>]>([
    ['desc', {}, { items: [4, 3], before: null, after: 3 }],
    ['desc', { after: 3 }, { items: [2, 1], before: 2, after: 1 }],
    ['desc', { after: 1 }, { items: [0], before: 0, after: null }],
    ['desc', { before: 1 }, { items: [3, 2], before: 3, after: 2 }],
    ['asc', {}, { items: [0, 1], before: null, after: 1 }],
    ['asc', { after: 1 }, { items: [2, 3], before: 2, after: 3 }],
    ['asc', { before: 3 }, { items: [1, 2], before: 1, after: 2 }],
    ['normal', {}, { items: [4, 3], before: 3, after: null }],
    ['normal', { after: 1 }, { items: [3, 2], before: 2, after: 3 }],
    ['normal', { before: 3 }, { items: [2, 1], before: 1, after: 2 }],
    ['normal', { before: 1 }, { items: [0], before: null, after: 0 }],
  ])('%s %j shows %j', (order, cursors, expected) => {
    const request = {
      limit: 2,
      order,
      ...(cursors.before === undefined ? {} : { before: IDS[cursors.before] as string }),
      ...(cursors.after === undefined ? {} : { after: IDS[cursors.after] as string }),
    };
    expect(read(request)).toEqual(expected);
  });

  it('refuses a cursor of another kind, and two at once', () => {
    expect(() => planPage({ limit: 1, order: 'asc', after: newId('event') }, 'we')).toThrow('not an id');
    const [id = ''] = IDS;
    expect(() => planPage({ limit: 1, order: 'asc', after: id, before: id }, 'we')).toThrow('not both');
  });
});
