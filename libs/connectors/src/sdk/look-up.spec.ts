import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import { existenceIn, lookUpByMember, lookUpEach } from './look-up.js';
import { SourceError } from './source-error.js';

describe('looking things up', () => {
  it.each<[number, JsonValue, boolean, boolean | 'unanswered' | undefined]>([
    [200, { id: 'ada' }, false, true],
    [200, { id: 'bob' }, false, 'unanswered'],
    [200, {}, false, 'unanswered'],
    [200, null, false, 'unanswered'],
    [404, { code: 'gone' }, true, false],
    [404, { message: 'no such route' }, false, undefined],
    [404, null, false, 'unanswered'],
  ])('%i with %j, denied in the vendor’s own words: %s', (...row) => {
    const [status, body, isDenied, expected] = row;
    expect(existenceIn({ status, body }, { isDenied, isIt: ({ id }) => id === 'ada' })).toBe(expected);
  });

  it('goes on after a question that is refused', async () => {
    const exists = async (id: string): Promise<boolean | undefined> => {
      if (id === 'ada') throw new SourceError('insufficient_permissions', 'no');
      return id === 'bob' ? false : undefined;
    };
    expect(await lookUpEach(['ada', 'bob', 'cleo'], exists)).toEqual(
      new Map([
        ['ada', 'unanswered'],
        ['bob', 'gone'],
      ]),
    );
  });

  it.each(['invalid_credentials', 'source_unavailable'] as const)(
    'ends with %s, which every other question would meet, too',
    async (code) => {
      const failing = (): Promise<boolean> => Promise.reject(new SourceError(code, 'no'));
      await expect(lookUpEach(['ada'], failing)).rejects.toMatchObject({ code });
    },
  );

  it('goes on after a member who may not be asked about', async () => {
    const edges = ['ada', 'bob'].map((id) => ({ groupId: 'g', member: { kind: 'user', id } as const }));
    const found = await lookUpByMember(edges, async ({ id }) => {
      if (id === 'ada') throw new SourceError('insufficient_permissions', 'no');
      return new Set<string>();
    });
    expect(edges.map((edge) => found.get(edge))).toEqual(['unanswered', 'gone']);
  });
});
