import { Counter, Gauge, type Registry } from 'prom-client';

/** Why an entry did not get into the log. */
export type DropReason = 'queue_full' | 'refused_by_database';

/** What an operator watches of the request log. */
export class RequestLogMetrics {
  readonly #written: Counter;
  readonly #dropped: Counter<'reason'>;
  readonly #waiting: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#written = new Counter({
      name: 'rollcall_request_log_written_total',
      help: 'Entries of the SCIM request log that were written',
      registers,
    });
    this.#dropped = new Counter({
      name: 'rollcall_request_log_dropped_total',
      help: 'Entries that were not written: the queue was full, or the database refused them',
      labelNames: ['reason'],
      registers,
    });
    this.#waiting = new Gauge({
      name: 'rollcall_request_log_queue_length',
      help: 'Entries that wait to be written',
      registers,
    });
  }

  written(count: number): void {
    this.#written.inc(count);
  }

  dropped(reason: DropReason, count: number): void {
    this.#dropped.inc({ reason }, count);
  }

  waiting(count: number): void {
    this.#waiting.set(count);
  }
}
