import { describe, expect, it } from '@jest/globals';
import type { SnapshotMember } from '#model';
import type { SourcePage } from './contract.js';
import { Fields } from './decode.js';
import { memberStream, type MemberListing } from './member-stream.js';
import { SourceError } from './source-error.js';

describe('memberStream', () => {
  const ids = Array.from({ length: 45 }, (_, index) => `g${String(index).padStart(2, '0')}`);
  const user = (id: string): SnapshotMember => ({ kind: 'user', id });

  async function read(
    listing: Partial<MemberListing>,
    from: SourcePage['next'] = null,
  ): Promise<SourcePage[]> {
    const stream = memberStream({
      id: 'memberships',
      covers: ['memberships'],
      groups: async function* (after) {
        yield* ids.filter((id) => after === null || id > after);
      },
      read: async (groups) => groups.map((group) => [user(`${group}-a`)]),
      groupsPerRead: 4,
      concurrency: 3,
      replaces: false,
      proof: 'all groups read',
      mark: async () => 'noon',
      ...listing,
    });
    const pages: SourcePage[] = [];
    for await (const page of stream.pages(from ?? null)) pages.push(page);
    return pages;
  }

  it('goes through all groups in order, some to a page, and on from each checkpoint', async () => {
    const pages = await read({});
    expect(pages.map((page) => page.next)).toEqual([
      { after: 'g19', mark: 'noon' },
      { after: 'g39', mark: 'noon' },
      undefined,
    ]);
    expect(pages.flatMap((page) => page.records)).toEqual(
      ids.map((id) => ({ kind: 'members', groupId: id, members: [user(`${id}-a`)] })),
    );
    expect(pages.at(-1)?.end).toEqual({ complete: true, proof: 'all groups read', cursor: 'noon' });
    expect(await read({ mark: async () => 'later' }, { after: 'g39', mark: 'noon' })).toEqual(pages.slice(2));
  });

  it('cuts the members of a large group into records and ends the page with it', async () => {
    const large = Array.from({ length: 5_500 }, (_, index) => user(String(index)));
    const pages = await read({
      groupsPerRead: 1,
      read: async ([group]) => [group === 'g00' ? large : []],
    });
    expect(pages[0]?.next).toMatchObject({ after: 'g00' });
    expect(pages[0]?.records).toHaveLength(6);
    // An empty group of a full run needs no record.
    expect(pages.slice(1).flatMap((page) => page.records)).toEqual([]);
  });

  it('begins a new list for each group of an incremental run, also for one that lost everybody', async () => {
    const [page] = await read({ replaces: true, read: async (groups) => groups.map(() => []) });
    expect(page?.records[0]).toEqual({ kind: 'members', groupId: 'g00', members: [], replaces: true });
  });

  it('leaves alone what a group has that is not there any more', async () => {
    const [page] = await read({ read: async (groups) => groups.map(() => null) });
    expect(page?.records[0]).toMatchObject({ kind: 'invalid', of: 'membership', id: 'g00' });
  });

  it('leaves one group alone when one of its members cannot be decoded, and goes on with the others', async () => {
    const read4 = async (groups: readonly string[]): Promise<SnapshotMember[][]> =>
      groups.map((group) => [user(new Fields(group === 'g02' ? {} : { id: `${group}-a` }).text('id'))]);
    const [page] = await read({ read: read4 });
    expect(page?.records).toHaveLength(20);
    expect(page?.records[1]).toMatchObject({ kind: 'members', groupId: 'g01' });
    expect(page?.records[2]).toEqual({
      kind: 'invalid',
      of: 'membership',
      id: 'g02',
      problem: 'A member: "id" is missing.',
    });
    const broken = async (): Promise<never> => Promise.reject(new SourceError('source_unavailable', 'gone'));
    await expect(read({ read: broken })).rejects.toMatchObject({ code: 'source_unavailable' });
  });
});
