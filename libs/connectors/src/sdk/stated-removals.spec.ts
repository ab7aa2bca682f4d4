import { describe, expect, it } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import type { SourcePage } from './contract.js';
import { SourceError } from './source-error.js';
import { believedRemovals, type RemovalWitnesses } from './stated-removals.js';

describe('believedRemovals', () => {
  const removed = (id: string): SnapshotRecord => ({ kind: 'removed', of: 'user', id, reason: 'deleted' });
  const listed = ['ada', 'bob', 'cleo'];

  async function believe(
    ids: readonly string[],
    exists: RemovalWitnesses['exists'],
  ): Promise<{ readonly gone: string[]; readonly asked: string[] }> {
    const asked: string[] = [];
    async function* pages(): AsyncGenerator<SourcePage> {
      yield { records: ids.map(removed), end: { complete: true, proof: 'the last page' } };
    }
    const witnesses: RemovalWitnesses = {
      ports: {
        stagedIds: async (_kind, { after, limit }) =>
          listed.filter((id) => after === null || id > after).slice(0, limit),
      },
      exists: (id) => {
        asked.push(id);
        return exists(id);
      },
    };
    const gone: string[] = [];
    for await (const { records, end } of believedRemovals(pages(), witnesses)) {
      gone.push(...records.flatMap((record) => (record.kind === 'removed' ? [record.id] : [])));
      expect(end).toMatchObject({ complete: true });
    }
    return { gone, asked };
  }

  it('asks for nobody whom the run has not listed', async () => {
    expect(await believe(['dora', 'emil'], async () => true)).toEqual({ gone: ['dora', 'emil'], asked: [] });
  });

  it.each([true, undefined, 'unanswered'] as const)(
    'leaves out who is listed as well, when the answer is %s',
    async (answer) => {
      expect(await believe(['bob', 'dora'], async () => answer)).toEqual({ gone: ['dora'], asked: ['bob'] });
    },
  );

  it('states who is listed as well and is gone when asked for', async () => {
    expect((await believe(['bob', 'cleo'], async (id) => id === 'cleo')).gone).toEqual(['bob']);
  });

  it('leaves out about whom it may not ask, and passes on what ends the run', async () => {
    const fail = (code: 'insufficient_permissions' | 'source_unavailable') => (): Promise<boolean> =>
      Promise.reject(new SourceError(code, 'no'));
    expect((await believe(['bob'], fail('insufficient_permissions'))).gone).toEqual([]);
    await expect(believe(['bob'], fail('source_unavailable'))).rejects.toMatchObject({
      code: 'source_unavailable',
    });
  });
});
