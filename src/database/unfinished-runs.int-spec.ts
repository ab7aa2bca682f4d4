import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createEmptyDatabase, type EmptyDatabase } from '#testing';

import { createDataSource } from './create-data-source.js';
import { migrate } from './migrate.js';

let test: EmptyDatabase;
let owner: DataSource;

beforeEach(async () => {
  test = await createEmptyDatabase();
  await migrate(test.url);
  owner = await createDataSource(test.url, { role: 'owner' }).initialize();
});
afterEach(async () => {
  await owner.destroy();
  await test.drop();
});

const RUNS = ['queued', 'fetching', 'applying', 'awaiting_approval', 'succeeded'];

/** Undoes a migration and those that came after it. */
async function undoDownTo(name: string): Promise<void> {
  const [row] = await owner.query(
    'SELECT count(*)::int AS number FROM migrations WHERE id >= (SELECT id FROM migrations WHERE name = $1)',
    [name],
  );
  expect(row.number).toBeGreaterThan(0);
  for (let undone = 0; undone < row.number; undone += 1) await owner.undoLastMigration();
}

async function insertRuns(): Promise<void> {
  await owner.query(`INSERT INTO environments (id, name) VALUES ('e', 'e')`);
  for (const status of RUNS) {
    await owner.query(
      `INSERT INTO directories (environment_id, id, organization_id, name, type, external_key, state, created_at, updated_at)
        VALUES ('e', $1, 'o', 'd', 't', $1, 'linked', now(), now())`,
      [status],
    );
    await owner.query(
      `INSERT INTO sync_runs (environment_id, directory_id, id, mode, trigger, status, streams, pages, records, created_at,
          finished_at)
        VALUES ('e', $1, 'run', 'full', 'schedule', $1, '[{"id": "users", "state": "complete"}]', 3, 300, now(),
          CASE WHEN $1 = 'succeeded' THEN now() END)`,
      [status],
    );
    await owner.query(
      `INSERT INTO sync_schedules (environment_id, directory_id, needs_approval, due_at, active_run_id)
        VALUES ('e', $1, true, now() + interval '1 day', CASE WHEN $1 <> 'succeeded' THEN 'run' END)`,
      [status],
    );
  }
}

it('a run that was under way when staging changed reads everything anew, and takes nobody for removed', async () => {
  await undoDownTo('ListSnapshotRecords20261126110000');
  await insertRuns();
  await owner.runMigrations();
  const runs = await owner.query(
    `SELECT directory_id AS was, status, streams, pages, records FROM sync_runs ORDER BY directory_id`,
  );
  const anew = { status: 'fetching', streams: [], pages: 0, records: 0 };
  const asItWas = { streams: [{ id: 'users', state: 'complete' }], pages: 3, records: 300 };
  expect(runs).toEqual([
    { was: 'applying', ...anew },
    { was: 'awaiting_approval', ...anew },
    { was: 'fetching', ...anew },
    { was: 'queued', status: 'queued', ...asItWas },
    { was: 'succeeded', status: 'succeeded', ...asItWas },
  ]);
  const due = await owner.query(
    `SELECT directory_id AS was FROM sync_schedules WHERE due_at <= now() ORDER BY directory_id`,
  );
  expect(due.map(({ was }: { was: string }) => was)).toEqual([
    'applying',
    'awaiting_approval',
    'fetching',
    'queued',
  ]);
});
