import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '#testing';

import { createDataSource } from './create-data-source.js';
import { dropExpired } from './drop-expired.js';
import { ensurePartitions } from './ensure-partitions.js';

const DAYS = { events: 90, webhook_attempts: 30, scim_requests: 30, sync_runs: 30, sync_run_items: 30 };
const at = (text: string): { now(): Date } => ({ now: () => new Date(text) });

describe('dropExpired', () => {
  let test: TestDatabase;
  let owner: DataSource;

  beforeEach(async () => {
    test = await createTestDatabase();
    owner = await createDataSource(test.url, { role: 'owner', poolSize: 4 }).initialize();
    await test.pool.query(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    await test.pool.query(
      `INSERT INTO streams (environment_id, stream_id) VALUES ('environment_1', 'directory_1')`,
    );
    // Weeks 20 to 24 of 2020: long gone for the template's own partitions, which are those of today.
    await ensurePartitions(owner, at('2020-05-11T00:00:00Z'));
  });

  afterEach(async () => {
    await owner.destroy();
    await test.drop();
  });

  async function insertEvents(createdAt: string, count = 1): Promise<void> {
    await test.pool.query(
      `INSERT INTO events (environment_id, stream_id, sequence, id, type, body, epoch, created_at)
       SELECT 'environment_1', 'directory_1', n, $1::text || n, 'dsync.user.created', '{}', 1, $1::timestamptz
       FROM generate_series(1, $2::int) AS n`,
      [createdAt, count],
    );
  }

  const kept = async (): Promise<unknown[]> =>
    (
      await test.pool.query<{ day: string }>(
        'SELECT DISTINCT left(created_at::text, 10) AS day FROM events ORDER BY 1',
      )
    ).rows.map(({ day }) => day);

  it('drops a week when the last moment of it is too old, for each table by its own days', async () => {
    await insertEvents('2020-05-11T00:00:00Z');
    await insertEvents('2020-05-18T00:00:00Z');
    // 90 days before this lies the last second of week 20, 30 days before it a Friday in July.
    const early = await dropExpired(owner, at('2020-08-15T23:59:59Z'), DAYS);
    expect(early.partitions.filter((name) => name.startsWith('events'))).toEqual([]);
    expect(early.partitions).toContain('webhook_attempts_2020w24');
    expect(early.partitions).toContain('scim_requests_2020w24');
    expect(await kept()).toEqual(['2020-05-11', '2020-05-18']);
    const late = await dropExpired(owner, at('2020-08-16T00:00:00Z'), DAYS);
    expect(late.partitions).toEqual(['events_2020w20']);
    expect(await kept()).toEqual(['2020-05-18']);
    expect(await dropExpired(owner, at('2020-08-16T00:00:00Z'), DAYS)).toEqual({ partitions: [], rows: 0 });
  });

  it('deletes from the default partition what is too old, in chunks', async () => {
    await insertEvents('2019-01-01T00:00:00Z', 5_001);
    await insertEvents('2020-07-30T00:00:00Z');
    const { rows } = await dropExpired(owner, at('2020-08-01T00:00:00Z'), DAYS);
    expect(rows).toBe(5_001);
    expect(await kept()).toEqual(['2020-07-30']);
  });

  it('leaves a table that is in use to the next run, and makes nobody wait for it', async () => {
    const reader = owner.createQueryRunner();
    await reader.startTransaction();
    await reader.query('SELECT FROM events');
    const { partitions } = await dropExpired(owner, at('2026-01-01T00:00:00Z'), DAYS);
    expect(partitions.filter((name) => name.startsWith('events'))).toEqual([]);
    await reader.commitTransaction();
    await reader.release();
    expect((await dropExpired(owner, at('2026-01-01T00:00:00Z'), DAYS)).partitions).toHaveLength(5);
  }, 60_000);

  it('may run in several processes at once', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => dropExpired(owner, at('2026-01-01T00:00:00Z'), DAYS)));
    const dropped = runs.flatMap(({ partitions }) => partitions);
    expect(new Set(dropped).size).toBe(dropped.length);
    await dropExpired(owner, at('2026-01-01T00:00:00Z'), DAYS);
    const left = await owner.query<unknown[]>(
      `SELECT FROM pg_class WHERE relname LIKE 'events_2020%' AND relkind = 'r'`,
    );
    expect(left).toEqual([]);
  }, 60_000);
});
