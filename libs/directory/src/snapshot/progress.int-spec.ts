import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  allowed,
  people,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { ApplyProgress, OnProgress, SnapshotRun } from './snapshot.js';

const ALL = { complete: ['users', 'groups', 'memberships'] } as const;

let db: TestDatabase;
let world: SnapshotWorld;
let seconds: number;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
  seconds = 0;
  // Time for a word after every step.
  jest.spyOn(performance, 'now').mockImplementation(() => (seconds += 2) * 1_000);
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function staged(records: readonly SnapshotRecord[]): Promise<SnapshotRun> {
  const run = world.newRun();
  await world.snapshots.stage(run, records, allowed);
  return run;
}

async function told(records: readonly SnapshotRecord[]): Promise<readonly ApplyProgress[]> {
  const steps: ApplyProgress[] = [];
  const tell: OnProgress = async (progress) => void steps.push(progress);
  await world.snapshots.apply(await staged(records), { ...ALL, tell }, allowed);
  return steps;
}

describe('the progress of an application', () => {
  it('counts people, groups and memberships', async () => {
    expect(await told([...people(4), ...team('red', 'p000', 'p001', 'p002')])).toEqual([
      { done: 1, total: 8 },
      { done: 5, total: 8 },
      { done: 8, total: 8 },
    ]);
  });

  it('counts who goes', async () => {
    const before = [...people(12), ...team('red', 'p000', 'p001', 'p002'), ...team('blue', 'p003')];
    await world.run(before);
    const next = [...people(11), ...team('red', 'p000', 'p001')];
    expect(await told(next)).toEqual([]);
    // A person, a membership of red, and blue; the one of blue goes with it.
    const steps = await told(next);
    expect(steps.at(-1)).toEqual({ done: 3, total: 3 });
    expect(await world.teams()).toEqual(['red: p000, p001']);
  });

  it('is not told of what takes no second', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(0);
    expect(await told([...people(4), ...team('red', 'p000')])).toEqual([]);
  });

  it('ends the application when nobody may be told any more, and another goes on', async () => {
    const run = await staged([...people(4), ...team('red', 'p000')]);
    const lost = (): Promise<void> => Promise.reject(new Error('lease lost'));
    await expect(world.snapshots.apply(run, { ...ALL, tell: lost }, allowed)).rejects.toThrow('lease lost');
    expect(await world.active()).toEqual([]);
    const steps: ApplyProgress[] = [];
    const tell: OnProgress = async (progress) => void steps.push(progress);
    await world.snapshots.apply(run, { ...ALL, tell }, allowed);
    expect(steps.at(-1)?.done).toBe(steps.at(-1)?.total);
    expect(await world.teams()).toEqual(['red: p000']);
  });
});
