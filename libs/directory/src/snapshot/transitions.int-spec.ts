import { afterEach, expect, it } from '@jest/globals';
import type { Clock } from '#kernel';
import type { SnapshotRecord, UpcomingState } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { people, snapshotWorld, type SnapshotWorld } from '../../test-support/snapshot-world.js';

const DUE = '2020-01-01T00:00:00.000Z';
const END: UpcomingState = { at: DUE, active: false, stateReason: 'terminated' };
const BEGIN: UpcomingState = { at: DUE, active: true, stateReason: null };

const opened: TestDatabase[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.drop();
});

async function fresh(clock?: Clock): Promise<{ readonly world: SnapshotWorld; readonly db: TestDatabase }> {
  const db = await createTestDatabase();
  opened.push(db);
  return { world: await snapshotWorld(db, { ...(clock && { clock }) }), db };
}

const dated = (
  count: number,
  upcoming: UpcomingState,
  { active = true, from = 0 }: { active?: boolean; from?: number } = {},
): SnapshotRecord[] =>
  people(count, from).map((record) =>
    record.kind === 'user' ? { ...record, user: { ...record.user, active, upcoming } } : record,
  );
const openHolds = (db: TestDatabase): Promise<unknown[]> =>
  db.database.query({ text: "SELECT id FROM holds WHERE state = 'open'" });

/** As the service does it: so many at a time until none is left. */
async function comeDue({ snapshots }: SnapshotWorld, chunk: number): Promise<void> {
  while ((await snapshots.applyDueTransitions(chunk)) > 0);
}

it('states that have come due end nobody’s access before somebody has looked when everybody’s end comes at once', async () => {
  const { world, db } = await fresh();
  await world.run([...dated(40, END)]);
  await comeDue(world, 5);
  expect(await world.active()).toHaveLength(40);
  expect(await openHolds(db)).toHaveLength(1);
});

it('states that have come due are the word of the source, of which the guard lets more pass than of absences', async () => {
  const { world, db } = await fresh();
  await world.run([...dated(12, END), ...people(48, 12)]);
  await comeDue(world, 20);
  expect(await world.active()).toHaveLength(48);
  expect(await openHolds(db)).toEqual([]);
});

it('states that have come due are those that the source has told last', async () => {
  const { world } = await fresh();
  const [moved, withdrawn, unreadable] = dated(3, END) as [SnapshotRecord, SnapshotRecord, SnapshotRecord];
  await world.run([moved, withdrawn, unreadable]);
  await world.run([
    ...dated(1, { ...END, at: '2999-01-01T00:00:00.000Z' }),
    ...people(1, 1),
    { kind: 'invalid', of: 'user', id: 'p002', problem: 'The status is hidden.' },
  ]);
  await comeDue(world, 10);
  expect(await world.active()).toEqual(['p000', 'p001']);
});

it('states that have come due let any number of people begin', async () => {
  const { world } = await fresh();
  await world.run([...dated(30, BEGIN, { active: false }), ...people(5, 30)]);
  await comeDue(world, 4);
  expect(await world.active()).toHaveLength(35);
});

it.each([
  ['ahead', 10],
  ['behind', -10],
])('states come due by the clock of the database, however far %s that of a worker is', async (_, minutes) => {
  const { world } = await fresh({ now: () => new Date(Date.now() + minutes * 60_000) });
  const at = (offset: number): string => new Date(Date.now() + offset * 60_000).toISOString();
  await world.run([
    ...dated(1, { ...END, at: at(-5) }),
    ...dated(1, { ...END, at: at(5) }, { from: 1 }),
    ...people(8, 2),
  ]);
  await comeDue(world, 10);
  expect(await world.active()).toHaveLength(9);
  expect(await world.active()).toContain('p001');
});
