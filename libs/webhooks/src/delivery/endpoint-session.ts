import type { Clock } from '#kernel';
import type { DisabledReason } from '../endpoints/webhook-endpoint.js';
import type { PostResult } from '../outbound/post-result.js';
import type { EndpointSettings } from './endpoint-settings.js';
import { DeliveryQueue } from './delivery-queue.js';
import { FailureClock } from './failure-clock.js';
import type { Delivery } from './lane.js';
import type { Lease } from './lease-store.js';
import { classify, type Outcome } from './outcome.js';

/** What is written about one attempt. */
export interface AttemptRecord {
  readonly session: EndpointSession;
  readonly delivery: Delivery;
  /** Given when the record is first written. */
  id?: string;
  readonly outcome: 'succeeded' | 'failed' | 'discarded';
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number;
  readonly startedAt: number;
  /** Set when the event goes (back) into the retry set. */
  readonly retryInMs: number | null;
}

/** What a session tells the worker that runs it. */
export interface SessionListener {
  /** To be written with the next batch. */
  onRecord(record: AttemptRecord): void;
  /** There is room for more events, or nothing left to do. */
  onProgress(session: EndpointSession): void;
  onDisable(session: EndpointSession, reason: DisabledReason): void;
}

/** What all sessions of a worker share. */
export interface SessionContext {
  readonly clock: Clock;
  readonly listener: SessionListener;
  readonly retryDelays: readonly number[];
  readonly disableAfterMs: number;
}

/** Outcomes that may wait to be written; beyond that sending pauses, the database is slower than the receiver. */
const MAX_UNRECORDED = 2_048;
/** What is kept of the answer to a successful attempt. */
const SUCCESS_EXCERPT = 1_024;

/**
 * Sends for one endpoint while this worker holds its lease. It knows no SQL: events are handed in, outcomes are handed
 * out.
 *
 * ```
 *  active ──retire()──▶ retiring ──last outcome written──▶ released
 *     └────lease lost──▶ lost (whatever comes back from now on is dropped)
 * ```
 */
export class EndpointSession {
  readonly lease: Lease;
  readonly queue: DeliveryQueue;
  readonly failures: FailureClock;
  settings: EndpointSettings;
  /** Monotonic time after which nothing may be started: what is started must end within the lease. */
  sendUntil = 0;
  /** Monotonic times of the worker's housekeeping. */
  readonly heldSince = performance.now();
  nextRetryAt = Infinity;
  idleSince = Infinity;
  state: 'active' | 'retiring' | 'lost' = 'active';
  inFlight = 0;
  /** Outcomes that are not written yet. */
  unrecorded = 0;
  readonly #context: SessionContext;

  constructor(lease: Lease, settings: EndpointSettings, context: SessionContext) {
    this.lease = lease;
    this.settings = settings;
    this.#context = context;
    this.queue = new DeliveryQueue();
    this.failures = new FailureClock(lease.failingSince, context.disableAfterMs);
  }

  get id(): string {
    return this.lease.endpointId;
  }

  /** Nothing in flight and nothing to write: the lease may be given back. */
  get isSettled(): boolean {
    return this.inFlight === 0 && this.unrecorded === 0 && !this.queue.hasMoved;
  }

  /** Nothing at all to do. */
  get isIdle(): boolean {
    return this.isSettled && this.queue.isIdle;
  }

  /** Starts as many requests as the endpoint's cap allows. */
  pump(): void {
    while (this.#maySend()) {
      const delivery = this.queue.take(this.settings.isOrdered);
      if (delivery === undefined) break;
      this.#send(delivery);
    }
    this.#context.listener.onProgress(this);
  }

  /** Starts nothing more; what is in flight is finished and recorded. */
  retire(): void {
    if (this.state === 'active') this.state = 'retiring';
    this.queue.dropUnsent();
  }

  /** Another worker has the endpoint: what we still hear belongs to nobody. */
  lose(): void {
    this.state = 'lost';
    this.queue.dropUnsent();
  }

  #maySend(): boolean {
    return (
      this.state === 'active' &&
      this.inFlight < this.settings.concurrency &&
      this.unrecorded < MAX_UNRECORDED &&
      performance.now() < this.sendUntil
    );
  }

  #send(delivery: Delivery): void {
    this.inFlight++;
    delivery.lane.isBusy = true;
    const { settings } = this;
    const startedAt = this.#context.clock.now().getTime();
    const body = Buffer.from(delivery.body, 'utf8');
    const headers = settings.headers.concat(settings.signer.sign(delivery.eventId, body, startedAt));
    settings.target.post(headers, body, (result) => this.#finish(delivery, startedAt, result));
  }

  #finish(delivery: Delivery, startedAt: number, result: PostResult): void {
    this.inFlight--;
    if (this.state === 'lost') return this.#context.listener.onProgress(this);
    const nowMs = this.#context.clock.now().getTime();
    const outcome = classify(result, {
      attempt: delivery.attempt,
      nowMs,
      random: Math.random(),
      delays: this.#context.retryDelays,
    });
    const isBlocking = this.settings.isOrdered && outcome.kind === 'failed';
    this.queue.settle(delivery, isBlocking);
    this.unrecorded++;
    this.#context.listener.onRecord(this.#record({ delivery, startedAt, result, outcome }));
    this.#judge(outcome, nowMs);
    this.pump();
  }

  #record(attempt: {
    readonly delivery: Delivery;
    readonly startedAt: number;
    readonly result: PostResult;
    readonly outcome: Outcome;
  }): AttemptRecord {
    const { delivery, startedAt, result, outcome } = attempt;
    const hasSucceeded = outcome.kind === 'succeeded';
    return {
      session: this,
      delivery,
      outcome: outcome.kind,
      httpStatus: result.status,
      error: hasSucceeded ? null : outcome.error,
      excerpt: hasSucceeded ? (result.excerpt?.slice(0, SUCCESS_EXCERPT) ?? null) : result.excerpt,
      durationMs: result.durationMs,
      startedAt,
      retryInMs: outcome.kind === 'failed' ? outcome.retryInMs : null,
    };
  }

  /** Whether this was the failure that switches the endpoint off. */
  #judge(outcome: Outcome, nowMs: number): void {
    if (outcome.kind === 'succeeded') return this.failures.succeeded();
    const isOverdue = this.failures.failed(nowMs);
    if (this.state !== 'active' || !(outcome.isGone || isOverdue)) return;
    this.retire();
    this.#context.listener.onDisable(this, outcome.isGone ? 'gone' : 'failing');
  }
}
