import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SourceError } from '../index.js';
import { SyncWorld } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import { LeaseLostError } from './lease-store.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;
let steps: string[];

const PAGES = [[aSourceUser('ada'), aSourceUser('bob')], [aSourceUser('cleo')]];

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: { users: PAGES } });
  world = await new SyncWorld(db.database, [source.connector()]).create();
  steps = [];
  world.door.before = (step) => void steps.push(step);
});
afterEach(async () => {
  await world.close();
  await world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']);
});

async function again(id: string): Promise<void> {
  steps = [];
  await world.makeDue(id, 'full');
  expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
}

describe('a small run', () => {
  it('is staged in one go when it finds something, and not at all when it finds nothing', async () => {
    const id = await world.directory();
    await world.runOnce();
    expect(steps).toEqual(['compare', 'stage', 'apply', 'discard']);
    await again(id);
    expect(steps).toEqual(['compare']);
    expect(await world.lastRun(id)).toMatchObject({
      status: 'succeeded',
      pages: 2,
      records: 3,
      counts: { users: { create: 0, remove: 0 } },
      streams: [{ id: 'users', state: 'complete', pages: 2, records: 3 }],
    });
    expect(await world.schedule(id)).toMatchObject({ staged_run_id: null, last_full_records: 3 });
  });

  it('that comes to nobody at all is compared and applied, and leaves nothing behind', async () => {
    const id = await world.directory();
    await world.runOnce();
    source.script.streams = { users: [[]] };
    await again(id);
    expect(steps).toEqual(['compare', 'apply', 'discard']);
    expect(await world.schedule(id)).toMatchObject({ staged_run_id: null });
  });

  it('is compared in full when one of its streams was cut', async () => {
    const id = await world.directory();
    await world.runOnce();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('insufficient_permissions', 'No.');
    };
    steps = [];
    await world.makeDue(id, 'full');
    expect(await world.runOnce()).toMatchObject({ outcome: 'partial' });
    expect(steps).toEqual(['stage', 'apply', 'discard']);
    expect(world.door.facts.at(-1)?.complete).toEqual([]);
  });

  it('stores what it has read when the source has to be waited for', async () => {
    const id = await world.directory();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('rate_limited', 'Too many requests.');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'paused' });
    const { id: run } = (await world.lastRun(id)) as { id: string };
    expect(world.door.staged.get(run)).toEqual(PAGES[0]);
    source.script.fault = () => undefined;
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded', pages: 1 });
    expect([...(world.door.applied.get(id) ?? [])]).toEqual(['ada', 'bob', 'cleo']);
  });

  it('that somebody else began is not taken for all there is', async () => {
    const id = await world.directory();
    await world.runOnce();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('rate_limited', 'Too many requests.');
    };
    await world.makeDue(id, 'full');
    expect(await world.runOnce()).toMatchObject({ outcome: 'paused' });
    source.script.fault = () => undefined;
    await again(id);
    expect(steps).toEqual(['stage', 'apply', 'discard']);
  });

  it('that shows a preview stages its pages as they come', async () => {
    await world.directory({ needsApproval: true });
    expect(await world.runOnce()).toMatchObject({ outcome: 'awaiting_approval' });
    expect(steps).toEqual(['stage', 'stage', 'plan']);
  });
});

describe('a larger run', () => {
  it('stages what was held with the page that is too much, then page by page, and stores its checkpoints', async () => {
    const crowd = Array.from({ length: 251 }, (_, index) => aSourceUser(`p${index}`));
    source.script.streams = { users: [...PAGES, crowd, [aSourceUser('zoe')]] };
    const id = await world.directory();
    const stored: unknown[] = [];
    source.script.fault = async () => {
      stored.push((await world.lastRun(id))['pages']);
    };
    await world.runOnce();
    expect(steps.filter((step) => step !== 'hold')).toEqual(['stage', 'stage', 'apply', 'discard']);
    // The source is asked for the next page while those before are staged.
    expect(stored.slice(0, 3)).toEqual([0, 0, 0]);
    expect(await world.lastRun(id)).toMatchObject({ pages: 4, records: 255, status: 'succeeded' });
    expect(world.door.applied.get(id)?.size).toBe(255);
  });
});

describe('a larger run that finds nothing', () => {
  const crowd = (page: number): ReturnType<typeof aSourceUser>[] =>
    Array.from({ length: 130 }, (_, index) => aSourceUser(`p${page}-${index}`));
  const CROWDS = [crowd(0), crowd(1), crowd(2)];
  let id: string;

  beforeEach(async () => {
    source.script.streams = { users: CROWDS };
    id = await world.directory();
    await world.runOnce();
  });

  it('is held as ids and staged nowhere, and tells how far it is', async () => {
    const told: number[] = [];
    const checkpoints: unknown[] = [];
    source.script.fault = async () => {
      const { pages, streams } = await world.lastRun(id);
      told.push(pages as number);
      checkpoints.push(
        ...(streams as readonly { readonly checkpoint: unknown }[]).map((one) => one.checkpoint),
      );
    };
    source.script.streams = { users: [...CROWDS, [], []] };
    await again(id);
    expect(steps).toEqual(['hold', 'hold', 'hold', 'hold', 'compare']);
    expect(told.at(-1)).toBeGreaterThan(1);
    expect(new Set(checkpoints)).toEqual(new Set([null]));
    expect(await world.lastRun(id)).toMatchObject({
      pages: 5,
      records: 390,
      streams: [{ state: 'complete', pages: 5, records: 390 }],
    });
    expect(await world.schedule(id)).toMatchObject({ staged_run_id: null, last_full_records: 390 });
  });

  it('is read from its beginning after a kill, and counts nothing twice', async () => {
    source.script.streams = { users: [...CROWDS, [], []] };
    const dead = new RunControl();
    source.script.fault = ({ page }) => {
      if (page === 4) dead.interrupt('lost');
    };
    world.door.before = (step) => {
      if (step === 'stage') throw new LeaseLostError();
    };
    await world.makeDue(id, 'full');
    expect(await world.runOnce({}, dead)).toMatchObject({ outcome: 'lost' });
    await world.expireLease(id);
    world.door.before = (step) => void steps.push(step);
    expect(await world.lastRun(id)).toMatchObject({ status: 'fetching', pages: 4 });
    source.script.fault = () => undefined;
    await again(id);
    expect(steps).toEqual(['stage', 'stage', 'stage', 'apply', 'discard']);
    expect(await world.lastRun(id)).toMatchObject({ status: 'succeeded', pages: 5, records: 390 });
    expect(world.door.applied.get(id)?.size).toBe(390);
  });

  it('is staged when the source has to be waited for, and goes on after what it has read', async () => {
    source.script.fault = ({ page }) => {
      if (page === 2) throw new SourceError('rate_limited', 'Too many requests.');
    };
    await world.makeDue(id, 'full');
    expect(await world.runOnce()).toMatchObject({ outcome: 'paused' });
    const run = (await world.lastRun(id)) as { id: string };
    expect(world.door.staged.get(run.id)).toEqual(CROWDS.slice(0, 2).flat());
    source.script.fault = () => undefined;
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded', pages: 1 });
    expect(world.door.applied.get(id)?.size).toBe(390);
  });
});

describe('the end of a run', () => {
  it('closes what the source keeps open', async () => {
    await world.directory();
    const control = new RunControl();
    await world.runOnce({}, control);
    expect(control.signal.aborted).toBe(true);
  });
});
