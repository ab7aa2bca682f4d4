import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SyncWorld } from '../../test-support/sync-world.js';
import { Schedules } from './schedules.js';
import { SyncRuns } from './sync-runs.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;
let runs: SyncRuns;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')]] } });
  world = await new SyncWorld(db.database, [source.connector()]).create();
  runs = new SyncRuns({ database: db.database, registry: world.registry });
});
afterEach(() => world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']));

function key(directoryId: string): { environmentId: string; directoryId: string } {
  return { environmentId: world.environmentId, directoryId };
}

function pause(directoryId: string): Promise<unknown> {
  return world.sql(`UPDATE directories SET paused_at = now(), paused_by = 'Ada' WHERE id = $1`, [
    directoryId,
  ]);
}

function resume(directoryId: string): Promise<unknown> {
  return world.sql('UPDATE directories SET paused_at = NULL, paused_by = NULL WHERE id = $1', [directoryId]);
}

it('a directory from which nothing is to be taken in is not polled, and goes on when it is resumed', async () => {
  const id = await world.directory();
  await pause(id);
  expect(await world.claim()).toEqual([]);
  await expect(runs.request(key(id), 'full')).rejects.toThrow('POST …/resume');
  const schedules = new Schedules(db.database, world.registry);
  expect(await schedules.get(key(id))).toMatchObject({ nextIncrementalAt: null, nextFullAt: null });
  await resume(id);
  expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
});

it('a preview of such a directory is not applied until it is resumed', async () => {
  const id = await world.directory({ needsApproval: true });
  await world.runOnce();
  const runId = String((await world.lastRun(id))['id']);
  await pause(id);
  await expect(runs.approve(key(id), runId)).rejects.toThrow('POST …/resume');
  await resume(id);
  expect(await runs.approve(key(id), runId)).toMatchObject({ status: 'planning' });
});

it('who holds the lease of such a directory hears of it with the next renewal', async () => {
  const id = await world.directory();
  const claims = await world.claim();
  expect(await world.leases.renew(claims)).toMatchObject([{ isPaused: false, isCancelled: false }]);
  await pause(id);
  expect(await world.leases.renew(claims)).toMatchObject([{ isPaused: true, isCancelled: false }]);
});
