import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
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
import type { SnapshotRun } from './snapshot.js';

const ALL = { complete: ['users', 'groups', 'memberships'] } as const;
const RED = team('red', 'p000', 'p001', 'p002');
const BEFORE = [...people(6), ...RED, ...team('blue', 'p003')];

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** Two runs: the second finds the lists that the first has taken over. */
beforeEach(async () => {
  world = await snapshotWorld(db);
  await world.run(BEFORE);
  await world.run(BEFORE);
});

async function lines(text: string, ...values: unknown[]): Promise<string[]> {
  const rows = await db.database.query<{ line: string }>({
    text,
    values: [world.ref.directoryId, ...values],
  });
  return rows.map(({ line }) => line);
}

const known = () =>
  lines('SELECT group_id AS line FROM source_member_digests WHERE directory_id = $1 ORDER BY 1');
const stagedLists = ({ runId }: SnapshotRun) =>
  lines(
    `SELECT group_id || ': ' || array_to_string(member_ids, ', ') AS line FROM snapshot_member_lists
      WHERE directory_id = $1 AND run_id = $2 ORDER BY sequence, 1`,
    runId,
  );

/** How many lists of red were not known to be as before in the last run. */
const digestOfRed = async () =>
  (
    await lines(
      `SELECT group_id AS line FROM snapshot_member_digests WHERE directory_id = $1 AND group_id = 'red'
        AND NOT is_as_before AND run_id = (SELECT max(run_id) FROM snapshot_member_digests WHERE directory_id = $1)`,
    )
  ).length;

const missing = () =>
  lines(
    `SELECT concat_ws(' ', group_id, member_id, missing_runs) AS line FROM source_missing_members
      WHERE directory_id = $1 ORDER BY 1`,
  );

/** A full run of several pages. */
async function runPages(...pages: (readonly SnapshotRecord[])[]): Promise<SnapshotRun> {
  const run = world.newRun();
  for (const page of pages) await world.snapshots.stage(run, page, allowed);
  await world.snapshots.apply(run, ALL, allowed);
  return run;
}

const red = async () => (await world.teams()).find((line) => line.startsWith('red'));
const gone = (groupId: string, id: string): SnapshotRecord => ({
  kind: 'removed_member',
  groupId,
  member: { kind: 'user', id },
});

describe('a list that is as before', () => {
  it('is not staged', async () => {
    expect(await known()).toEqual(['blue', 'red']);
    const run = world.newRun();
    await world.snapshots.stage(run, [...people(6), ...RED, ...team('blue', 'p003', 'p004')], allowed);
    expect(await stagedLists(run)).toEqual(['blue: p004']);
    await world.snapshots.apply(run, ALL, allowed);
    expect(await world.teams()).toEqual(['blue: p003, p004', 'red: p000, p001, p002']);
    expect(await known()).toEqual(['red']);
  });

  it('is staged where more is said about the group, on whatever page', async () => {
    await runPages([...people(6), ...RED], team('red', 'p004'), team('blue', 'p003'));
    expect(await red()).toBe('red: p000, p001, p002, p004');
    expect(await missing()).toEqual([]);
    await runPages([...people(6), ...team('red', 'p004')], RED, team('blue', 'p003'));
    expect(await red()).toBe('red: p000, p001, p002, p004');
  });

  it('loses whom a later page takes away', async () => {
    await runPages([...people(6), ...RED, ...team('blue', 'p003')], [gone('red', 'p001')]);
    expect(await red()).toBe('red: p000, p002');
    expect(await missing()).toEqual([]);
  });

  it('is not what it says when the same page takes somebody away', async () => {
    await runPages([...people(6), ...RED, gone('red', 'p001'), ...team('blue', 'p003')]);
    expect(await red()).toBe('red: p000, p002');
  });

  it('gains whom a later page takes away and shows again', async () => {
    await runPages(
      [...people(6), ...RED, ...team('blue', 'p003')],
      [gone('red', 'p005'), ...team('red', 'p005').slice(1)],
    );
    expect(await red()).toBe('red: p000, p001, p002, p005');
  });

  it('is staged by a feed of changes, where the last word counts', async () => {
    const run = world.newRun('incremental');
    await world.snapshots.stage(run, [gone('red', 'p001')], allowed);
    await world.snapshots.stage(run, RED.slice(1), allowed);
    await world.snapshots.apply(run, { complete: [] }, allowed);
    expect(await red()).toBe('red: p000, p001, p002');
  });

  it('is void when a later page begins it anew', async () => {
    const anew: SnapshotRecord = {
      kind: 'members',
      groupId: 'red',
      members: [{ kind: 'user', id: 'p005' }],
      replaces: true,
    };
    await runPages([...people(6), ...RED, ...team('blue', 'p003')], [anew]);
    expect(await red()).toBe('red: p005');
  });

  it('is the same when its page is staged twice', async () => {
    const page = [...people(6), ...RED, ...team('blue', 'p003')];
    await runPages(page, page);
    expect(await red()).toBe('red: p000, p001, p002');
    expect(await known()).toEqual(['blue', 'red']);
  });

  it('may come in another order', async () => {
    const turned = [...people(6), ...team('red', 'p002', 'p000', 'p001'), ...team('blue', 'p003')];
    await runPages(turned);
    expect(await digestOfRed()).toBe(1);
    await runPages(turned);
    expect(await digestOfRed()).toBe(0);
    expect(await red()).toBe('red: p000, p001, p002');
  });

  it('is known over several pages', async () => {
    const pages = [[...people(6), ...team('red', 'p000', 'p001')], team('red', 'p002'), team('blue', 'p003')];
    await runPages(...pages);
    await runPages(...pages);
    expect(await red()).toBe('red: p000, p001, p002');
    await runPages([...people(6), ...team('red', 'p000', 'p001')], team('red', 'p004'), team('blue', 'p003'));
    expect(await red()).toBe('red: p000, p001, p002, p004');
    await runPages([...people(6), ...team('red', 'p000', 'p001')], team('red', 'p004'), team('blue', 'p003'));
    expect(await red()).toBe('red: p000, p001, p004');
  });

  it('is compared once more when its digest is gone', async () => {
    const run = world.newRun();
    await world.snapshots.stage(run, BEFORE, allowed);
    await lines('DELETE FROM source_member_digests WHERE directory_id = $1');
    await world.snapshots.apply(run, ALL, allowed);
    expect(await known()).toEqual([]);
    await world.run(BEFORE);
    expect(await known()).toEqual(['blue', 'red']);
    expect(await missing()).toEqual([]);
  });
});

describe('a digest is void', () => {
  const without = [...people(6), ...team('red', 'p000', 'p001'), ...team('blue', 'p003')];

  it('when somebody is missing, so that who is back counts as never missed', async () => {
    await world.run(without);
    expect(await known()).toEqual(['blue']);
    await world.run(BEFORE);
    await world.run(without);
    expect(await red()).toBe('red: p000, p001, p002');
    await world.run(without);
    expect(await red()).toBe('red: p000, p001');
  });

  it('when a feed of changes has taken somebody away or brought somebody', async () => {
    await world.run([gone('red', 'p001')], { mode: 'incremental' });
    expect(await red()).toBe('red: p000, p002');
    await world.run(BEFORE);
    expect(await red()).toBe('red: p000, p001, p002');
    await world.run(BEFORE);
    await world.run(team('red', 'p005').slice(1), { mode: 'incremental' });
    expect(await red()).toBe('red: p000, p001, p002, p005');
    await world.run(BEFORE);
    await world.run(BEFORE);
    expect(await red()).toBe('red: p000, p001, p002');
  });

  it.each([
    [
      'added',
      `INSERT INTO source_members SELECT environment_id, id, 'red', 'user', 'p005' FROM directories WHERE id = $1`,
    ],
    [
      'changed',
      `UPDATE source_members SET member_id = 'p005' WHERE directory_id = $1 AND member_id = 'p000'`,
    ],
    ['deleted', `DELETE FROM source_members WHERE directory_id = $1 AND member_id = 'p000'`],
  ])('when a membership was %s by whomever', async (_, statement) => {
    await lines(statement);
    expect(await known()).toEqual(['blue']);
  });

  it('when nobody is listed any more', async () => {
    const empty = [...people(6), ...team('red'), ...team('blue', 'p003')];
    await world.run(empty);
    await world.run(empty);
    expect(await red()).toBe('red: ');
  });

  it('with its group', async () => {
    const rest = [...people(6), ...team('blue', 'p003')];
    await world.run(rest);
    await world.run(rest);
    expect(await world.teams()).toEqual(['blue: p003']);
    expect(await known()).toEqual(['blue']);
  });
});

describe('a missing membership', () => {
  const without = [...people(6), ...team('red', 'p000', 'p001'), ...team('blue', 'p003')];

  it('is back when a feed of changes shows it', async () => {
    await world.run(without);
    expect(await missing()).toEqual(['red p002 1']);
    await world.run(team('red', 'p002').slice(1), { mode: 'incremental' });
    expect(await missing()).toEqual([]);
  });

  it('is none of a group that was not listed itself', async () => {
    const unlisted = without.filter((record) => record.kind !== 'group');
    for (let time = 0; time < 3; time++) await world.run(unlisted, { complete: ['users', 'memberships'] });
    expect(await missing()).toEqual([]);
    expect(await red()).toBe('red: p000, p001, p002');
  });
});

it('tells a group from a person of the same id', async () => {
  const both = [...BEFORE, ...team('p001'), ...team('duo', 'p001')];
  await world.run(both);
  await world.run(both);
  const run = world.newRun();
  await world.snapshots.stage(run, [...BEFORE, ...team('p001'), ...team('duo', '@p001')], allowed);
  expect(await stagedLists(run)).toEqual(['duo: p001']);
});

describe('a list is not remembered', () => {
  beforeEach(() => lines('DELETE FROM source_member_digests WHERE directory_id = $1'));

  it.each([
    ['was not read to its end', BEFORE, { complete: ['users', 'groups'] as const }],
    ['is of a group that was not listed', [...people(6), ...RED.slice(1), ...team('blue', 'p003')], {}],
    [
      'could not be read whole',
      [...BEFORE, { kind: 'invalid', of: 'membership', id: 'red', problem: 'x' } as const],
      {},
    ],
    ['has lost somebody', [...people(6), ...team('red', 'p000', 'p001'), ...team('blue', 'p003')], {}],
    [
      'has gained somebody',
      [...people(6), ...team('red', 'p000', 'p001', 'p002', 'p005'), ...team('blue', 'p003')],
      {},
    ],
  ])('when it %s', async (_, records, facts) => {
    await world.run(records, facts);
    expect(await known()).not.toContain('red');
  });
});

/** What a run shows of a team: its members, and where the list is cut into pages. */
const shownTeam = fc.record({
  members: fc.shuffledSubarray(['p000', 'p001', 'p002', 'p003', 'p004', '@blue']),
  cut: fc.integer({ min: 0, max: 4 }),
});
const shownRun = fc.record({
  red: shownTeam,
  blue: shownTeam,
  repeats: fc.integer({ min: 1, max: 3 }),
  taken: fc.option(fc.constantFrom('p000', 'p001'), { freq: 4 }),
  isShownAgain: fc.boolean(),
  mode: fc.constantFrom('full' as const, 'full' as const, 'full' as const, 'incremental' as const),
});

it('changes nothing but the work: with every digest forgotten before each run it comes to the same', async () => {
  const property = fc.asyncProperty(fc.array(shownRun, { minLength: 2, maxLength: 6 }), async (runs) => {
    const worlds = [await snapshotWorld(db), await snapshotWorld(db)] as const;
    const all = runs.flatMap((shown) => Array.from({ length: shown.repeats }, () => shown));
    for (const shown of all) {
      await show(worlds[0], shown);
      await db.database.query({
        text: 'DELETE FROM source_member_digests WHERE directory_id = $1',
        values: [worlds[1].ref.directoryId],
      });
      await show(worlds[1], shown);
    }
    const [kept, forgotten] = await Promise.all(worlds.map(outcome));
    expect(kept).toEqual(forgotten);
  });
  await fc.assert(property, {
    numRuns: Number(process.env['ROLLCALL_PROPERTY_RUNS'] ?? 12),
    endOnFailure: true,
  });
}, 120_000);

type ShownRun = typeof shownRun extends fc.Arbitrary<infer T> ? T : never;

async function show(
  other: SnapshotWorld,
  { red: one, blue: two, taken, isShownAgain, mode }: ShownRun,
): Promise<void> {
  const run = other.newRun(mode);
  const members = one.members;
  const rest = two.members.filter((id) => id !== '@blue');
  const pages = [
    [...people(5), ...team('red', ...members.slice(0, one.cut))],
    [...team('red', ...members.slice(one.cut)).slice(1), ...team('blue', ...rest.slice(0, two.cut))],
    [
      ...team('blue', ...rest.slice(two.cut)).slice(1),
      ...(taken === null ? [] : [gone('red', taken)]),
      ...(taken === null || !isShownAgain ? [] : team('red', taken).slice(1)),
    ],
  ];
  for (const page of pages) await other.snapshots.stage(run, page, allowed);
  await other.snapshots.apply(run, mode === 'full' ? ALL : { complete: [] }, allowed);
  await other.snapshots.discard(run);
}

async function outcome(other: SnapshotWorld): Promise<unknown> {
  const log = await other.log();
  const absent = await db.database.query({
    text: `SELECT group_id, member_kind, member_id, missing_runs FROM source_missing_members WHERE directory_id = $1
      ORDER BY 1, 2, 3`,
    values: [other.ref.directoryId],
  });
  const events = log.map(({ event, data }) => {
    const { user, group } = data as { user?: { username: string }; group?: { name: string } };
    return JSON.stringify([event, user?.username, group?.name]);
  });
  return { teams: await other.teams(), events, absent, contradictions: new FoldedLog(log).contradictions };
}
