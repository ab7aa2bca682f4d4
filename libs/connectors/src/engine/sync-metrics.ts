import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Database } from '#kernel';
import type { Claim } from './lease-store.js';
import type { Execution } from './executor-parts.js';
import type { RunObserver } from './sync-worker.js';

interface FreshnessRow {
  readonly due: number;
  readonly lag: number;
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  readonly failing: number;
  readonly waiting: number;
}

/** What an operator watches: how runs end, how long they take, how late they start, how old the data is. */
export class SyncMetrics implements RunObserver {
  readonly #runs: Counter<'provider' | 'outcome'>;
  readonly #pages: Counter<'provider'>;
  readonly #duration: Histogram<'provider'>;
  readonly #startLag: Histogram;

  /** The gauges ask the database when they are scraped, and only then. */
  constructor(registry: Registry, database: Database) {
    const registers = [registry];
    this.#runs = new Counter({
      name: 'rollcall_sync_runs_total',
      help: 'Turns at sync runs of polled sources by provider and outcome (paused: goes on later)',
      labelNames: ['provider', 'outcome'],
      registers,
    });
    this.#pages = new Counter({
      name: 'rollcall_sync_pages_total',
      help: 'Pages that were read and stored',
      labelNames: ['provider'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'rollcall_sync_run_duration_seconds',
      help: 'How long this process worked on a run',
      labelNames: ['provider'],
      buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400],
      registers,
    });
    this.#startLag = new Histogram({
      name: 'rollcall_sync_start_lag_seconds',
      help: 'From the moment a directory was due until a worker took it',
      buckets: [1, 2, 5, 15, 60, 300, 900, 3_600],
      registers,
    });
    addBacklogGauges(registers, database);
  }

  claimed(claims: readonly Claim[]): void {
    for (const claim of claims) this.#startLag.observe(claim.lagSeconds);
  }

  ended({ provider, outcome, pages, seconds }: Execution): void {
    this.#runs.inc({ provider, outcome });
    this.#pages.inc({ provider }, pages);
    this.#duration.observe({ provider }, seconds);
  }
}

/** All gauges are collected at the same moment; one query serves them. */
function addBacklogGauges(registers: Registry[], database: Database): void {
  const read = sharedFor(SHARE_MS, async () => {
    const [row] = await database.query<FreshnessRow>({ text: FRESHNESS_SQL });
    return row ?? NOTHING;
  });
  const freshness = new Gauge({
    name: 'rollcall_sync_freshness_seconds',
    help: 'Age of the last good run, over all directories that are not paused; never read ones count from their creation',
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
    help: 'Polled directories that are due, failing, or waiting for approval',
    labelNames: ['state'] as const,
    registers,
    collect: async () => {
      const { due, failing, waiting } = await read();
      directories.set({ state: 'due' }, due);
      directories.set({ state: 'failing' }, failing);
      directories.set({ state: 'awaiting_approval' }, waiting);
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
const NOTHING: FreshnessRow = { due: 0, lag: 0, median: 0, p95: 0, worst: 0, failing: 0, waiting: 0 };

function sharedFor<T>(ms: number, work: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly result: Promise<T> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > ms)
      last = { at: performance.now(), result: work() };
    return last.result;
  };
}

const AGE = `extract(epoch FROM now() - coalesce(s.last_good_at, d.created_at))`;
const IS_DUE = `s.due_at <= now() AND s.lease_until < now()`;

const FRESHNESS_SQL = `
  SELECT count(*) FILTER (WHERE ${IS_DUE})::float8 AS due,
    coalesce(max(extract(epoch FROM now() - s.due_at)) FILTER (WHERE ${IS_DUE} AND isfinite(s.due_at)), 0)::float8 AS lag,
    coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY ${AGE}), 0)::float8 AS median,
    coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY ${AGE}), 0)::float8 AS p95,
    coalesce(max(${AGE}), 0)::float8 AS worst,
    count(*) FILTER (WHERE s.failures > 0)::float8 AS failing,
    count(*) FILTER (WHERE s.active_run_id IS NOT NULL AND s.worker IS NULL AND s.needs_approval)::float8 AS waiting
  FROM sync_schedules s
  JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id AND d.deleted_at IS NULL
  WHERE NOT s.paused AND d.paused_at IS NULL`;
