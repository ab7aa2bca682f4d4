import type { Logger } from 'pino';
import type { IdempotencyStore } from '#api';
import { refreshStatistics } from '#directory';
import { systemClock } from '#kernel';
import type { Config } from '../config/index.js';
import { dropExpired, ensurePartitions, type OpenDatabase } from '../database/index.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Services } from '../services.js';
import type { Sync } from '../sync.js';
import type { Webhooks } from '../webhooks.js';

interface Parts {
  readonly log: Logger;
  readonly services: Services;
  readonly sync: Sync;
  readonly webhooks: Webhooks;
  readonly database: OpenDatabase;
  readonly idempotency: IdempotencyStore;
  readonly metrics: Metrics;
  readonly config: Pick<Config, 'requestLogDays' | 'attemptDays' | 'eventDays' | 'uploadDays'>;
}

/** Rows that one purge step may delete: short transactions, little work lost when it is stopped. */
const PURGE_CHUNK = 5_000;
/** Each with its content. */
const UPLOADS_CHUNK = 20;
const STATISTICS_INTERVAL_MS = 1_000;
const PURGE_INTERVAL_MS = 5_000;
const HOLDS_INTERVAL_MS = 30_000;
const REMOVALS_INTERVAL_MS = 3_600_000;
const IDEMPOTENCY_INTERVAL_MS = 600_000;
/** A token that expired is told within this time. */
const EXPIRY_INTERVAL_MS = 5_000;
const TRANSITIONS_INTERVAL_MS = 30_000;
const RESEAL_INTERVAL_MS = 60_000;
const PARTITION_INTERVAL_MS = 6 * 3_600_000;
const RETENTION_INTERVAL_MS = 900_000;

/**
 * What every process sees to, whoever serves the writes: statistics for the planner. While PostgreSQL has none, it takes
 * every index that begins with the tenant for as good as the right one, and walks the first directories from end to end for
 * each look-up, in the very minute of an onboarding.
 */
export function startStatistics({ log, services }: Pick<Parts, 'log' | 'services'>): () => Promise<void> {
  return repeat(log, { job: 'statistics', intervalMs: STATISTICS_INTERVAL_MS }, () =>
    refreshStatistics(services.database),
  );
}

/**
 * Housekeeping of a worker: partitions of the coming weeks, what is older than it has to be kept, purge of deleted
 * directories, expired idempotency keys, notices of tokens that expire, dated states, rotated keys, old uploads,
 * interrupted or overdue approvals, removals too old to be restored.
 */
export function startMaintenance(parts: Parts): () => Promise<void> {
  const { log, services, sync, webhooks, database, idempotency, metrics } = parts;
  const purge = repeat(
    log,
    { job: 'purge of deleted directories', intervalMs: PURGE_INTERVAL_MS },
    async () => {
      while (await services.directories.purgeDeleted(PURGE_CHUNK)) await new Promise(setImmediate);
    },
  );
  const partitions = repeat(log, { job: 'partitions', intervalMs: PARTITION_INTERVAL_MS }, () =>
    database.asOwner((owner) => ensurePartitions(owner, systemClock)),
  );
  const retention = repeat(log, { job: 'retention', intervalMs: RETENTION_INTERVAL_MS }, () =>
    removeExpired(parts),
  );
  const keys = repeat(log, { job: 'idempotency keys', intervalMs: IDEMPOTENCY_INTERVAL_MS }, () =>
    idempotency.removeExpired(),
  );
  const notices = repeat(log, { job: 'expiry notices', intervalMs: EXPIRY_INTERVAL_MS }, async () => {
    metrics.expiryNotices.inc(await services.expiryNotices.announce());
  });
  const transitions = repeat(log, { job: 'dated states', intervalMs: TRANSITIONS_INTERVAL_MS }, () =>
    sync.applyDueTransitions(),
  );
  // Two jobs, so that what cannot be opened of the one does not keep the other from the new key.
  const rotated = { intervalMs: RESEAL_INTERVAL_MS };
  const resealEndpoints = repeat(log, { job: 'rotated keys of webhooks', ...rotated }, () =>
    webhooks.resealSecrets(),
  );
  const resealSources = repeat(log, { job: 'rotated keys of polled sources', ...rotated }, () =>
    sync.resealCredentials(),
  );
  const holds = repeat(log, { job: 'approvals', intervalMs: HOLDS_INTERVAL_MS }, () =>
    services.holds.settle(),
  );
  const removals = repeat(log, { job: 'old removals', intervalMs: REMOVALS_INTERVAL_MS }, async () => {
    while (await services.restores.removeExpired(PURGE_CHUNK)) await new Promise(setImmediate);
  });
  const uploads = repeat(log, { job: 'old uploads', intervalMs: REMOVALS_INTERVAL_MS }, async () => {
    while ((await sync.uploads.box.removeExpired(parts.config.uploadDays, UPLOADS_CHUNK)) > 0)
      await new Promise(setImmediate);
  });
  const reseals = [resealEndpoints, resealSources];
  const jobs = [
    purge,
    uploads,
    partitions,
    retention,
    keys,
    notices,
    transitions,
    ...reseals,
    holds,
    removals,
  ];
  return async () => {
    await Promise.all(jobs.map((stop) => stop()));
  };
}

async function removeExpired({ log, database, config }: Parts): Promise<void> {
  const days = {
    events: config.eventDays,
    webhook_attempts: config.attemptDays,
    scim_requests: config.requestLogDays,
    sync_runs: config.requestLogDays,
    sync_run_items: config.requestLogDays,
  };
  const { partitions, rows } = await database.asOwner((owner) => dropExpired(owner, systemClock, days));
  if (partitions.length + rows > 0)
    log.info({ partitions, rows }, 'removed what is older than it has to be kept');
}

/** Runs `work` again and again, never twice at once; a failure is logged and tried again. Returns how to end it. */
function repeat(
  log: Logger,
  { job, intervalMs }: { readonly job: string; readonly intervalMs: number },
  work: () => Promise<unknown>,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(work).then(
      () => undefined,
      (error: unknown) =>
        log.warn({ job, reason: (error as Error).message }, 'housekeeping failed, trying again'),
    );
  }, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
