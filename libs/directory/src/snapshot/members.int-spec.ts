import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import {
  allowed,
  people,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import { memberDifferences } from './member-differences.js';
import { createRunGuard } from './run-guard.js';
import type { SnapshotStore } from './snapshot.js';
import { Snapshots } from './snapshots.js';

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
});

async function waiting(): Promise<{ noted: string[]; dirty: string[] }> {
  const read = async (text: string): Promise<string[]> =>
    (await db.database.query<{ id: string }>({ text, values: [world.ref.directoryId] })).map(({ id }) => id);
  return {
    noted: await read(
      `SELECT group_id || ' ' || member_id AS id FROM source_member_changes WHERE directory_id = $1 ORDER BY 1`,
    ),
    dirty: await read(
      `SELECT source_id AS id FROM source_records WHERE directory_id = $1 AND is_dirty ORDER BY 1`,
    ),
  };
}

/** As a worker leaves it that was killed after the edges and before the members. @param rows group, member, is_member as SQL */
async function note(rows: string): Promise<void> {
  await db.asOwner(`INSERT INTO source_member_changes (environment_id, directory_id, group_id, member_id, is_member)
    SELECT '${world.ref.environmentId}', '${world.ref.directoryId}', v.* FROM (VALUES ${rows}) AS v`);
}

const NOTHING = { noted: [], dirty: [] };

describe('a group that stands alone', () => {
  const before = [...people(6), ...team('red', 'p000', 'p001', 'p002'), ...team('blue', 'p003')];

  it('gains and loses those whose edge has changed', async () => {
    await world.run(before);
    const next = [...people(6), ...team('red', 'p000', 'p004', 'p005'), ...team('blue', 'p003', 'p000')];
    await world.run(next);
    expect(await world.teams()).toEqual(['blue: p000, p003', 'red: p000, p001, p002, p004, p005']);
    await world.run(next);
    expect(await world.teams()).toEqual(['blue: p000, p003', 'red: p000, p004, p005']);
    expect(await waiting()).toEqual(NOTHING);
    expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
  });

  it('waits with an unknown member until that person comes', async () => {
    await world.run(before);
    await world.run([...people(6), ...team('red', 'p000', 'p001', 'p002', 'late'), ...team('blue', 'p003')]);
    expect(await waiting()).toEqual(NOTHING);
    await world.run([
      ...people(6),
      ...people(1, 900),
      ...team('red', 'p000', 'p001', 'p002', 'late', 'p900'),
      ...team('blue', 'p003'),
    ]);
    expect(await world.teams()).toEqual(['blue: p003', 'red: p000, p001, p002, p900']);
  });

  it('is brought in line with what the source says now by whoever comes after a worker that was killed', async () => {
    await world.run(before);
    // Noted and never done: one that is right already, one that has to come, one that has to go, and one of nobody.
    await note(
      `('red', 'p000', true), ('red', 'p004', true), ('blue', 'p003', false), ('gone', 'p001', true), ('red', 'nobody', true)`,
    );
    await db.asOwner(`INSERT INTO source_members (environment_id, directory_id, group_id, member_kind, member_id)
      VALUES ('${world.ref.environmentId}', '${world.ref.directoryId}', 'red', 'user', 'p004')`);
    await db.asOwner(
      `DELETE FROM source_members WHERE directory_id = '${world.ref.directoryId}' AND group_id = 'blue'`,
    );
    await world.run([], { mode: 'incremental' });
    expect(await world.teams()).toEqual(['blue: ', 'red: p000, p001, p002, p004']);
    expect(await waiting()).toEqual(NOTHING);
  });

  it('stays a member when the source shows him again before a killed worker could take him away', async () => {
    await world.run(before);
    await note(`('red', 'p000', false)`);
    await db.asOwner(
      `DELETE FROM source_members WHERE directory_id = '${world.ref.directoryId}' AND member_id = 'p000'`,
    );
    const events = (await world.log()).length;
    await world.run(before);
    expect(await world.teams()).toEqual(['blue: p003', 'red: p000, p001, p002']);
    expect((await world.log()).length).toBe(events);
    expect(await waiting()).toEqual(NOTHING);
  });

  it('is none when the source takes him away again before a killed worker could add him', async () => {
    await world.run(before);
    await note(`('red', 'p004', true)`);
    await db.asOwner(`INSERT INTO source_members (environment_id, directory_id, group_id, member_kind, member_id)
      VALUES ('${world.ref.environmentId}', '${world.ref.directoryId}', 'red', 'user', 'p004')`);
    await world.run([{ kind: 'removed_member', groupId: 'red', member: { id: 'p004', kind: 'user' } }], {
      mode: 'incremental',
    });
    expect(await world.teams()).toEqual(['blue: p003', 'red: p000, p001, p002']);
    expect(await waiting()).toEqual(NOTHING);
  });
});

describe('a person whom the source calls like a group', () => {
  it('is neither taken for it nor told twice', async () => {
    await world.run([...people(3), ...team('p000', 'p001'), ...team('p001', 'p000')]);
    const next = [...people(3), ...team('p000', 'p001', 'p002'), ...team('p001', 'p000', 'p001')];
    const events = (await world.log()).length;
    await world.run(next);
    expect(await world.teams()).toEqual(['p000: p001, p002', 'p001: p000, p001']);
    expect((await world.log()).length - events).toBe(2);
    for (let i = 0; i < 2; i++) await world.run([...people(1), ...team('p000', 'p001'), ...people(1, 2)]);
    expect(await world.teams()).toEqual(['p000: ']);
    expect(await world.active()).toEqual(['p000', 'p002']);
  });
});

describe('a listing of a group that says of one member that he is gone', () => {
  it('misses those whom it does not show all the same, and adds whom it shows', async () => {
    await world.run([...people(6), ...team('red', 'p000', 'p001', 'p002', 'p003')]);
    const next: SnapshotRecord[] = [
      ...people(6),
      ...team('red', 'p000', 'p001', 'p004'),
      { kind: 'removed_member', groupId: 'red', member: { id: 'p003', kind: 'user' } },
    ];
    await world.run(next);
    expect(await world.teams()).toEqual(['red: p000, p001, p002, p004']);
    await world.run(next);
    expect(await world.teams()).toEqual(['red: p000, p001, p004']);
  });
});

describe('a group in another', () => {
  it('is worked out as a whole with everything above it, whichever end of the edge has changed', async () => {
    await world.run([...people(6), ...team('all', '@red', 'p005'), ...team('red', 'p000')]);
    await world.run([...people(6), ...team('all', '@red', 'p005'), ...team('red', 'p000', 'p001')]);
    expect(await world.teams()).toEqual(['all: p000, p001, p005', 'red: p000, p001']);
    // Out of the group and into the one below it: a member all the time, and not told as one who left.
    const events = (await world.log()).length;
    const moved = [...people(6), ...team('all', '@red'), ...team('red', 'p000', 'p001', 'p005')];
    for (let i = 0; i < 2; i++) await world.run(moved);
    expect(await world.teams()).toEqual(['all: p000, p001, p005', 'red: p000, p001, p005']);
    expect((await world.log()).length - events).toBe(1);
  });

  it('that a killed worker noted before it was in one, is worked out as a whole all the same', async () => {
    await world.run([...people(6), ...team('all', '@red', 'p005'), ...team('red', 'p000')]);
    await note(`('all', 'p000', true)`);
    await db.asOwner(`UPDATE source_records SET is_dirty = true
      WHERE directory_id = '${world.ref.directoryId}' AND kind = 'group' AND source_id = 'all'`);
    const events = (await world.log()).length;
    await world.run([], { mode: 'incremental' });
    expect(await world.teams()).toEqual(['all: p000, p005', 'red: p000']);
    expect((await world.log()).length).toBe(events);
    expect(await waiting()).toEqual(NOTHING);
  });

  it('since this run has its own members changed in the same run', async () => {
    await world.run([...people(6), ...team('all', 'p005'), ...team('red', 'p000')]);
    await world.run([...people(6), ...team('all', 'p005', '@red'), ...team('red', 'p000', 'p001')]);
    expect(await world.teams()).toEqual(['all: p000, p001, p005', 'red: p000, p001']);
    expect(await waiting()).toEqual(NOTHING);
  });
});

describe.each(['full', 'incremental'] as const)(
  'what a %s run says about one membership more than once',
  (mode) => {
    const member = (id: string): SnapshotRecord => ({
      kind: 'members',
      groupId: 'red',
      members: [{ id, kind: 'user' }],
    });
    const taken = (id: string): SnapshotRecord => ({
      kind: 'removed_member',
      groupId: 'red',
      member: { id, kind: 'user' },
    });

    it.each([
      ['shown, then taken away', [[member('p002')], [taken('p002')]], 'p000, p001'],
      ['taken away, then shown', [[taken('p002')], [member('p002')]], 'p000, p001, p002'],
      ['shown, taken away, shown', [[member('p002')], [taken('p002')], [member('p002')]], 'p000, p001, p002'],
      [
        'taken away beside others who are shown',
        [[member('p002')], [member('p003'), taken('p002')]],
        'p000, p001, p003',
      ],
    ])('goes by the last word: %s', async (_, pages, members) => {
      const before = [...people(4), ...team('red', 'p000', 'p001'), ...team('blue', 'p003')];
      await world.run(before);
      const run = { ...world.newRun(), mode };
      const first = mode === 'full' ? before : [];
      for (const page of [first, ...pages]) await world.snapshots.stage(run, page, allowed);
      const complete = mode === 'full' ? (['users', 'groups', 'memberships'] as const) : [];
      await world.snapshots.apply(run, { complete: [...complete] }, allowed);
      expect(await world.teams()).toEqual(['blue: p003', `red: ${members}`]);
    });
  },
);

it('works out the members of many groups, and only of those that are due', async () => {
  const groups = Array.from({ length: 700 }, (_, i) => `g${String(i).padStart(3, '0')}`);
  await world.run([...people(5), ...groups.flatMap((id, i) => team(id, `p00${i % 5}`, 'late'))]);
  const lines = (await world.teams()).map((line) => line.split(': ')[1]);
  expect(lines).toEqual(groups.map((_, i) => `p00${i % 5}`));
  // Everybody waits for one person: all groups are worked out anew, by sets.
  await world.run([
    ...people(5),
    ...people(1, 7),
    ...groups.flatMap((id, i) => team(id, `p00${i % 5}`, 'p007')),
  ]);
  expect(await world.teams()).toEqual(groups.map((id, i) => `${id}: p00${i % 5}, p007`));
  expect(await waiting()).toEqual(NOTHING);
  expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
}, 120_000);

it('takes no more differences at once than it is told, but a whole group', async () => {
  await world.run([...people(6), ...team('a', 'p000'), ...team('b', 'p001', 'p002'), ...team('c', 'p003')]);
  await db.asOwner(
    `UPDATE source_records SET is_dirty = kind = 'group' WHERE directory_id = '${world.ref.directoryId}'`,
  );
  await db.asOwner(`DELETE FROM memberships WHERE directory_id = '${world.ref.directoryId}'`);
  const work = { database: db.database, run: world.newRun(), fence: allowed };
  const ask = async (after: string, most: number, size = 10): Promise<string[]> =>
    (await memberDifferences(work, { after, size, most })).map(
      ({ source_id, added, removed }) => `${source_id} +${added.length} -${removed.length}`,
    );
  expect(await ask('', 1)).toEqual(['a +1 -0']);
  expect(await ask('', 2)).toEqual(['a +1 -0', 'b +2 -0']);
  expect(await ask('', 4)).toEqual(['a +1 -0', 'b +2 -0', 'c +1 -0']);
  expect(await ask('a', 1)).toEqual(['b +2 -0']);
  expect(await ask('', 9, 2)).toEqual(['a +1 -0', 'b +2 -0']);
  expect(await ask('', 2, 1_000)).toEqual(['a +1 -0', 'b +2 -0']);
});

it('comes back to a group whose change was refused, in the next run', async () => {
  const before = [...people(6), ...team('red', 'p000'), ...team('blue', 'p001')];
  await world.run(before);
  const after = [...people(6), ...team('red', 'p000', 'p003'), ...team('blue', 'p001', 'p004')];
  const refusing: SnapshotStore = {
    applyAll: async (ref, changes, options) => {
      const outcomes = await world.store.applyAll(ref, changes.slice(1), options);
      return [{ error: new Error('no') }, ...outcomes];
    },
  };
  const { database } = db;
  const guard = createRunGuard({ database, holds: world.holds, clock: systemClock });
  const snapshots = new Snapshots({ database, store: refusing, guard });
  const run = world.newRun();
  await snapshots.stage(run, after, allowed);
  await snapshots.apply(run, { complete: ['users', 'groups', 'memberships'] }, allowed);
  await snapshots.discard(run);
  expect(await world.teams()).toEqual(['blue: p001', 'red: p000, p003']);
  expect(await waiting()).toEqual({ noted: ['blue p004'], dirty: [] });
  await world.run(after);
  expect(await world.teams()).toEqual(['blue: p001, p004', 'red: p000, p003']);
  expect(await waiting()).toEqual(NOTHING);
});

it('tells what a hold keeps back beside what it lets pass', async () => {
  const ids = Array.from({ length: 61 }, (_, i) => `p${String(i).padStart(3, '0')}`);
  await world.run([...people(61), ...team('big', ...ids.slice(0, 60))]);
  await world.run([...people(61), ...team('big', ...ids.slice(0, 5))]);
  const report = await world.run([...people(61), ...team('big', ...ids.slice(0, 5), 'p060')]);
  expect(report.holdId).not.toBeNull();
  const lines = report.items.filter(({ kind }) => kind === 'membership');
  expect(lines.map(({ action, sourceId }) => [action, sourceId])).toEqual([
    ['members', 'big'],
    ['held', 'big'],
  ]);
});
