import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '#testing';

import { createDataSource } from './create-data-source.js';
import { ensurePartitions } from './ensure-partitions.js';
import { isoWeek } from './iso-week.js';

// Far from the weeks that the template has.
const clock = { now: () => new Date('2030-05-15T10:00:00Z') };
const WEEKS = ['2030w20', '2030w21', '2030w22', '2030w23', '2030w24'];
const TABLES = ['events', 'webhook_attempts', 'scim_requests', 'sync_runs', 'sync_run_items'];
const ALL = TABLES.flatMap((table) => WEEKS.map((week) => `${table}_${week}`));

describe('ensurePartitions', () => {
  let test: TestDatabase;
  let owner: DataSource;

  beforeEach(async () => {
    test = await createTestDatabase();
    owner = await createDataSource(test.url, { role: 'owner' }).initialize();
    await test.pool.query(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    await test.pool.query(
      `INSERT INTO streams (environment_id, stream_id) VALUES ('environment_1', 'directory_1')`,
    );
  });

  afterEach(async () => {
    await owner.destroy();
    await test.drop();
  });

  async function insertEvent(sequence: number, createdAt: string): Promise<string> {
    const { rows } = await test.pool.query<{ partition: string }>(
      `INSERT INTO events (environment_id, stream_id, sequence, id, type, body, epoch, created_at)
       VALUES ('environment_1', 'directory_1', $1, $2, 'dsync.user.created', '{}', 1, $3)
       RETURNING tableoid::regclass::text AS partition`,
      [sequence, `event_${sequence}`, createdAt],
    );
    return rows[0]?.partition ?? '';
  }

  it('makes this week and four more, once', async () => {
    expect(await ensurePartitions(owner, clock)).toEqual(ALL);
    expect(await ensurePartitions(owner, clock)).toEqual([]);
  });

  it('puts a row where its time belongs, to the millisecond', async () => {
    await ensurePartitions(owner, clock);
    expect(await insertEvent(1, '2030-05-13T00:00:00.000Z')).toBe('events_2030w20');
    expect(await insertEvent(2, '2030-05-19T23:59:59.999Z')).toBe('events_2030w20');
    expect(await insertEvent(3, '2030-05-20T00:00:00.000Z')).toBe('events_2030w21');
    expect(await insertEvent(4, '2030-05-12T23:59:59.999Z')).toBe('events_default');
  });

  it('spares events of ordinary size the slow compression: by LZ4, or by none', async () => {
    await ensurePartitions(owner, clock);
    const { rows } = await test.pool.query<{ method: string; options: string[] | null }>(
      `SELECT a.attcompression::text AS method, c.reloptions AS options FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid
       WHERE a.attname = 'body' AND c.oid IN ('events_2030w20'::regclass, 'events_default'::regclass)`,
    );
    expect(rows).toHaveLength(2);
    for (const { method, options } of rows)
      expect(method === 'l' || options?.includes('toast_tuple_target=4080')).toBe(true);
  });

  it('names weeks like PostgreSQL does', async () => {
    const days = Array.from({ length: 800 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)));
    const { rows } = await test.pool.query<{ name: string }>(
      `SELECT to_char(day AT TIME ZONE 'UTC', 'IYYY"w"IW') AS name FROM unnest($1::timestamptz[]) AS day`,
      [days.map((day) => day.toISOString())],
    );
    expect(days.map((day) => isoWeek(day).name)).toEqual(rows.map(({ name }) => name));
  });

  it('leaves a week alone whose rows lie in the default partition', async () => {
    await insertEvent(1, '2030-05-21T00:00:00Z');
    const without = ALL.filter((name) => name !== 'events_2030w21');
    expect(await ensurePartitions(owner, clock)).toEqual(without);
    expect(await ensurePartitions(owner, clock)).toEqual([]);
    expect(await insertEvent(2, '2030-05-21T00:00:00Z')).toBe('events_default');
  });

  it('may run in several processes at once', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => ensurePartitions(owner, clock)));
    expect(made.flat().sort()).toEqual(ALL.toSorted());
  });

  it('does not wait for a writer for ever, and comes back for the rest', async () => {
    const april = { now: () => new Date('2030-04-17T00:00:00Z') };
    const writer = owner.createQueryRunner();
    await writer.startTransaction();
    await writer.query('LOCK TABLE events_default IN ROW EXCLUSIVE MODE');
    const made = await ensurePartitions(owner, april);
    await writer.rollbackTransaction();
    await writer.release();
    expect(made.filter((name) => name.startsWith('events'))).toEqual([]);
    expect(await ensurePartitions(owner, april)).toHaveLength(5);
  }, 60_000);

  it('lets the application neither change the log through a partition nor see one', async () => {
    await ensurePartitions(owner, clock);
    await insertEvent(1, '2030-05-15T00:00:00Z');
    for (const statement of [
      `UPDATE events SET body = 'x'`,
      'DELETE FROM events',
      `UPDATE events_2030w20 SET body = 'x'`,
      'DELETE FROM events_2030w20',
      'TRUNCATE events_2030w20',
      'DELETE FROM events_default',
      'DELETE FROM log_epochs',
    ]) {
      await expect(test.pool.query(statement)).rejects.toThrow('permission denied');
    }
    expect((await test.pool.query('SELECT sequence FROM events')).rows).toEqual([{ sequence: 1 }]);
  });
});
