import type { DataSource, QueryRunner } from 'typeorm';

import type { Clock } from '#kernel';

import { isoWeek, type IsoWeek } from './iso-week.js';
import { withPartitionLock } from './partition-lock.js';

/** Tables that grow with time; each has a partition per ISO week and one for everything else. */
export const GROWING_TABLES = [
  'events',
  'webhook_attempts',
  'scim_requests',
  'sync_runs',
  'sync_run_items',
] as const;
const WEEKS_AHEAD = 4;
// Attaching waits for writers, and other writers queue behind it. There are weeks of time for another try.
const LOCK_TIMEOUT = '3s';

/**
 * Sees to weekly partitions of the growing tables: this week's and four ahead. A week that already has rows in the
 * DEFAULT partition stays there; a week whose lock cannot be had at once is left to the next call. Call it at start
 * and every day, from as many processes as you like. Resolves to the partitions it made.
 */
export async function ensurePartitions(owner: DataSource, clock: Clock): Promise<string[]> {
  const now = clock.now();
  const made: string[] = [];
  for (const table of GROWING_TABLES) {
    for (let ahead = 0; ahead <= WEEKS_AHEAD; ahead += 1) {
      const week = isoWeek(now, ahead);
      const outcome = await withPartitionLock(owner, LOCK_TIMEOUT, (runner) =>
        createPartition(runner, table, week),
      );
      if (outcome === 'made') made.push(nameOf(table, week));
      if (outcome === 'busy') break;
    }
    await withPartitionLock(owner, LOCK_TIMEOUT, (runner) => closePartitions(runner, table));
  }
  return made;
}

function nameOf(table: string, week: IsoWeek): string {
  return `${table}_${week.name}`;
}

/**
 * Made apart and attached: unlike CREATE TABLE … PARTITION OF, that does not lock out readers and writers of the
 * whole table.
 */
async function createPartition(runner: QueryRunner, table: string, week: IsoWeek): Promise<'made' | 'there'> {
  const name = nameOf(table, week);
  const [found] = await runner.manager.query<{ exists: boolean }[]>(
    'SELECT to_regclass($1) IS NOT NULL AS exists',
    [name],
  );
  if (found?.exists === true) return 'there';
  await runner.query(`CREATE TABLE ${name} (LIKE ${table} INCLUDING ALL)`);
  if (table === 'events') await leaveUncompressed(runner, name);
  await runner.query(
    `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${week.from}') TO ('${week.to}')`,
  );
  return 'made';
}

/**
 * Without LZ4 (a column's method is inherited, a table's settings are not) compressing an event takes longer than all the
 * rest of storing it, so those of ordinary size stay as they are.
 */
async function leaveUncompressed(runner: QueryRunner, name: string): Promise<void> {
  await runner.query(`DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attname = 'body'
      AND attcompression = 'l') THEN ALTER TABLE ${name} SET (toast_tuple_target = 4080); END IF; END $$`);
}

/**
 * Rights on a partitioned table do not bind its partitions: by default privileges the service could change the log by
 * naming one. It needs none of them; what it may do it does through the parent.
 */
async function closePartitions(runner: QueryRunner, table: string): Promise<void> {
  const open = await runner.manager.query<{ name: string }[]>(
    `SELECT c.relname AS name
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = $1::regclass
        AND has_table_privilege('rollcall_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`,
    [table],
  );
  for (const { name } of open) await runner.query(`REVOKE ALL ON ${name} FROM rollcall_app`);
}
