import type { DataSource } from 'typeorm';

import type { Clock } from '#kernel';

import { GROWING_TABLES } from './ensure-partitions.js';
import { withPartitionLock } from './partition-lock.js';

/** How many days each growing table keeps its rows. */
export type RetentionDays = Readonly<Record<(typeof GROWING_TABLES)[number], number>>;

/** What a run has removed. */
export interface Expired {
  /** Partitions dropped. */
  readonly partitions: readonly string[];
  /** Rows deleted from DEFAULT partitions. */
  readonly rows: number;
}

const DAY_MS = 86_400_000;
// Dropping locks the whole table for a moment, and everybody queues behind whoever waits for that: rather come again.
const LOCK_TIMEOUT = '500ms';
const DELETE_CHUNK = 5_000;
/** Chunks of one run; what is left over is for the next. */
const MOST_CHUNKS = 100;

/**
 * Removes what is older than it has to be kept: whole partitions, as soon as all of one is too old, and rows of the
 * DEFAULT partitions in small transactions. A table that is locked at the moment is left to the next run. May run in
 * several processes at once.
 */
export async function dropExpired(owner: DataSource, clock: Clock, days: RetentionDays): Promise<Expired> {
  const partitions: string[] = [];
  let rows = 0;
  for (const table of GROWING_TABLES) {
    const cutoff = new Date(clock.now().getTime() - days[table] * DAY_MS).toISOString();
    for (const name of await expiredPartitions(owner, table, cutoff))
      if (await dropPartition(owner, name)) partitions.push(name);
    rows += await deleteStrays(owner, `${table}_default`, cutoff);
  }
  return { partitions, rows };
}

/** Partitions whose end is not after the cutoff, oldest first. */
async function expiredPartitions(owner: DataSource, table: string, cutoff: string): Promise<string[]> {
  const found = await owner.query<{ name: string }[]>(
    `SELECT name FROM (
        SELECT c.relname AS name, substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('([^']+)'\\)$$) AS upper
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass) p
      WHERE upper IS NOT NULL AND upper::timestamptz <= $2::timestamptz
      ORDER BY upper::timestamptz`,
    [table, cutoff],
  );
  return found.map(({ name }) => name);
}

/** False when somebody holds the table, or has dropped the partition meanwhile. */
async function dropPartition(owner: DataSource, name: string): Promise<boolean> {
  const outcome = await withPartitionLock(owner, LOCK_TIMEOUT, async (runner) => {
    const [found] = await runner.manager.query<{ exists: boolean }[]>(
      'SELECT to_regclass($1) IS NOT NULL AS exists',
      [name],
    );
    if (found?.exists !== true) return 'gone';
    await runner.query(`DROP TABLE ${name}`);
    return 'dropped';
  });
  return outcome === 'dropped';
}

/** Rows that came when no partition was there for them. */
async function deleteStrays(owner: DataSource, table: string, cutoff: string): Promise<number> {
  let deleted = 0;
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk += 1) {
    const [, count] = await owner.query<[unknown[], number]>(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE created_at < $1::timestamptz LIMIT ${DELETE_CHUNK}))`,
      [cutoff],
    );
    deleted += count;
    if (count < DELETE_CHUNK) break;
  }
  return deleted;
}
