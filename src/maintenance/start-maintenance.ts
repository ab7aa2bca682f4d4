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
  const stops = [...upkeep(parts), ...cleaning(parts)].map(({ work, ...when }) =>
    repeat(parts.log, when, work),
  );
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

interface Job {
  readonly job: string;
  readonly intervalMs: number;
  readonly work: () => Promise<unknown>;
}

/** What has to happen in time. Keys move in two jobs: what cannot be opened of the one does not hold up the other. */
function upkeep({ services, sync, webhooks, database, metrics }: Parts): readonly Job[] {
  return [
    {
      job: 'partitions',
      intervalMs: PARTITION_INTERVAL_MS,
      work: () => database.asOwner((owner) => ensurePartitions(owner, systemClock)),
    },
    {
      job: 'expiry notices',
      intervalMs: EXPIRY_INTERVAL_MS,
      work: async () => metrics.expiryNotices.inc(await services.expiryNotices.announce()),
    },
    { job: 'dated states', intervalMs: TRANSITIONS_INTERVAL_MS, work: () => sync.applyDueTransitions() },
    { job: 'webhook keys', intervalMs: RESEAL_INTERVAL_MS, work: () => webhooks.resealSecrets() },
    { job: 'source keys', intervalMs: RESEAL_INTERVAL_MS, work: () => sync.resealCredentials() },
    { job: 'approvals', intervalMs: HOLDS_INTERVAL_MS, work: () => services.holds.settle() },
  ];
}

/** What has to go, bit by bit. */
function cleaning(parts: Parts): readonly Job[] {
  const { services, sync, idempotency, config } = parts;
  const { directories, restores } = services;
  const { box } = sync.uploads;
  return [
    {
      job: 'purge of deleted directories',
      intervalMs: PURGE_INTERVAL_MS,
      work: () => whileTrue(() => directories.purgeDeleted(PURGE_CHUNK)),
    },
    { job: 'retention', intervalMs: RETENTION_INTERVAL_MS, work: () => removeExpired(parts) },
    {
      job: 'idempotency keys',
      intervalMs: IDEMPOTENCY_INTERVAL_MS,
      work: () => idempotency.removeExpired(),
    },
    {
      job: 'old removals',
      intervalMs: REMOVALS_INTERVAL_MS,
      work: () => whileTrue(() => restores.removeExpired(PURGE_CHUNK)),
    },
    {
      job: 'old uploads',
      intervalMs: REMOVALS_INTERVAL_MS,
      work: () => whileTrue(async () => (await box.removeExpired(config.uploadDays, UPLOADS_CHUNK)) > 0),
    },
  ];
}

async function whileTrue(step: () => Promise<unknown>): Promise<void> {
  while (await step()) await new Promise(setImmediate);
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
