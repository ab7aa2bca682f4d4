import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SourceError } from '../index.js';
import { SyncWorld } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { Schedules } from './schedules.js';
import { SyncRuns } from './sync-runs.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')]], groups: [[]] } });
  world = await new SyncWorld(db.database, [source.connector()]).create();
});
afterEach(async () => {
  await world.close();
  await world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']);
});

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

describe('a run that finds nothing new', () => {
  it('is partial, not succeeded, when one of its streams was cut', async () => {
    const id = await world.directory();
    await world.runOnce();
    await world.makeDue(id);
    source.script.fault = ({ stream }) => {
      if (stream === 'groups') throw new SourceError('insufficient_permissions', 'No right to read groups.');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'partial' });
    expect(await world.lastRun(id)).toMatchObject({
      mode: 'incremental',
      records: 0,
      status: 'partial',
      error_code: 'insufficient_permissions',
    });
    expect(await world.schedule(id)).toMatchObject({ failures: 1 });
  });
});

describe('a source that names the time at which to come again', () => {
  it.each([
    [1_800, 30],
    [1, 1],
    [86_400, 360],
  ])('after %d s is asked again %d min later', async (told, minutes) => {
    const id = await world.directory();
    source.script.fault = () => {
      throw new SourceError('rate_limited', 'Wait.', { facts: { retry_after_ms: told * 1_000 } });
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'paused' });
    const { due_in } = (await world.schedule(id)) as { due_in: number };
    expect(Math.round(due_in / 60)).toBe(minutes);
  });
});

describe('a failure while a run is applied', () => {
  it('does not claim that nothing was changed', async () => {
    const id = await world.directory();
    world.door.before = (step) => {
      if (step === 'apply') throw new TypeError('unforeseen');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'failed' });
    const run = await world.lastRun(id);
    expect(run).toMatchObject({ error_code: 'internal_error' });
    expect(run['error_message']).toContain('a part of its changes has taken effect');
    expect(run['error_remedy']).not.toContain('Nothing was removed');
  });

  it('is not its deadline: only reading has one', async () => {
    await world.directory();
    const control = new RunControl();
    const late = new Promise<void>((resolve) => {
      control.signal.addEventListener('abort', () => resolve());
    });
    const longer = new Promise<void>((resolve) => setTimeout(resolve, 600));
    world.door.before = async (step) => {
      if (step !== 'apply') return;
      await Promise.race([late, longer]);
      if (control.signal.aborted) throw new Error('interrupted while applying');
    };
    expect(await world.runOnce({ deadlineSeconds: 0.4 }, control)).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('a maintenance window', () => {
  const end = (claim: Claim): Date => new Date(claim.claimedAt.getTime() + 3_600_000);

  it('is judged by the clock of the database', async () => {
    await world.directory();
    const [claim] = (await world.claim()) as [Claim];
    const [row] = await world.sql<{ age: number }>(
      'SELECT extract(epoch FROM now() - $1::timestamptz)::float8 AS age',
      [claim.claimedAt.toISOString()],
    );
    expect(Math.abs(row?.age ?? Infinity)).toBeLessThan(60);
  });

  it('makes a scheduled run wait, but nobody who has just asked for one or for a pause', async () => {
    const id = await world.directory();
    const [claim] = (await world.claim()) as [Claim];
    await world.leases.postpone(claim, end(claim));
    const { due_in } = (await world.schedule(id)) as { due_in: number };
    expect(Math.round(due_in / 60)).toBe(60);

    for (const [set, due] of [
      [`paused = true, due_at = 'infinity'`, 'infinity'],
      [`paused = false, active_run_id = 'run_1', due_at = '-infinity'`, '-infinity'],
    ]) {
      await world.makeDue(id);
      const [again] = (await world.claim()) as [Claim];
      await world.sql(`UPDATE sync_schedules SET ${set} WHERE directory_id = $1`, [id]);
      await world.leases.postpone(again, end(again));
      expect(await world.schedule(id)).toMatchObject({ due_at: due, worker: null });
    }
  });
});

describe('a directory from which nothing is to be taken in', () => {
  const runs = (): SyncRuns => new SyncRuns({ database: db.database, registry: world.registry });

  it('is not polled, and goes on when it is resumed', async () => {
    const id = await world.directory();
    await pause(id);
    expect(await world.claim()).toEqual([]);
    await expect(runs().request(key(id), 'full')).rejects.toThrow('POST …/resume');
    const schedules = new Schedules(db.database, world.registry);
    expect(await schedules.get(key(id))).toMatchObject({ nextIncrementalAt: null, nextFullAt: null });
    await resume(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
  });

  it('has no preview applied until it is resumed', async () => {
    const id = await world.directory({ needsApproval: true });
    await world.runOnce();
    const runId = String((await world.lastRun(id))['id']);
    await pause(id);
    await expect(runs().approve(key(id), runId)).rejects.toThrow('POST …/resume');
    await resume(id);
    expect(await runs().approve(key(id), runId)).toMatchObject({ status: 'planning' });
  });

  it('is told to who holds its lease with the next renewal', async () => {
    const id = await world.directory();
    const claims = await world.claim();
    expect(await world.leases.renew(claims)).toMatchObject([{ isPaused: false, isCancelled: false }]);
    await pause(id);
    expect(await world.leases.renew(claims)).toMatchObject([{ isPaused: true, isCancelled: false }]);
  });
});
