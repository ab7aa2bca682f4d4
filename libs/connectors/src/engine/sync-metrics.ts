import { Counter, Histogram, type Registry } from 'prom-client';
import type { Claim } from './lease-store.js';
import type { Execution } from './executor-parts.js';
import type { RunObserver } from './sync-worker.js';

const FAILURES: readonly Execution['outcome'][] = ['failed', 'partial', 'paused'];

/** What the runs of this process come to: how they end and why, how long they take, how late they start. */
export class SyncMetrics implements RunObserver {
  readonly #runs: Counter<'provider' | 'outcome'>;
  readonly #failures: Counter<'provider' | 'code'>;
  readonly #pages: Counter<'provider'>;
  readonly #duration: Histogram<'provider'>;
  readonly #startLag: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#runs = new Counter({
      name: 'rollcall_sync_runs_total',
      help: 'Turns at sync runs of polled sources by provider and outcome (paused: goes on later)',
      labelNames: ['provider', 'outcome'],
      registers,
    });
    this.#failures = new Counter({
      name: 'rollcall_sync_failures_total',
      help: 'The same, failed, partial and paused ones only, by the code of their error',
      labelNames: ['provider', 'code'],
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
  }

  claimed(claims: readonly Claim[]): void {
    for (const claim of claims) this.#startLag.observe(claim.lagSeconds);
  }

  ended({ provider, outcome, error, pages, seconds }: Execution): void {
    this.#runs.inc({ provider, outcome });
    if (error !== null && FAILURES.includes(outcome)) this.#failures.inc({ provider, code: error.code });
    this.#pages.inc({ provider }, pages);
    this.#duration.observe({ provider }, seconds);
  }
}
