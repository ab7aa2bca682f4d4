import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Clock } from '#kernel';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SyncWorld } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { executeRun } from './run-executor.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

it('tells a source the time of the database, whatever the clock of its worker says and does', async () => {
  const source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')]] } });
  const world = await new SyncWorld(db.database, [source.connector()]).create();
  await world.directory();
  const [claim] = (await world.claim()) as [Claim];
  const parts = world.parts();
  let clock: Clock | undefined;
  source.script.fault = () => {
    // Set back by a day in the middle of the run.
    jest.spyOn(Date, 'now').mockReturnValue(claim.claimedAt.getTime() - 86_400_000);
  };
  const ports: typeof parts.ports = (run) => {
    clock = run.clock;
    return parts.ports(run);
  };
  const claimedAt = new Date(claim.claimedAt.getTime() + 600_000);
  await executeRun({ ...parts, ports }, { ...claim, claimedAt }, new RunControl());
  jest.restoreAllMocks();
  const passed = Number(clock?.now()) - claimedAt.getTime();
  expect(passed).toBeGreaterThanOrEqual(0);
  expect(passed).toBeLessThan(300_000);
  await world.close();
});
