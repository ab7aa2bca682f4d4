import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import {
  allowed,
  people,
  person,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { RunFacts } from './snapshot.js';

const ALL: RunFacts = { complete: ['users', 'groups', 'memberships'] };
const list = (id: string, ...members: string[]): SnapshotRecord[] => team(id, ...members).slice(1);
/** Red stands on two pages. */
const PAGES: readonly (readonly SnapshotRecord[])[] = [
  people(4),
  [...people(4, 4), ...team('red', 'p000', 'p001', 'p002')],
  [...list('red', 'p003', 'p004'), ...team('blue', '@red', 'p005'), ...team('empty').slice(0, 1)],
];

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
  for (let time = 0; time < 2; time += 1) await stagePages(world, PAGES);
});

async function stagePages(of: SnapshotWorld, pages: typeof PAGES): Promise<void> {
  const run = of.newRun();
  for (const page of pages) await of.snapshots.stage(run, page, allowed);
  await of.snapshots.apply(run, ALL, allowed);
  await of.snapshots.discard(run);
}

/** As the engine does. @returns whether nothing was staged */
async function holdPages(of: SnapshotWorld, pages: typeof PAGES): Promise<boolean> {
  const run = of.newRun();
  const listing = of.snapshots.holdListing(run);
  let isHeld = true;
  for (const page of pages)
    if (!isHeld) await of.snapshots.stage(run, page, allowed);
    else if (!(await listing.add(page))) {
      await listing.stage(allowed);
      isHeld = false;
    }
  if (isHeld && (await of.snapshots.unchangedListing(listing, ALL)) !== undefined) return true;
  await listing.stage(allowed);
  await of.snapshots.apply(run, ALL, allowed);
  await of.snapshots.discard(run);
  return false;
}

const spoil = (text: string): Promise<unknown> =>
  db.database.query({ text: `${text} WHERE directory_id = $1`, values: [world.ref.directoryId] });

describe('a listing that is what is believed', () => {
  it('is held to its end, and nothing is staged', async () => {
    expect(await holdPages(world, PAGES)).toBe(true);
    expect(await holdPages(world, PAGES.toReversed().toReversed())).toBe(true);
  });

  it('leaves nothing in the tables', async () => {
    const listing = world.snapshots.holdListing(world.newRun());
    for (const page of PAGES) await listing.add(page);
    const tables = ['listed', 'records', 'member_lists', 'member_digests', 'invalid', 'decisions'];
    for (const table of tables) expect(await spoil(`SELECT FROM snapshot_${table}`)).toEqual([]);
  });

  it('may say of people that they are gone who are not known', async () => {
    const gone: SnapshotRecord = { kind: 'removed', of: 'user', id: 'zoe', reason: 'gone' };
    expect(await holdPages(world, [[gone], ...PAGES])).toBe(true);
    expect(await holdPages(world, [[gone], [...people(3), { ...gone, id: 'p003' }], ...PAGES.slice(1)])).toBe(
      false,
    );
    expect(await world.active()).not.toContain('p003');
  });

  it('names what it lists', async () => {
    const listing = world.snapshots.holdListing(world.newRun());
    for (const page of PAGES) await listing.add(page);
    expect([...listing.ids('group')].sort()).toEqual(['blue', 'empty', 'red']);
    expect(listing.ids('user').size).toBe(8);
  });

  it('is none in an incremental run', async () => {
    const listing = world.snapshots.holdListing(world.newRun('incremental'));
    for (const page of PAGES) await listing.add(page);
    expect(await world.snapshots.unchangedListing(listing, ALL)).toBeUndefined();
  });
});

const [first, second, third] = PAGES as [SnapshotRecord[], SnapshotRecord[], SnapshotRecord[]];

const isListOf = (groupId: string, record: SnapshotRecord): boolean =>
  record.kind === 'members' && record.groupId === groupId;
const gone = (groupId: string, id: string): SnapshotRecord => ({
  kind: 'removed_member',
  groupId,
  member: { kind: 'user', id },
});

describe('a listing is not what is believed', () => {
  it.each<[string, typeof PAGES]>([
    ['without one of its pages', [second, third]],
    ['without a person', [people(3), second, third]],
    ['with another person', [[...first, person('zoe')], second, third]],
    ['with somebody in place of another', [[...people(3), person('zoe')], second, third]],
    ['with a person who has changed', [[...people(3), person('p003', { jobTitle: 'Lead' })], second, third]],
    ['without a group', [first, second, third.slice(0, -1)]],
    ['without a list', [first, second.slice(0, -1), third]],
    ['without all members of a group', [first, second, third.filter((record) => !isListOf('blue', record))]],
    ['with a member who is said to be gone', [first, second, third, [gone('red', 'p000')]]],
    ['without a part of a list', [first, second, third.slice(1)]],
    ['with a part of a list twice', [first, second, [...list('red', 'p000', 'p001', 'p002'), ...third]]],
    ['without a member', [first, second, [...list('red', 'p003'), ...third.slice(1)]]],
    ['with another member', [first, second, [...list('red', 'p003', 'p004', 'p007'), ...third.slice(1)]]],
    ['with a list that had none', [first, second, [...third, ...list('empty', 'p000')]]],
    ['with a list of a group that is not known', [first, second, [...third, ...list('green', 'p000')]]],
    [
      'with a list that begins anew',
      [first, second, [...third, { kind: 'members', groupId: 'empty', members: [], replaces: true }]],
    ],
    [
      'with something that cannot be read',
      [first, second, [...third, { kind: 'invalid', of: 'membership', id: 'red', problem: 'x' }]],
    ],
  ])('%s', async (_, pages) => {
    expect(await holdPages(world, pages)).toBe(false);
  });

  it.each([
    ['somebody was missing', 'UPDATE source_records SET missing_since = now()'],
    ['a group has to be worked out', `UPDATE source_records SET is_dirty = kind = 'group'`],
    ['a membership was taken', `DELETE FROM source_members`],
    ['the memberships were written', `UPDATE source_member_versions SET version = version + 1`],
    ['as many were not remembered', `UPDATE source_totals SET totals = '{"user": 9}'`],
  ])('when %s after it was compared', async (_, statement) => {
    const listing = world.snapshots.holdListing(world.newRun());
    for (const page of PAGES) expect(await listing.add(page)).toBe(true);
    await spoil(statement);
    expect(await world.snapshots.unchangedListing(listing, ALL)).toBeUndefined();
  });

  it.each([
    [
      'a membership is missing',
      `INSERT INTO source_missing_members (environment_id, directory_id, group_id, member_kind, member_id, missing_runs, missing_run_id)
      SELECT environment_id, id, 'empty', 'user', 'p000', 1, 'run_1' FROM directories WHERE id = $1`,
    ],
    [
      'a member has to follow',
      `INSERT INTO source_member_changes (environment_id, directory_id, group_id, member_id, is_member)
      SELECT environment_id, id, 'empty', 'p000', true FROM directories WHERE id = $1`,
    ],
  ])('when %s from before', async (_, text) => {
    await db.database.query({ text, values: [world.ref.directoryId] });
    expect(await holdPages(world, PAGES)).toBe(false);
  });
});

/** Members of two teams, and where the first is cut into pages. */
const shownRun = fc.record({
  people: fc.constantFrom(6, 6, 6, 7),
  title: fc.constantFrom(null, null, null, 'Lead'),
  red: fc.subarray(['p000', 'p001', 'p002', '@blue'], { minLength: 3 }),
  blue: fc.subarray(['p000', 'p003']),
  cut: fc.constantFrom(2, 2, 2, 1, 4),
  repeats: fc.integer({ min: 1, max: 3 }),
});

it('changes nothing but the work: held or staged at once, it comes to the same', async () => {
  let unchanged = 0;
  const property = fc.asyncProperty(fc.array(shownRun, { minLength: 2, maxLength: 5 }), async (runs) => {
    const [staged, held] = [await snapshotWorld(db), await snapshotWorld(db)];
    for (const shown of runs.flatMap((each) => Array.from({ length: each.repeats }, () => each))) {
      const pages = [
        [...people(shown.people - 1, 1), person('p000', { jobTitle: shown.title })],
        team('red', ...shown.red.slice(0, shown.cut)),
        [...list('red', ...shown.red.slice(shown.cut)), ...team('blue', ...shown.blue)],
      ];
      await stagePages(staged, pages);
      if (await holdPages(held, pages)) unchanged += 1;
    }
    expect(await outcome(held)).toEqual(await outcome(staged));
  });
  await fc.assert(property, {
    numRuns: Number(process.env['ROLLCALL_PROPERTY_RUNS'] ?? 12),
    endOnFailure: true,
  });
  expect(unchanged).toBeGreaterThan(0);
}, 120_000);

async function outcome(of: SnapshotWorld): Promise<unknown> {
  const log = await of.log();
  const events = log.map(({ event, data }) => {
    const { user, group } = data as { user?: { username: string }; group?: { name: string } };
    return JSON.stringify([event, user?.username, group?.name]);
  });
  const absent = await db.database.query({
    text: `SELECT group_id, member_id, missing_runs FROM source_missing_members WHERE directory_id = $1 ORDER BY 1, 2`,
    values: [of.ref.directoryId],
  });
  const contradictions = new FoldedLog(log).contradictions;
  return { active: await of.active(), teams: await of.teams(), events, absent, contradictions };
}
