import { describe, expect, it } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import { aSourceUser, InMemoryDoor } from '#testing';
import { RunStaging } from './run-staging.js';
import type { SnapshotRun } from './snapshot-door.js';

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

function members(count: number): SnapshotRecord {
  const all = Array.from({ length: count }, (_, index) => ({ id: `p${index}`, kind: 'user' }) as const);
  return { kind: 'members', groupId: 'all', members: all };
}

describe('RunStaging', () => {
  it('holds a small run, and stages it as one page in the order in which it was shown', async () => {
    const { door, staging: run } = staging();
    expect(run.hold([aSourceUser('ada')])).toBe(true);
    expect(run.hold([aSourceUser('bob')])).toBe(true);
    expect([run.hasStaged, door.staged.size]).toEqual([false, 0]);
    await run.stage([aSourceUser('cleo')]);
    expect(door.staged.get('run_1')).toEqual([aSourceUser('ada'), aSourceUser('bob'), aSourceUser('cleo')]);
    expect([run.hasStaged, run.held]).toEqual([true, undefined]);
    expect(run.hold([aSourceUser('dan')])).toBe(false);
  });

  it.each<[string, readonly SnapshotRecord[]]>([
    ['many people', Array.from({ length: 251 }, (_, index) => aSourceUser(`p${index}`))],
    ['many members of one group', [members(250)]],
    ['something that cannot be read', [{ kind: 'invalid', of: 'user', id: 'eve', problem: 'no name' }]],
  ])('does not hold %s', (_, records) => {
    expect(staging().staging.hold(records)).toBe(false);
  });

  it('holds nothing of a run that somebody has begun before', () => {
    const { staging: run } = staging(false);
    expect([run.hold([aSourceUser('ada')]), run.held, run.hasStaged]).toEqual([false, undefined, true]);
  });

  it('names what it holds as the tables do: in the order of bytes, page by page, without what was taken back', async () => {
    const { staging: run } = staging(true, 'incremental');
    // U+FF21 comes after the surrogates of U+1D400 in UTF-16, and before it in UTF-8.
    run.hold([group('b'), group('\u{1D400}'), group('\uFF21'), aSourceUser('ada'), group('a'), group('c')]);
    run.hold([{ kind: 'removed', of: 'group', id: 'c', reason: 'deleted' }]);
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
      for (const record of records) run.hold([record]);
      expect(await run.ids('group', { after: null, limit: 9 })).toEqual(ids);
    },
  );

  it('asks the tables once something was staged, and not before it is there', async () => {
    const { door, staging: run } = staging();
    run.hold([aSourceUser('ada')]);
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
