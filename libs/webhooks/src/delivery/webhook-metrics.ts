import type { AttemptRecord } from './endpoint-session.js';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { sharedFor, type Database } from '#kernel';

interface BacklogRow {
  readonly lag: number;
  readonly worst: number;
  readonly retries: number;
}

/** What an operator watches: deliveries, how long receivers take, and how far behind we are. */
export class WebhookMetrics {
  readonly #attempts: Counter<'outcome'>;
  readonly #duration: Histogram;
  readonly #expired: Counter;

  /** The backlog gauges ask the database when they are scraped, and only then. */
  constructor(registry: Registry, database: Database) {
    const registers = [registry];
    this.#attempts = new Counter({
      name: 'rollcall_webhook_attempts_total',
      help: 'Webhook attempts by outcome (succeeded, failed, discarded)',
      labelNames: ['outcome'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'rollcall_webhook_attempt_duration_seconds',
      help: 'Time from the start of a webhook request to the end of its answer',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
      registers,
    });
    this.#expired = new Counter({
      name: 'rollcall_webhook_events_expired_total',
      help: 'Events that left the log before an endpoint that was behind had got them',
      registers,
    });
    const backlog = sharedFor(SHARE_MS, async () => {
      const [row] = await database.query<BacklogRow>({ text: BACKLOG_SQL });
      return row;
    });
    const gauge = (column: keyof BacklogRow, name: string, help: string): Gauge =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set((await backlog())?.[column] ?? 0);
        },
      });
    gauge('lag', 'rollcall_webhook_lane_lag', 'Events that lanes of enabled endpoints have not looked at');
    gauge('worst', 'rollcall_webhook_lane_lag_max', 'The same, of the lane that is furthest behind');
    gauge('retries', 'rollcall_webhook_retries', 'Events that wait for another attempt');
  }

  observe(record: AttemptRecord): void {
    this.#attempts.inc({ outcome: record.outcome });
    this.#duration.observe(record.durationMs / 1_000);
  }

  expired(count: number): void {
    this.#expired.inc(count);
  }
}

/** All gauges are collected at the same moment; one query serves them. */
const SHARE_MS = 1_000;

const BACKLOG_SQL = `
  SELECT coalesce(sum(s.sequence - coalesce(l.sequence, 0)), 0)::float8 AS lag,
    coalesce(max(s.sequence - coalesce(l.sequence, 0)), 0)::float8 AS worst,
    (SELECT count(*) FROM webhook_retries)::float8 AS retries
  FROM streams s
  JOIN webhook_endpoints w ON w.environment_id = s.environment_id AND w.status = 'enabled'
  LEFT JOIN webhook_lanes l ON l.environment_id = w.environment_id AND l.endpoint_id = w.id
    AND l.stream_id = s.stream_id
  WHERE s.sequence > coalesce(l.sequence, 0)`;
