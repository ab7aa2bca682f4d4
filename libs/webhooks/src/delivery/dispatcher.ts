import type { Clock, Database, SecretBox } from '#kernel';
import type { DisabledReason } from '../endpoints/webhook-endpoint.js';
import type { Outbound } from '../outbound/outbound.js';
import { Claimer, type Claim, type ClaimerHost } from './claimer.js';
import { DirtyFinder, type DirtyLane } from './dirty-finder.js';
import { disableEndpoint, type DisableNotices } from './disable-notices.js';
import {
  type AttemptRecord,
  EndpointSession,
  type SessionContext,
  type SessionListener,
} from './endpoint-session.js';
import { EndpointSettingsLoader } from './endpoint-settings.js';
import { EventReader } from './event-reader.js';
import { Feeder } from './feeder.js';
import { LeaseStore, type Lease } from './lease-store.js';
import type { Log } from './log.js';
import { Recorder, type RecorderListener } from './recorder.js';
import { RETRY_DELAYS_MS } from './retry-schedule.js';
import { SessionKeeper } from './session-keeper.js';
import type { WebhookMetrics } from './webhook-metrics.js';

/** What a dispatcher works with. */
export interface DispatcherDependencies {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly log: Log;
  readonly notices: DisableNotices;
  readonly metrics?: WebhookMetrics;
  readonly options?: DispatcherOptions;
}

/** Settings, all with defaults. */
export interface DispatcherOptions {
  /** Endpoints held at once. */
  readonly maxEndpoints?: number;
  /** Most time between two sweeps while nothing goes on. */
  readonly sweepMs?: number;
  readonly retryDelaysMs?: readonly number[];
  /** Only failures for this long disable an endpoint. */
  readonly disableAfterMs?: number;
}

const DAY_MS = 86_400_000;
const TICK_MS = 250;
const DRAIN_MS = 15_000;
const FLUSH_MS = 5_000;

/**
 * Sends the events of the log to the webhook endpoints. Any number of workers may run one; each endpoint is served by
 * one of them at a time, whoever holds its lease.
 */
export class Dispatcher implements ClaimerHost, SessionListener, RecorderListener {
  readonly #deps: DispatcherDependencies;
  readonly #sessions = new Map<string, EndpointSession>();
  readonly #context: SessionContext;
  readonly #maxEndpoints: number;
  readonly #claimer: Claimer;
  readonly #feeder: Feeder;
  readonly #recorder: Recorder;
  readonly #keeper: SessionKeeper;
  readonly #settings: EndpointSettingsLoader;
  readonly #disabling = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: DispatcherDependencies) {
    const { database, log, clock, options = {} } = deps;
    this.#deps = deps;
    this.#maxEndpoints = options.maxEndpoints ?? 512;
    this.#context = {
      clock,
      listener: this,
      retryDelays: options.retryDelaysMs ?? RETRY_DELAYS_MS,
      disableAfterMs: options.disableAfterMs ?? 5 * DAY_MS,
    };
    const leases = new LeaseStore(database);
    const finder = new DirtyFinder(database);
    this.#settings = new EndpointSettingsLoader(deps);
    this.#recorder = new Recorder({ database, log, listener: this });
    this.#feeder = new Feeder({
      reader: new EventReader(database),
      log,
      onMoved: (session) => this.#recorder.touch(session),
      onExpired: (count) => deps.metrics?.expired(count),
      sessions: () => this.#sessions.values(),
    });
    this.#claimer = new Claimer({ finder, leases, log, host: this, sweepMs: options.sweepMs ?? 2_000 });
    this.#keeper = new SessionKeeper({
      sessions: this.#sessions,
      leases,
      finder,
      settings: this.#settings,
      feeder: this.#feeder,
      claimer: this.#claimer,
      log,
    });
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** A stream has grown; cheap, never waits. Losing such a call costs at most one sweep. */
  wake(environmentId: string, streamId: string): void {
    if (this.#timer !== undefined) this.#claimer.wake(environmentId, streamId);
  }

  /** Something may have been missed: looks everywhere. */
  wakeAll(): void {
    this.#claimer.sweepSoon();
  }

  /** Takes on nothing more, lets requests in flight end, writes what came of them and gives the leases back. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#claimer.stop();
    for (const session of this.#sessions.values()) session.retire();
    await this.#feeder.stop();
    const until = performance.now() + DRAIN_MS + 1_000;
    const isBusy = (): boolean => [...this.#sessions.values()].some((session) => session.inFlight > 0);
    while (isBusy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.allSettled(this.#disabling);
    await this.#recorder.drain(FLUSH_MS);
    await this.#keeper.releaseAll();
  }

  capacity(): number {
    return this.#maxEndpoints - this.#sessions.size;
  }

  notice(lane: DirtyLane): boolean {
    const session = this.#sessions.get(lane.endpointId);
    if (session?.state !== 'active') return false;
    session.queue.notice(lane.streamId, lane.head);
    this.#feeder.feed(session);
    return true;
  }

  wasHeld(endpointId: string): boolean {
    return this.#keeper.wasHeld(endpointId);
  }

  giveBack(leases: readonly Lease[]): Promise<void> {
    return this.#keeper.giveBack(leases);
  }

  whenReleased(): Promise<void> {
    return this.#keeper.whenReleased();
  }

  async accept(claims: readonly Claim[]): Promise<void> {
    const settings = await this.#settings.load(claims.map((claim) => claim.lease));
    const unusable = claims.filter((claim) => !settings.has(claim.lease.endpointId));
    for (const { lease, lanes, claimedAt } of claims) {
      const own = settings.get(lease.endpointId);
      if (own === undefined) continue;
      const session = new EndpointSession(lease, own, this.#context);
      session.sendUntil = this.#keeper.sendUntil(claimedAt);
      this.#sessions.set(session.id, session);
      for (const lane of lanes) session.queue.notice(lane.streamId, lane.head);
      this.#feeder.feed(session);
      this.#feeder.lookForRetries(session);
    }
    if (unusable.length > 0) await this.#keeper.giveBack(unusable.map((claim) => claim.lease));
  }

  onRecord(record: AttemptRecord): void {
    this.#recorder.add(record);
    this.#deps.metrics?.observe(record);
  }

  onProgress(session: EndpointSession): void {
    this.#feeder.feed(session);
  }

  onRecorded(session: EndpointSession, records: readonly AttemptRecord[]): void {
    session.unrecorded -= records.length;
    const now = performance.now();
    for (const { delivery, retryInMs } of records) {
      session.queue.recorded(delivery, retryInMs === null);
      // Not before it is written: a look into the database any earlier would not find it.
      if (retryInMs !== null) session.nextRetryAt = Math.min(session.nextRetryAt, now + retryInMs);
    }
    if (session.state === 'active') session.pump();
    if (this.#claimer.isCrowded || session.state === 'retiring') this.#keeper.releaseSoon();
  }

  onLost(session: EndpointSession): void {
    this.#keeper.lose(session);
  }

  onDisable(session: EndpointSession, reason: DisabledReason): void {
    const { endpoint } = session.settings;
    const disable = disableEndpoint(endpoint, reason, this.#deps.clock.now());
    const work = this.#deps.notices
      .onDisabled(endpoint, reason, disable)
      .then(() => this.#deps.log.info({ endpoint: endpoint.id, reason }, 'webhook endpoint disabled'))
      .catch((error: unknown) =>
        // It stays enabled and fails again, and then we try again.
        this.#deps.log.error({ err: error, endpoint: endpoint.id }, 'webhook endpoint could not be disabled'),
      )
      .finally(() => this.#disabling.delete(work));
    this.#disabling.add(work);
  }

  #tick(): void {
    const now = performance.now();
    this.#keeper.tick(now);
    this.#claimer.tick(now);
  }
}
