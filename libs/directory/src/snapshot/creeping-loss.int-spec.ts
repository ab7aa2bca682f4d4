import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '#kernel';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { people, snapshotWorld, team, type SnapshotWorld } from '../../test-support/snapshot-world.js';
import { createRunGuard } from './run-guard.js';
import type { SnapshotReport } from './snapshot.js';

/** An accident that comes in pieces: each run is small enough by itself, together they are not. */
let db: TestDatabase;
let world: SnapshotWorld;
let next = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  world = await snapshotWorld(db);
  await world.run(people(200));
});
afterAll(() => db.drop());

function idsFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `p${String(first + i).padStart(3, '0')}`);
}

/** So many others are gone, says the source itself. */
function leave(count: number): Promise<SnapshotReport> {
  const ids = idsFrom(next, count);
  next += count;
  const gone = ids.map((id): SnapshotRecord => ({ kind: 'removed', of: 'user', id, reason: 'gone' }));
  return world.run(gone, { mode: 'incremental' });
}

const decide = (report: SnapshotReport, how: 'approve' | 'reject'): Promise<unknown> =>
  world.holds[how](world.ref.environmentId, String(report.holdId), 'api_key_x');

it('is held together with what waits; single people who leave go, and all is as before once it was approved', async () => {
  const first = await leave(25);
  expect(first.counts).toMatchObject({ users: { held: 25 } });
  const second = await leave(15);
  expect(second.holdId).not.toBe(first.holdId);
  expect(second.counts).toMatchObject({
    users: { held: 15 },
    reasons: [expect.stringContaining('15 users would be removed or deactivated in one run, while 25 wait')],
  });
  expect(await world.active()).toHaveLength(200);
  // As many as may always go: whoever is dismissed meanwhile does not wait for a decision about others.
  expect((await leave(10)).holdId).toBeNull();
  expect(await world.active()).toHaveLength(190);
  await decide(first, 'approve');
  await decide(second, 'approve');
  expect(await world.active()).toHaveLength(150);
  expect((await leave(15)).holdId).toBeNull();
});

it('is held also when what waits was rejected, until the source takes that back', async () => {
  const rejected = await leave(20);
  await decide(rejected, 'reject');
  const preview = await world.snapshots.plan(await stagedLoss(12), { complete: [] });
  expect(preview.counts).toMatchObject({ would_be_held: true });
  await world.run(people(20, next - 20), { mode: 'incremental' });
  expect((await leave(12)).holdId).toBeNull();
});

it('counts memberships that wait, but not those that go with somebody who waits', async () => {
  const other = await snapshotWorld(db);
  const members = idsFrom(120, 80);
  await other.run([
    ...people(200),
    ...['red', 'blue', 'green', 'grey'].flatMap((id) => team(id, ...members)),
  ]);
  const guard = createRunGuard({ database: db.database, holds: other.holds, clock: systemClock });
  const isHeld = async (memberships: number): Promise<boolean> => {
    const losses = { users: 0, groups: 0, memberships, identityChanges: 0, emptied: [] };
    return (await guard.judge(other.ref, losses)).hold;
  };
  const left = members.map((id): SnapshotRecord => ({ kind: 'removed', of: 'user', id, reason: 'gone' }));
  expect((await other.run(left, { mode: 'incremental' })).holdId).not.toBeNull();
  expect([await isHeld(64), await isHeld(65)]).toEqual([false, true]);
  await other.run([...people(80, 120), ...team('red', ...members)], { mode: 'incremental' });
  expect([await isHeld(64), await isHeld(65)]).toEqual([false, true]);
  const shorter = members
    .slice(10)
    .map((id): SnapshotRecord => ({ kind: 'removed_member', groupId: 'red', member: { id, kind: 'user' } }));
  expect((await other.run(shorter, { mode: 'incremental' })).holdId).not.toBeNull();
  expect([await isHeld(50), await isHeld(51)]).toEqual([false, true]);
});

/** A run that says of so many others that they are gone, staged only. */
async function stagedLoss(count: number): Promise<ReturnType<SnapshotWorld['newRun']>> {
  const run = world.newRun('incremental');
  const gone = idsFrom(next, count).map((id): SnapshotRecord => ({
    kind: 'removed',
    of: 'user',
    id,
    reason: 'gone',
  }));
  await world.snapshots.stage(run, gone, () => Promise.resolve());
  return run;
}
