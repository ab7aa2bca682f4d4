import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { people, person, snapshotWorld, type SnapshotWorld } from '../../test-support/snapshot-world.js';
import { Holds, type HoldsOptions } from './holds.js';

let db: TestDatabase;
let world: SnapshotWorld;
let now: number;
const clock: Clock = { now: () => new Date(now) };

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  now = Date.now();
  world = await snapshotWorld(db, { clock });
  await world.run(people(100));
});

/** Everybody; those whom `isGone` names are suspended. */
function without(isGone: (index: number) => boolean): ReturnType<typeof people> {
  return people(100).map((record, i) =>
    isGone(i) ? person(`p${String(i).padStart(3, '0')}`, { active: false }) : record,
  );
}

async function held(): Promise<string> {
  const { holdId } = await world.run(without((i) => i >= 20 && i < 80));
  return String(holdId);
}

function holdsOf(wasReadSince: HoldsOptions['wasReadSince']): Holds {
  return new Holds({ database: db.database, clock, ...(wasReadSince && { wasReadSince }) });
}

describe('an approval of a polled directory', () => {
  it('takes effect after the source was read again, without those who came back, and without those who followed', async () => {
    const id = await held();
    let wasRead = false;
    const asked: string[] = [];
    const holds = holdsOf((ref, since) => {
      asked.push(`${ref.directoryId} ${since}`);
      return Promise.resolve(wasRead);
    });
    const approving = await holds.approve(world.ref.environmentId, id, 'key');
    expect(approving).toMatchObject({ state: 'approving', pending: { users: 60 } });
    expect(asked).toEqual([`${world.ref.directoryId} ${approving.decidedAt}`]);
    expect(await world.active()).toHaveLength(100);
    await expect(holds.reject(world.ref.environmentId, id, 'key')).rejects.toThrow('is approving');

    // 20 to 49 are back, and everybody else has gone as well.
    const later = await world.run(without((i) => i < 20 || i >= 50));
    expect(later.holdId).toEqual(expect.stringMatching(/^removal_hold_/));
    expect(later.holdId).not.toBe(id);
    await holds.settle();
    expect(await world.active()).toHaveLength(100);
    wasRead = true;
    await holds.settle();
    expect(await holds.get(world.ref.environmentId, id)).toMatchObject({
      state: 'approved',
      pending: { users: 0 },
    });
    const names = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, i) => `p${String(from + i).padStart(3, '0')}`);
    expect(await world.active()).toEqual([...names(0, 50), ...names(80, 100)]);
  });

  it('does not wait for a source that is away for ever: then what it said last counts', async () => {
    const id = await held();
    const holds = holdsOf(() => Promise.resolve(false));
    await holds.approve(world.ref.environmentId, id, 'key');
    now += 15 * 60_000;
    await holds.settle();
    expect(await world.active()).toHaveLength(100);
    now += 1_000;
    await holds.settle();
    expect(await world.active()).toHaveLength(40);
  });

  it('of one directory that fails does not keep the others from theirs', async () => {
    const id = await held();
    const broken = world.ref.directoryId;
    world = await snapshotWorld(db, { clock });
    await world.run(people(100));
    const other = await held();
    let wasRead = false;
    const holds = holdsOf(({ directoryId }) =>
      wasRead && directoryId === broken ? Promise.reject(new Error('unreadable')) : Promise.resolve(wasRead),
    );
    for (const one of [id, other]) {
      const [row] = await db.database.query<{ environment_id: string }>({
        text: 'SELECT environment_id FROM holds WHERE id = $1',
        values: [one],
      });
      await holds.approve(String(row?.environment_id), one, 'key');
    }
    wasRead = true;
    await expect(holds.settle()).rejects.toThrow('unreadable');
    expect(await holds.get(world.ref.environmentId, other)).toMatchObject({ state: 'approved' });
  });
});
