import { Gauge, type Registry } from 'prom-client';
import { sharedFor, type Database } from '#kernel';

interface BacklogRow {
  readonly lag: number;
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  readonly states: Readonly<Record<string, number>>;
}

/**
 * How old the data of polled directories is and what stands in the way, in every process: the worker that should have told
 * may be the one that is missing. Asks the database when it is scraped, and only then; one query serves all gauges.
 */
export function observeSyncBacklog(registry: Registry, database: Database): void {
  const registers = [registry];
  const read = sharedFor(SHARE_MS, async () => {
    const [row] = await database.query<BacklogRow>({ text: BACKLOG_SQL });
    return row ?? NOTHING;
  });
  const freshness = new Gauge({
    name: 'rollcall_sync_freshness_seconds',
    help: 'Age of the last good run, over directories that are neither paused nor wait for consent; never read ones count from their creation',
    labelNames: ['quantile'] as const,
    registers,
    collect: async () => {
      const { median, p95, worst } = await read();
      freshness.set({ quantile: '0.5' }, median);
      freshness.set({ quantile: '0.95' }, p95);
      freshness.set({ quantile: '1' }, worst);
    },
  });
  const directories = new Gauge({
    name: 'rollcall_sync_directories',
    help: 'Polled directories by what stands in their way; one may count in several states',
    labelNames: ['state'] as const,
    registers,
    collect: async () => {
      const { states } = await read();
      for (const [state, count] of Object.entries(states)) directories.set({ state }, count);
    },
  });
  const dueLag: Gauge = new Gauge({
    name: 'rollcall_sync_due_lag_seconds',
    help: 'How long the directory that waits longest has been due',
    registers,
    collect: async () => dueLag.set((await read()).lag),
  });
}

const SHARE_MS = 1_000;
const NOTHING: BacklogRow = { lag: 0, median: 0, p95: 0, worst: 0, states: {} };

const AGE = `extract(epoch FROM now() - coalesce(s.last_good_at, d.created_at))`;
const IS_DUE = `NOT s.paused AND d.paused_at IS NULL AND s.due_at <= now() AND s.lease_until < now()`;

/** Is read by schedule: neither paused nor waiting for its first consent. */
const IS_READ = `NOT (s.paused OR d.paused_at IS NOT NULL OR d.state = 'unlinked')`;

const BACKLOG_SQL = `
  SELECT coalesce(max(extract(epoch FROM now() - s.due_at)) FILTER (WHERE ${IS_DUE} AND isfinite(s.due_at)), 0)::float8 AS lag,
    coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY ${AGE}) FILTER (WHERE ${IS_READ}), 0)::float8 AS median,
    coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY ${AGE}) FILTER (WHERE ${IS_READ}), 0)::float8 AS p95,
    coalesce(max(${AGE}) FILTER (WHERE ${IS_READ}), 0)::float8 AS worst,
    json_build_object(
      'due', count(*) FILTER (WHERE ${IS_DUE}),
      'failing', count(*) FILTER (WHERE ${IS_READ} AND s.failures > 0),
      'invalid_credentials', count(*) FILTER (WHERE ${IS_READ} AND d.state = 'invalid_credentials'),
      'awaiting_approval', count(*) FILTER (WHERE ${IS_READ} AND s.active_run_id IS NOT NULL AND s.worker IS NULL AND s.needs_approval),
      'waiting_for_consent', count(*) FILTER (WHERE d.state = 'unlinked'),
      'paused', count(*) FILTER (WHERE s.paused OR d.paused_at IS NOT NULL)) AS states
  FROM sync_schedules s
  JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id AND d.deleted_at IS NULL`;
