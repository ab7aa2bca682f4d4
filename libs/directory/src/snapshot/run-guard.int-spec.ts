import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database, systemClock } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { people, snapshotWorld, team, type SnapshotWorld } from '../../test-support/snapshot-world.js';
import type { RunRemovals } from '../guard/judge.js';
import { createRunGuard } from './run-guard.js';

let db: TestDatabase;
let world: SnapshotWorld;
const NOTHING: RunRemovals = { users: 0, groups: 0, memberships: 0, identityChanges: 0, emptied: [] };

beforeAll(async () => {
  db = await createTestDatabase();
  world = await snapshotWorld(db);
  const ids = Array.from({ length: 100 }, (_, i) => `p${String(i).padStart(3, '0')}`);
  await world.run([
    ...people(100),
    ...Array.from({ length: 30 }, (_, i) => team(`g${i}`, ...ids.slice(0, 10))).flat(),
  ]);
});
afterAll(() => db.drop());

it.each([
  [
    'users',
    { users: 11 },
    '11 users would be removed or deactivated in one run; the limit is 10 (of 100 active users).',
  ],
  ['identities', { identityChanges: 11 }, 'the limit is 10 (of 100 active users).'],
  ['groups', { groups: 7 }, '7 groups would be removed in one run; the limit is 6 (of 30 groups).'],
  [
    'memberships',
    { memberships: 61 },
    '61 memberships would be removed in one run; the limit is 60 (of 300 memberships).',
  ],
])('counts what there is of %s when some of them would go', async (_, removals, reason) => {
  const guard = createRunGuard({ database: db.database, holds: world.holds, clock: systemClock });
  const verdict = await guard.judge(world.ref, { ...NOTHING, ...removals });
  expect(verdict).toEqual({ hold: true, reasons: [expect.stringContaining(reason)] });
  const fewer = Object.fromEntries(Object.entries(removals).map(([kind, number]) => [kind, number - 1]));
  expect(await guard.judge(world.ref, { ...NOTHING, ...fewer })).toEqual({ hold: false, reasons: [] });
});

it('asks the database nothing when nothing would go', async () => {
  const none = { query: () => Promise.reject(new Error('asked')) } as unknown as Database;
  const guard = createRunGuard({ database: none, holds: world.holds, clock: systemClock });
  expect(await guard.judge(world.ref, NOTHING)).toEqual({ hold: false, reasons: [] });
  await expect(guard.judge(world.ref, { ...NOTHING, emptied: [{ name: 'x', members: 9 }] })).rejects.toThrow(
    'asked',
  );
});
