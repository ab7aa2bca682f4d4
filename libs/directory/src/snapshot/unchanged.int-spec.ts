import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
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
const BELIEVED = [...people(3), ...team('red', 'p000', 'p001'), ...team('blue', '@red')];

const gone = (id: string): SnapshotRecord => ({ kind: 'removed', of: 'user', id, reason: 'deleted' });

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
  await apply(BELIEVED);
});

async function apply(records: readonly SnapshotRecord[], facts: Partial<RunFacts> = {}): Promise<void> {
  const run = world.newRun();
  await world.snapshots.stage(run, records, allowed);
  await world.snapshots.apply(run, { ...ALL, ...facts }, allowed);
  await world.snapshots.discard(run);
}

async function isUnchanged(
  records: readonly SnapshotRecord[],
  mode: 'full' | 'incremental' = 'full',
): Promise<boolean> {
  return (await world.snapshots.unchanged(world.newRun(mode), records, ALL)) !== undefined;
}

function spoil(text: string): Promise<unknown> {
  return db.database.query({ text: `${text} WHERE directory_id = $1`, values: [world.ref.directoryId] });
}

describe('a listing', () => {
  it('that is what is believed is unchanged, in whatever order and however often it says so', async () => {
    expect(await isUnchanged(BELIEVED)).toBe(true);
    expect(await isUnchanged([...BELIEVED.toReversed(), ...BELIEVED])).toBe(true);
  });

  it('may say of people that they are gone who are not known', async () => {
    expect(await isUnchanged([...BELIEVED, gone('zoe')])).toBe(true);
  });

  it('comes to a report that says so', async () => {
    const report = await world.snapshots.unchanged(world.newRun(), BELIEVED, ALL);
    const run = world.newRun();
    await world.snapshots.stage(run, BELIEVED, allowed);
    expect(report).toEqual(await world.snapshots.apply(run, ALL, allowed));
  });

  it.each<[string, SnapshotRecord[]]>([
    ['somebody new', [...BELIEVED, person('new')]],
    ['somebody changed', [...BELIEVED.slice(1), person('p000', { jobTitle: 'Lead' })]],
    ['somebody less', BELIEVED.slice(1)],
    ['a member less', [...people(3), ...team('red', 'p000'), ...team('blue', '@red')]],
    ['a member more', [...BELIEVED, ...team('blue', 'p002')]],
    ['another member', [...people(3), ...team('red', 'p000', 'p002'), ...team('blue', '@red')]],
    ['a person where a group was', [...people(3), ...team('red', 'p000', 'p001'), ...team('blue', 'red')]],
    ['somebody instead of somebody', [...BELIEVED.slice(1), person('new')]],
    ['nobody', []],
    ['somebody said to be gone', [...BELIEVED.slice(1), gone('p000')]],
    [
      'a member said to be gone',
      [...BELIEVED, { kind: 'removed_member', groupId: 'red', member: { id: 'p002', kind: 'user' } }],
    ],
    [
      'something that cannot be read',
      [...BELIEVED, { kind: 'invalid', of: 'user', id: 'eve', problem: '-' }],
    ],
  ])('with %s is not', async (_, records) => {
    expect(await isUnchanged(records)).toBe(false);
  });

  it('of changes proves nothing', async () => {
    expect(await isUnchanged(BELIEVED, 'incremental')).toBe(false);
  });

  it.each([
    ['somebody who was missing', () => spoil('UPDATE source_records SET missing_since = now()')],
    [
      'a member who was missing',
      () => apply([...people(3), ...team('red', 'p000'), ...team('blue', '@red')]),
    ],
    ['groups that are still to be worked out', () => spoil('UPDATE source_records SET is_dirty = true')],
    [
      'members that have still to follow',
      () =>
        spoil(`INSERT INTO source_member_changes SELECT environment_id, directory_id, 'red', 'p000', true
        FROM source_totals`),
    ],
    ['another size remembered', () => spoil(`UPDATE source_totals SET totals = '{"user": 4, "group": 2}'`)],
    ['no size remembered', () => spoil('DELETE FROM source_totals')],
    ['an attribute kept against the source', () => spoil(`UPDATE source_records SET digest = ''`)],
  ])('after %s is compared in full', async (_, before) => {
    await before();
    expect(await isUnchanged(BELIEVED)).toBe(false);
  });
});
