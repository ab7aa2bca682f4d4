import type { Claimer } from './claimer.js';
import type { DirtyFinder } from './dirty-finder.js';
import type { EndpointSession } from './endpoint-session.js';
import type { EndpointSettings, EndpointSettingsLoader } from './endpoint-settings.js';
import type { Feeder } from './feeder.js';
import { LEASE_MS, type Lease, type LeaseStore } from './lease-store.js';
import type { Log } from './log.js';

interface Dependencies {
  readonly sessions: Map<string, EndpointSession>;
  readonly leases: LeaseStore;
  readonly finder: DirtyFinder;
  readonly settings: EndpointSettingsLoader;
  readonly feeder: Feeder;
  readonly claimer: Claimer;
  readonly log: Log;
}

/** The longest that a started request can last, and a little. */
const REQUEST_MS = 16_000;
const RENEW_MS = LEASE_MS / 3;
const REFRESH_MS = 3_000;
const REDISCOVER_MS = 10_000;
/** An idle endpoint is kept this long, the next event is then on its way without a claim. */
const LINGER_MS = 1_000;
/** While others wait for room, nobody keeps a place longer than this. */
const TURN_MS = 10_000;
const TURN_ROUND = 16;
/** What the database says about a lease that was given back longer ago than this is news of somebody else's. */
const LATELY_MS = 5_000;

/** Housekeeping of the held endpoints: leases, fresh settings, lost wake-ups, and giving back what is idle. */
export class SessionKeeper {
  readonly #deps: Dependencies;
  readonly #jobs = new Set<string>();
  readonly #givenBackAt = new Map<string, number>();
  #isReleasePlanned = false;
  #renewAt = 0;
  #refreshAt = 0;
  #rediscoverAt = 0;
  #releasing: Promise<void> = Promise.resolve();

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** When the last request under a lease taken or renewed at this moment may start. */
  sendUntil(leasedAt: number): number {
    return leasedAt + LEASE_MS - REQUEST_MS;
  }

  tick(now: number): void {
    for (const session of this.#deps.sessions.values())
      if (session.state === 'active' && session.nextRetryAt <= now) this.#deps.feeder.lookForRetries(session);
    if (this.#deps.sessions.size > 0) this.#runJobs(now);
    this.#makeRoom(now);
    this.releaseIdle(now);
    for (const [id, at] of this.#givenBackAt) if (at < now - LATELY_MS) this.#givenBackAt.delete(id);
  }

  wasHeld(endpointId: string): boolean {
    return this.#givenBackAt.has(endpointId);
  }

  /** The same as `releaseIdle`, once for everything that becomes idle in this turn of the event loop. */
  releaseSoon(): void {
    if (this.#isReleasePlanned) return;
    this.#isReleasePlanned = true;
    setImmediate(() => {
      this.#isReleasePlanned = false;
      this.releaseIdle();
    });
  }

  /** Gives back the endpoints that have nothing to do, at once when others wait for the place. */
  releaseIdle(now = performance.now()): void {
    const linger = this.#deps.claimer.isCrowded ? 0 : LINGER_MS;
    const idle: EndpointSession[] = [];
    for (const session of this.#deps.sessions.values()) {
      if (session.state === 'retiring' ? session.isSettled : isOver(session, now - linger))
        idle.push(session);
      else if (!session.isIdle) session.idleSince = Infinity;
      else if (session.idleSince === Infinity) session.idleSince = now;
    }
    if (idle.length === 0) return;
    // Whoever had to go may have left something undone.
    const unfinished = idle.filter((session) => session.state === 'retiring').map(({ lease }) => lease);
    for (const session of idle) {
      session.state = 'retiring';
      this.#deps.sessions.delete(session.id);
      this.#givenBackAt.set(session.id, now);
    }
    void this.giveBack(idle.map((session) => session.lease)).then(() => this.#deps.claimer.offer(unfinished));
  }

  /** Returns leases; a failure only means that they run out by themselves. */
  giveBack(leases: readonly Lease[]): Promise<void> {
    this.#releasing = Promise.all([this.#releasing, this.#release(leases)]).then(() => undefined);
    return this.#releasing;
  }

  whenReleased(): Promise<void> {
    return this.#releasing;
  }

  lose(session: EndpointSession): void {
    session.lose();
    if (this.#deps.sessions.get(session.id) === session) this.#deps.sessions.delete(session.id);
    this.#deps.log.warn({ endpoint: session.id }, 'webhook lease lost, its unwritten results are dropped');
  }

  /** At the end: what is not settled keeps its lease until it runs out, nobody may send beside a running request. */
  async releaseAll(): Promise<void> {
    const settled = [...this.#deps.sessions.values()].filter((session) => session.isSettled);
    this.#deps.sessions.clear();
    await this.giveBack(settled.map((session) => session.lease));
  }

  #runJobs(now: number): void {
    if (now >= this.#renewAt) this.#job('renew', () => this.#renew());
    if (now >= this.#refreshAt) this.#job('refresh', () => this.#refresh());
    if (now >= this.#rediscoverAt) this.#job('rediscover', () => this.#rediscover());
  }

  #job(name: string, work: () => Promise<void>): void {
    if (this.#jobs.has(name)) return;
    this.#jobs.add(name);
    work()
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error, job: name }, 'webhook housekeeping failed'),
      )
      .finally(() => this.#jobs.delete(name));
  }

  async #renew(): Promise<void> {
    const began = performance.now();
    const sessions = [...this.#deps.sessions.values()];
    const held = await this.#deps.leases.renew(sessions.map((session) => session.lease));
    this.#renewAt = began + RENEW_MS;
    for (const session of sessions) {
      if (!held.has(session.id)) this.lose(session);
      else session.sendUntil = this.sendUntil(began);
      if (session.state === 'active') session.pump();
    }
  }

  async #refresh(): Promise<void> {
    const sessions = [...this.#deps.sessions.values()].filter((session) => session.state === 'active');
    const known = new Map<string, EndpointSettings>(
      sessions.map((session) => [session.id, session.settings]),
    );
    const fresh = await this.#deps.settings.load(
      sessions.map((session) => session.lease),
      known,
    );
    this.#refreshAt = performance.now() + REFRESH_MS;
    for (const session of sessions) {
      const settings = fresh.get(session.id);
      // Another order needs another queue: the next session has it.
      if (settings?.isOrdered !== session.settings.isOrdered) session.retire();
      else session.settings = settings;
      session.pump();
    }
  }

  /** For wake-ups that were lost while the endpoint was held. */
  async #rediscover(): Promise<void> {
    this.#rediscoverAt = performance.now() + REDISCOVER_MS;
    const began = this.#rediscoverAt - 2 * REDISCOVER_MS;
    const long = [...this.#deps.sessions.values()].filter((session) => session.heldSince < began);
    for (const session of long) session.queue.prune();
    if (long.length === 0) return;
    const lanes = await this.#deps.finder.byEndpoints(long.map((session) => session.lease));
    for (const lane of lanes) {
      const session = this.#deps.sessions.get(lane.endpointId);
      session?.queue.notice(lane.streamId, lane.head);
      if (session) this.#deps.feeder.feed(session);
    }
  }

  #makeRoom(now: number): void {
    if (!this.#deps.claimer.isCrowded) return;
    const long = [...this.#deps.sessions.values()].filter((session) => now - session.heldSince > TURN_MS);
    for (const session of long.slice(0, TURN_ROUND)) session.retire();
  }

  async #release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    try {
      await this.#deps.leases.release(leases);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'webhook leases not given back, they run out by themselves');
    }
  }
}

function isOver(session: EndpointSession, idleBefore: number): boolean {
  return session.isIdle && session.idleSince <= idleBefore;
}
