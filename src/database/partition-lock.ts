import type { DataSource, QueryRunner } from 'typeorm';

const PARTITION_LOCK = 7_265_742_002;
const CHECK_VIOLATION = '23514';
const LOCK_NOT_AVAILABLE = '55P03';

/** `occupied`: rows stand in the way. `busy`: the table's lock could not be had in time. */
export type Hindrance = 'occupied' | 'busy';

/**
 * Runs `work` in a transaction of its own while nobody else makes or drops partitions.
 * @param lockTimeout how long it may wait for a table; others queue behind it for that long.
 */
export async function withPartitionLock<T>(
  owner: DataSource,
  lockTimeout: string,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T | Hindrance> {
  const runner = owner.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`);
    await runner.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await runner.rollbackTransaction();
    const { code } = error as { code?: string };
    if (code === CHECK_VIOLATION) return 'occupied';
    if (code === LOCK_NOT_AVAILABLE) return 'busy';
    throw error;
  } finally {
    await runner.release();
  }
}
