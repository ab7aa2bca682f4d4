import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SourceError } from '../index.js';
import { SyncWorld } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { executeRun } from './run-executor.js';
import { SourceRecheck } from './source-recheck.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;
let recheck: SourceRecheck;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')]] } });
  world = await new SyncWorld(db.database, [source.connector()]).create();
  recheck = new SourceRecheck(db.database, world.registry);
});
afterEach(() => world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']));

function wasReadSince(directoryId: string, since: string): Promise<boolean> {
  return recheck.wasReadSince({ environmentId: world.environmentId, directoryId }, since);
}

async function instant(): Promise<string> {
  const [row] = await world.sql<{ now: string }>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  return String(row?.now);
}

function runs(directoryId: string): Promise<Record<string, unknown>[]> {
  return world.sql('SELECT mode, status FROM sync_runs WHERE directory_id = $1 ORDER BY id', [directoryId]);
}

it('has the source read at once, once, and says when that was done', async () => {
  const id = await world.directory();
  await world.runOnce();
  const since = await instant();
  expect(await wasReadSince(id, since)).toBe(false);
  expect(await wasReadSince(id, since)).toBe(false);
  expect(await runs(id)).toEqual([
    { mode: 'full', status: 'succeeded' },
    { mode: 'incremental', status: 'queued' },
  ]);
  expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
  expect(await wasReadSince(id, since)).toBe(true);
  expect(await wasReadSince(id, await instant())).toBe(false);
});

it('has a run followed that had begun before', async () => {
  const id = await world.directory();
  let since = '';
  source.script.fault = async () => {
    since = await instant();
    expect(await wasReadSince(id, since)).toBe(false);
  };
  await world.runOnce();
  delete source.script.fault;
  // Asked while it was read, it is due again at once.
  expect(Number((await world.schedule(id))['due_in'])).toBeLessThanOrEqual(0);
  expect(await runs(id)).toHaveLength(1);
  expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
  expect(await wasReadSince(id, since)).toBe(true);
});

it('leaves a source that fails to its own retries', async () => {
  const id = await world.directory();
  await world.runOnce();
  const since = await instant();
  await wasReadSince(id, since);
  source.script.fault = () => {
    throw new SourceError('tls_failed', 'The certificate has expired.');
  };
  expect(await world.runOnce()).toMatchObject({ outcome: 'failed' });
  expect(await wasReadSince(id, since)).toBe(false);
  expect(await runs(id)).toHaveLength(2);
});

it.each([
  ['is paused', `UPDATE directories SET paused_at = now(), paused_by = 'Ada' WHERE id = $1`],
  ['is not to be polled', 'UPDATE sync_schedules SET paused = true WHERE directory_id = $1'],
  ['has to be previewed first', 'UPDATE sync_schedules SET needs_approval = true WHERE directory_id = $1'],
  ['was deleted', 'UPDATE directories SET deleted_at = now() WHERE id = $1'],
  ['has a connector that is gone', `UPDATE directories SET provider = 'gone' WHERE id = $1`],
])('does not wait for a directory that %s', async (_, change) => {
  const id = await world.directory();
  const [claim] = (await world.claim()) as [Claim];
  await executeRun(world.parts(), claim, new RunControl());
  await world.sql(change, [id]);
  expect(await wasReadSince(id, await instant())).toBe(true);
  expect(await runs(id)).toHaveLength(1);
});
