import type { Logger } from 'pino';
import type { IdempotencyStore } from '#api';
import { systemClock } from '#kernel';
import { ensurePartitions, type OpenDatabase } from '../database/index.js';
import type { Services } from '../services.js';
import { refreshStatistics } from './fresh-statistics.js';

interface Parts {
  readonly log: Logger;
  readonly services: Services;
  readonly database: OpenDatabase;
  readonly idempotency: IdempotencyStore;
}

/** Rows that one purge step may delete: short transactions, little work lost when it is stopped. */
const PURGE_CHUNK = 5_000;
const STATISTICS_INTERVAL_MS = 1_000;
const PURGE_INTERVAL_MS = 5_000;
const HOLDS_INTERVAL_MS = 30_000;
const REMOVALS_INTERVAL_MS = 3_600_000;
const IDEMPOTENCY_INTERVAL_MS = 600_000;
const PARTITION_INTERVAL_MS = 6 * 3_600_000;

/** What every process sees to, whoever serves the writes: statistics for the planner. */
export function startStatistics({
  log,
  services,
  database,
}: Omit<Parts, 'idempotency'>): () => Promise<void> {
  return repeat(log, STATISTICS_INTERVAL_MS, () => refreshStatistics(services.database, database));
}

/** Housekeeping of a worker: partitions of the coming weeks, purge of deleted directories, expired idempotency keys,
 * interrupted or overdue approvals, removals too old to be restored. */
export function startMaintenance({ log, services, database, idempotency }: Parts): () => Promise<void> {
  const purge = repeat(log, PURGE_INTERVAL_MS, async () => {
    while (await services.directories.purgeDeleted(PURGE_CHUNK)) await new Promise(setImmediate);
  });
  const partitions = repeat(log, PARTITION_INTERVAL_MS, () =>
    database.asOwner((owner) => ensurePartitions(owner, systemClock)),
  );
  const keys = repeat(log, IDEMPOTENCY_INTERVAL_MS, () => idempotency.removeExpired());
  const holds = repeat(log, HOLDS_INTERVAL_MS, () => services.holds.settle());
  const removals = repeat(log, REMOVALS_INTERVAL_MS, async () => {
    while (await services.restores.removeExpired(PURGE_CHUNK)) await new Promise(setImmediate);
  });
  return async () => {
    await Promise.all([purge(), partitions(), keys(), holds(), removals()]);
  };
}

/** Runs `work` again and again, never twice at once; a failure is logged and tried again. Returns how to end it. */
function repeat(log: Logger, intervalMs: number, work: () => Promise<unknown>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(work).then(
      () => undefined,
      (error: unknown) => log.warn({ reason: (error as Error).message }, 'housekeeping failed, trying again'),
    );
  }, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
