import { describe, expect, it } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import { aSourceUser, InMemoryDoor } from '#testing';
import { RunStaging } from './run-staging.js';
import type { RunFacts, SnapshotRun } from './snapshot-door.js';

const RUN: SnapshotRun = {
  environmentId: 'environment_1',
  directoryId: 'directory_1',
  runId: 'run_1',
  mode: 'full',
};

function staging(
  isFresh = true,
  mode: SnapshotRun['mode'] = 'full',
): { readonly door: InMemoryDoor; readonly staging: RunStaging } {
  const door = new InMemoryDoor();
  const fence = (): Promise<void> => Promise.resolve();
  return { door, staging: new RunStaging({ door, snapshot: { ...RUN, mode }, fence, isFresh }) };
}

const GONE: SnapshotRecord = { kind: 'removed', of: 'group', id: 'a', reason: 'deleted' };

function group(sourceId: string): SnapshotRecord {
  return { kind: 'group', group: { sourceId, name: sourceId, raw: {} } };
}

const MANY = Array.from({ length: 251 }, (_, index) => aSourceUser(`p${index}`));
const UNREADABLE: SnapshotRecord = { kind: 'invalid', of: 'user', id: 'eve', problem: 'no name' };
const FACTS: RunFacts = { complete: ['users'], listsInactive: false, statedCountsHalf: false };

function knowing(records: readonly SnapshotRecord[]): ReturnType<typeof staging> {
  const world = staging();
  const ids = records.flatMap((record) => (record.kind === 'user' ? [record.user.sourceId] : []));
  world.door.applied.set(RUN.directoryId, new Set(ids));
  return world;
}

describe('RunStaging', () => {
  it('holds a small run, and stages it as one page in the order in which it was shown', async () => {
    const { door, staging: run } = staging();
    await run.take([aSourceUser('ada')]);
    await run.take([aSourceUser('bob')]);
    expect([run.isSmall, run.hasStaged, door.staged.size]).toEqual([true, false, 0]);
    await run.stage([aSourceUser('cleo')]);
    expect(door.staged.get('run_1')).toEqual([aSourceUser('ada'), aSourceUser('bob'), aSourceUser('cleo')]);
    expect([run.hasStaged, run.isHolding]).toEqual([true, false]);
    await run.take([aSourceUser('dan')]);
    expect(door.staged.get('run_1')).toHaveLength(4);
  });

  it.each<[string, readonly SnapshotRecord[], SnapshotRun['mode']]>([
    ['many people who are new', MANY, 'full'],
    ['many changes', MANY, 'incremental'],
    ['something that cannot be read', [UNREADABLE], 'full'],
  ])('does not hold %s', async (_, records, mode) => {
    const { door, staging: run } = staging(true, mode);
    await run.take(records);
    expect(door.staged.get('run_1')).toEqual(records);
    expect([run.isHolding, run.hasStaged]).toEqual([false, true]);
  });

  it('stages what somebody else has begun', async () => {
    const { door, staging: run } = staging(false);
    await run.take([aSourceUser('ada')]);
    expect([run.isHolding, run.hasStaged, door.staged.get('run_1')?.length]).toEqual([false, true, 1]);
  });

  describe('a large listing of people who are known', () => {
    it('is held, page by page', async () => {
      const { door, staging: run } = knowing(MANY);
      for (let page = 0; page < 251; page += 50) await run.take(MANY.slice(page, page + 50));
      expect([run.isSmall, run.isHolding, run.hasStaged, door.staged.size]).toEqual([false, true, false, 0]);
      expect(await run.ids('user', { after: 'p98', limit: 3 })).toEqual(['p99']);
      expect(await run.ids('user', { after: null, limit: 2 })).toEqual(['p0', 'p1']);
      expect(await run.unchanged(FACTS)).toBeDefined();
    });

    it.each<[string, SnapshotRecord]>([
      ['somebody who is new', aSourceUser('zoe')],
      ['something that cannot be read', UNREADABLE],
    ])('is staged page by page, in order, when it comes to %s', async (_, record) => {
      const { door, staging: run } = knowing(MANY);
      await run.take(MANY);
      const late = [run.take([record]), run.take([aSourceUser('p7')])];
      await Promise.all(late);
      expect(door.staged.get('run_1')).toEqual([...MANY, record, aSourceUser('p7')]);
      expect([run.isHolding, run.hasStaged]).toEqual([false, true]);
    });

    it('is staged with the page that was being compared when the one before it was found to differ', async () => {
      const { door, staging: run } = knowing(MANY);
      await run.take(MANY);
      let isCompared: () => void = () => undefined;
      let pages = 0;
      door.before = (step) => {
        if (step === 'hold' && ++pages === 2) return new Promise((resolve) => (isCompared = resolve));
        return undefined;
      };
      const differing = run.take([aSourceUser('zoe')]);
      const late = run.take([aSourceUser('p7')]);
      await differing;
      isCompared();
      await late;
      expect(door.staged.get('run_1')).toEqual([...MANY, aSourceUser('zoe'), aSourceUser('p7')]);
    });

    it('is staged when the run is left, and goes on being held as long as it cannot be', async () => {
      const { door, staging: run } = knowing(MANY);
      await run.take(MANY);
      await run.take([aSourceUser('p7')]);
      let failures = 1;
      door.before = (step) => {
        if (step === 'stage' && door.staged.size === 1 && failures-- > 0) throw new Error('away');
      };
      await expect(run.stage([])).rejects.toThrow('away');
      expect([run.isHolding, run.hasStaged]).toEqual([true, true]);
      await run.stage([]);
      expect(door.staged.get('run_1')).toEqual([...MANY, aSourceUser('p7')]);
    });
  });

  it('names what it holds as the tables do: in the order of bytes, page by page, without what was taken back', async () => {
    const { staging: run } = staging(true, 'incremental');
    // U+FF21 comes after the surrogates of U+1D400 in UTF-16, and before it in UTF-8.
    await run.take([
      group('b'),
      group('\u{1D400}'),
      group('\uFF21'),
      aSourceUser('ada'),
      group('a'),
      group('c'),
    ]);
    await run.take([{ kind: 'removed', of: 'group', id: 'c', reason: 'deleted' }]);
    expect(await run.ids('group', { after: null, limit: 3 })).toEqual(['a', 'b', '\uFF21']);
    expect(await run.ids('group', { after: '\uFF21', limit: 3 })).toEqual(['\u{1D400}']);
    expect(await run.ids('user', { after: null, limit: 3 })).toEqual(['ada']);
  });

  it.each([
    ['full', [group('a'), group('b'), GONE], ['a', 'b']],
    ['full', [GONE, group('b'), group('a')], ['a', 'b']],
    ['incremental', [group('a'), group('b'), GONE], ['b']],
    ['incremental', [GONE, group('b'), group('a')], ['a', 'b']],
  ] as const)(
    'who is listed is there, and in a feed the last word counts: %s',
    async (mode, records, ids) => {
      const { staging: run } = staging(true, mode);
      for (const record of records) await run.take([record]);
      expect(await run.ids('group', { after: null, limit: 9 })).toEqual(ids);
    },
  );

  it('asks the tables once something was staged, and not before it is there', async () => {
    const { door, staging: run } = staging();
    await run.take([aSourceUser('ada')]);
    let isWritten: () => void = () => undefined;
    door.before = () => new Promise((resolve) => (isWritten = resolve));
    const staged = run.stage([aSourceUser('bob')]);
    const ids = run.ids('user', { after: null, limit: 9 });
    await new Promise((resolve) => setImmediate(resolve));
    isWritten();
    expect(await ids).toEqual(['ada', 'bob']);
    await staged;
  });

  it('counts as staged when it is applied, even if it has shown nothing', async () => {
    const { staging: run } = staging();
    await run.settle();
    expect(run.hasStaged).toBe(true);
  });
});
