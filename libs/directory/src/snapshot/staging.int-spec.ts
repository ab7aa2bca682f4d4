import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { Database, poolOptions, systemClock } from '#kernel';
import type { SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  allowed,
  people,
  person,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import { createRunGuard } from './run-guard.js';
import type { SnapshotRun } from './snapshot.js';
import { Snapshots } from './snapshots.js';

const ALL = { complete: ['users', 'groups', 'memberships'] } as const;

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
});

async function stage(...pages: readonly SnapshotRecord[][]): Promise<SnapshotRun> {
  const run = world.newRun();
  for (const page of pages) await world.snapshots.stage(run, page, allowed);
  return run;
}

async function apply(...pages: readonly SnapshotRecord[][]): Promise<void> {
  const run = await stage(...pages);
  await world.snapshots.apply(run, ALL, allowed);
  await world.snapshots.discard(run);
}

async function titles(): Promise<string> {
  const [row] = await db.database.query<{ titles: string }>({
    text: `SELECT string_agg(coalesce(job_title, '-'), ' ' ORDER BY user_name) AS titles FROM directory_users
      WHERE directory_id = $1 AND deleted_at IS NULL`,
    values: [world.ref.directoryId],
  });
  return row?.titles ?? '';
}

const removed = (id: string): SnapshotRecord => ({ kind: 'removed', of: 'user', id, reason: 'deleted' });

describe('what is staged of a full run', () => {
  it('is the record of whom it shows otherwise than before, and the id of everybody', async () => {
    await world.run(people(6));
    const run = await stage([...people(5), person('p005', { jobTitle: 'Lead' }), person('new')]);
    const staged = await db.database.query({
      text: 'SELECT source_id FROM snapshot_records WHERE run_id = $1 ORDER BY 1',
      values: [run.runId],
    });
    expect(staged).toEqual([{ source_id: 'new' }, { source_id: 'p005' }]);
    const ids = (after: string | null): Promise<readonly string[]> =>
      world.snapshots.stagedIds(run, 'user', { after, limit: 4 });
    expect(await ids(null)).toEqual(['new', 'p000', 'p001', 'p002']);
    expect(await ids('p002')).toEqual(['p003', 'p004', 'p005']);
  });

  it('is gone when it was discarded', async () => {
    await world.run([...people(3), ...team('red', 'p000', 'p001')]);
    const run = await stage([...people(2), person('new'), removed('p002'), ...team('red', 'p000', 'new')]);
    await world.snapshots.plan(run, ALL);
    await world.snapshots.apply(run, ALL, allowed);
    await world.snapshots.discard(run);
    const tables = await db.database.query<{ name: string }>({
      text: `SELECT relname AS name FROM pg_class WHERE relname LIKE 'snapshot%' AND relkind = 'r'`,
    });
    expect(tables.length).toBeGreaterThan(6);
    for (const { name } of tables)
      expect(
        await db.database.query({
          text: `SELECT '${name}' AS name FROM ${name} WHERE run_id = $1`,
          values: [run.runId],
        }),
      ).toEqual([]);
  });
});

describe('a record that several pages of a listing show', () => {
  const before = [
    person('a', { jobTitle: 'Cook' }),
    person('b', { jobTitle: 'Cook' }),
    person('c', { jobTitle: 'Cook' }),
  ];

  it('counts as it was shown first', async () => {
    await apply(before);
    await apply(
      [
        person('a', { jobTitle: 'Cook' }),
        person('b', { jobTitle: 'Chef' }),
        person('c', { jobTitle: 'Chef' }),
      ],
      [
        person('a', { jobTitle: 'Boss' }),
        person('b', { jobTitle: 'Cook' }),
        person('c', { jobTitle: 'Boss' }),
      ],
    );
    expect(await titles()).toBe('Cook Chef Chef');
  });

  it('counts as it was shown first, also where nothing was read to its end', async () => {
    await apply(before);
    const run = await stage(before, [person('a', { jobTitle: 'Boss' })]);
    await world.snapshots.apply(run, { complete: [] }, allowed);
    expect(await titles()).toBe('Cook Cook Cook');
  });

  it('counts as it was shown first, if it is a group, too', async () => {
    const red = (name: string): SnapshotRecord => ({
      kind: 'group',
      group: { sourceId: 'red', name, raw: { id: 'red' } },
    });
    await apply([red('Red')]);
    await apply([red('Red')], [red('Crimson')]);
    const [group] = await db.database.query({
      text: 'SELECT name FROM directory_groups WHERE directory_id = $1',
      values: [world.ref.directoryId],
    });
    expect(group).toEqual({ name: 'Red' });
  });

  it('is there, whatever a list of removed ones says before or after', async () => {
    await apply(before);
    await apply(
      [removed('a'), ...before.slice(1, 2)],
      [...before.slice(0, 1), ...before.slice(2)],
      [removed('b')],
    );
    expect(await world.active()).toEqual(['a', 'b', 'c']);
    await apply([removed('a')], before.slice(1));
    expect(await world.active()).toEqual(['b', 'c']);
  });

  it('is neither asked for nor awaited when the source says that it is gone', async () => {
    await apply(people(12));
    const run = await stage([...people(11), removed('p011')]);
    const asked: string[] = [];
    const report = await world.snapshots.apply(
      run,
      { ...ALL, lookUp: (_, ids) => (asked.push(...ids), Promise.resolve(new Map())) },
      allowed,
    );
    expect({ asked, awaiting: report.awaitingConfirmation }).toEqual({ asked: [], awaiting: 0 });
    expect(await world.active()).toHaveLength(11);
  });

  it('is counted once', async () => {
    await apply(people(12));
    const run = await stage(people(10), people(10), people(10));
    const report = await world.snapshots.apply(run, ALL, allowed);
    expect(report.counts).toMatchObject({ warnings: [expect.stringContaining('10 users after 12')] });
  });

  it('does not change by being staged once more after a kill', async () => {
    await apply(before);
    const page = [
      person('a', { jobTitle: 'Chef' }),
      person('b', { jobTitle: 'Cook' }),
      person('c', { jobTitle: 'Cook' }),
    ];
    await apply(page, page);
    expect(await titles()).toBe('Chef Cook Cook');
  });
});

it('stages pages in the order in which they were handed over, and none after one that was refused', async () => {
  const run = world.newRun();
  const refuse = (): Promise<void> => Promise.reject(new Error('lease lost'));
  const steps = [
    world.snapshots.stage(run, [person('a', { jobTitle: 'First' })], allowed),
    world.snapshots.stage(run, [person('a', { jobTitle: 'Second' })], allowed),
    world.snapshots.stage(run, [person('b')], refuse),
    world.snapshots.stage(run, [person('c')], allowed),
  ];
  expect((await Promise.allSettled(steps)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  await world.snapshots.apply(run, ALL, allowed);
  expect(await titles()).toBe('First');
});

it('stages over connections that pipeline as over others, and nothing without the lease', async () => {
  const pool = new Pool(poolOptions(db.url, { role: 'app', poolSize: 2, pipeline: true }));
  try {
    const { database } = db;
    const { store, holds } = world;
    const guard = createRunGuard({ database, holds, clock: systemClock });
    const pipeline = new Database(pool);
    const snapshots = new Snapshots({ database, pipeline, store, guard });
    const run = world.newRun();
    const lost: typeof allowed = async (tx) => {
      await tx.query({ text: 'SELECT 1' });
      throw new Error('lease lost');
    };
    await expect(snapshots.stage(run, [...people(3), ...team('no', 'p000')], lost)).rejects.toThrow(
      'lease lost',
    );
    await snapshots.stage(run, [...people(2), person('p002', { name: 'a "quoted" \\ name' })], allowed);
    await snapshots.stage(run, [...team('red', 'p001', 'p002')], allowed);
    await snapshots.apply(run, ALL, allowed);
    expect(await world.teams()).toEqual(['red: p001, p002']);
    expect(await snapshots.stagedIds(run, 'group', { after: null, limit: 9 })).toEqual(['red']);
  } finally {
    await pool.end();
  }
});

it('leaves pages to be written to the disk with what comes after them, and nothing else', async () => {
  const run = world.newRun();
  const seen: unknown[] = [];
  const look: typeof allowed = async (tx) => {
    const [row] = await tx.query<{ setting: string }>({
      text: `SELECT source || ' ' || setting AS setting FROM pg_settings WHERE name = 'synchronous_commit'`,
    });
    seen.push(row?.setting);
  };
  await world.snapshots.stage(run, people(1), look);
  await world.snapshots.apply(run, ALL, look);
  const [first, ...others] = seen;
  expect(first).toBe('session off');
  expect(others.length).toBeGreaterThan(1);
  expect(others).not.toContain('session off');
});
