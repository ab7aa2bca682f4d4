import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  people,
  person,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { SnapshotReport } from './snapshot.js';

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
});

function ids(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `p${String(from + i).padStart(3, '0')}`);
}

function changed(count: number, fields: NonNullable<Parameters<typeof person>[1]>): SnapshotRecord[] {
  return ids(count).map((id) => person(id, fields));
}

function reasons({ holdId, counts }: SnapshotReport): unknown {
  return { isHeld: holdId !== null, reasons: counts['reasons'] };
}

const STATED = { statedCountsHalf: true };
const PASSES = { isHeld: false, reasons: [] };
const held = (reason: string): unknown => ({ isHeld: true, reasons: [expect.stringContaining(reason)] });

describe('people whom the source itself says to be inactive', () => {
  it('count whole at a directory, where so many at once are an accident', async () => {
    await world.run(people(100));
    expect(reasons(await world.run([...changed(11, { active: false }), ...people(89, 11)]))).toEqual(
      held('11 users would be removed or deactivated in one run; the limit is 10'),
    );
  });

  it('count half at an HR system while they are few, and are named as many as they are', async () => {
    await world.run(people(100));
    expect(reasons(await world.run([...changed(20, { active: false }), ...people(80, 20)], STATED))).toEqual(
      PASSES,
    );
    await world.run(people(100));
    const report = await world.run([...changed(22, { active: false }), ...people(78, 22)], STATED);
    expect(reasons(report)).toEqual(
      held(
        '22 users would be removed or deactivated in one run and count as 11, for the source has said so itself',
      ),
    );
    const hold = await world.holds.get(world.ref.environmentId, String(report.holdId));
    expect(hold.counts.users).toBe(22);
  });

  it('are counted as held, though something else of them has changed', async () => {
    await world.run(people(40));
    const report = await world.run([...changed(12, { active: false, jobTitle: 'x' }), ...people(28, 12)]);
    expect(report.counts).toMatchObject({ users: { held: 12, deactivate: 0 } });
  });

  it('count as a whole when they are more than a quarter', async () => {
    await world.run(people(40));
    expect(reasons(await world.run([...changed(12, { active: false }), ...people(28, 12)], STATED))).toEqual(
      held('12 users would be removed or deactivated'),
    );
  });

  it('count with those whom it says to be gone', async () => {
    await world.run(people(100));
    const gone = ids(11).map<SnapshotRecord>((id) => ({
      kind: 'removed',
      of: 'user',
      id,
      reason: 'deleted',
    }));
    const inactive = ids(11, 11).map((id) => person(id, { active: false }));
    expect(reasons(await world.run([...gone, ...inactive], { mode: 'incremental', ...STATED }))).toEqual(
      held('22 users would be removed or deactivated in one run and count as 11'),
    );
  });

  it('are held when they are everybody', async () => {
    await world.run(people(6));
    expect(reasons(await world.run(changed(6, { active: false })))).toMatchObject({
      isHeld: true,
      reasons: expect.arrayContaining([
        expect.stringContaining('The directory would lose all of its 6 members'),
      ]),
    });
  });
});

it.each([
  ['user names', (id: string) => ({ userName: `${id}.new` })],
  ['e-mail addresses', (id: string) => ({ email: `${id}@example.org` })],
])('%s of many who change at once are held', async (_, fields) => {
  await world.run(people(40));
  const other = (count: number): SnapshotRecord[] => [
    ...ids(count).map((id) => person(id, fields(id))),
    ...people(40 - count, count),
  ];
  expect(reasons(await world.run(other(11)))).toEqual(held('11 users would get another user name'));
});

it('spelling a name otherwise makes nobody another person', async () => {
  await world.run(people(40));
  const shouted = ids(40).map((id) =>
    person(id, { userName: id.toUpperCase(), email: `${id.toUpperCase()}@example.com` }),
  );
  expect(reasons(await world.run(shouted))).toEqual(PASSES);
});

it('people who vanish from a source that goes on listing those who left are held though they are few', async () => {
  await world.run(people(60));
  await world.run(people(56), { listsInactive: true });
  expect(reasons(await world.run(people(56), { listsInactive: true }))).toEqual(
    held('4 people vanished from a source that keeps listing people who left'),
  );
});

describe('a group that would lose all of its members', () => {
  const gone = (count: number): SnapshotRecord[] =>
    ids(count).map((id) => ({ kind: 'removed_member', groupId: 'red', member: { id, kind: 'user' } }));
  const come = (...members: string[]): SnapshotRecord => ({
    kind: 'members',
    groupId: 'red',
    members: members.map<SnapshotMember>((id) => ({ id, kind: 'user' })),
  });

  beforeEach(async () => {
    await world.run([...people(12), ...team('red', ...ids(5))]);
  });

  it('is held', async () => {
    expect(reasons(await world.run(gone(5), { mode: 'incremental' }))).toEqual(
      held('Group "red" would lose all of its 5 members'),
    );
  });

  it('passes when one stays', async () => {
    expect(reasons(await world.run(gone(4), { mode: 'incremental' }))).toEqual(PASSES);
    expect(await world.teams()).toEqual(['red: p004']);
  });

  it('passes when others come in the same run', async () => {
    expect(reasons(await world.run([...gone(5), come('p007')], { mode: 'incremental' }))).toEqual(PASSES);
    expect(await world.teams()).toEqual(['red: p007']);
  });
});
