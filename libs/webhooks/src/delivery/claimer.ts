import { FIND_LIMIT, SWEEP_LIMIT, type DirtyFinder, type DirtyLane, type StreamKey } from './dirty-finder.js';
import type { EndpointKey, Lease, LeaseStore } from './lease-store.js';
import type { Log } from './log.js';

/** An endpoint that was just leased, and which of its lanes are behind. */
export interface Claim {
  readonly lease: Lease;
  readonly lanes: readonly DirtyLane[];
  /** Monotonic time before which the lease cannot have begun. */
  readonly claimedAt: number;
}

/** What the claimer needs to know of its worker. */
export interface ClaimerHost {
  /** How many more endpoints may be held. */
  capacity(): number;
  /** Passes the news to the endpoint if it is held; false otherwise. */
  notice(lane: DirtyLane): boolean;
  /** It was given back a moment ago, so news that say it is held may be older than that. */
  wasHeld(endpointId: string): boolean;
  accept(claims: readonly Claim[]): Promise<void>;
  /** Returns leases that come to nothing. */
  giveBack(leases: readonly Lease[]): Promise<void>;
  /** Resolves when no lease is just being given back. */
  whenReleased(): Promise<void>;
}

interface Dependencies {
  readonly finder: DirtyFinder;
  readonly leases: LeaseStore;
  readonly log: Log;
  readonly host: ClaimerHost;
  readonly sweepMs: number;
}

interface Candidate extends EndpointKey {
  /** Null: nobody has looked which lanes are behind. */
  lanes: DirtyLane[] | null;
}

/** Wake-ups closer together than this are looked into together. */
const FIND_GAP_MS = 5;
/** A sweep may take one twentieth of the time, however large the tables are. */
const SWEEP_SHARE = 20;
const MAX_SWEEP_MS = 10_000;
const MAX_ROUND = 64;
/** A breath between two rounds, for the other workers. */
const OTHERS_FIRST_MS = 3;
const MAX_WAKES = 1_000;

/**
 * Finds endpoints with something to do and leases them: at once when somebody says that a stream has grown, and by a
 * sweep every few seconds for whatever nobody said. Several workers share the endpoints because each takes only an
 * eighth of what it sees in one round.
 */
export class Claimer {
  readonly #deps: Dependencies;
  readonly #wakes = new Map<string, StreamKey>();
  readonly #candidates = new Map<string, Candidate>();
  #finding: Promise<void> | undefined;
  #claiming: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #sweepAt = 0;
  #hasStopped = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Endpoints wait for room. */
  get isCrowded(): boolean {
    return this.#candidates.size > 0;
  }

  wake(environmentId: string, streamId: string): void {
    if (this.#hasStopped) return;
    this.#wakes.set(`${environmentId}/${streamId}`, { environmentId, streamId });
    this.#finding ??= this.#find();
  }

  /** Called several times per second; sweeps when it is time. */
  tick(now: number): void {
    if (this.#hasStopped) return;
    if (now >= this.#sweepAt) this.#sweeping ??= this.#sweep();
    this.claim();
  }

  /** The next tick sweeps. */
  sweepSoon(): void {
    this.#sweepAt = 0;
  }

  /** These were given up although they may have something to do; they stand at the end of the queue. */
  offer(keys: readonly EndpointKey[]): void {
    for (const { environmentId, endpointId } of keys)
      if (!this.#candidates.has(endpointId))
        this.#candidates.set(endpointId, { environmentId, endpointId, lanes: null });
    this.claim();
  }

  /** Takes as many candidates as there is room for. */
  claim(): void {
    if (this.#hasStopped || this.#candidates.size === 0 || this.#deps.host.capacity() <= 0) return;
    this.#claiming ??= this.#claimAll();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await Promise.all([this.#finding, this.#claiming, this.#sweeping]);
  }

  async #find(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#wakes.size > 0 && !this.#hasStopped) {
      const streams = [...this.#wakes.values()].slice(0, MAX_WAKES);
      for (const key of streams) this.#wakes.delete(`${key.environmentId}/${key.streamId}`);
      await this.#attempt('find', async () => {
        await this.#deps.host.whenReleased();
        const lanes = await this.#deps.finder.byStreams(streams);
        for (const lane of lanes) this.#pass(lane);
        if (lanes.length === FIND_LIMIT) this.sweepSoon();
      });
      this.claim();
      await new Promise((resolve) => setTimeout(resolve, FIND_GAP_MS));
    }
    this.#finding = undefined;
  }

  async #sweep(): Promise<void> {
    const began = performance.now();
    let hasMore = false;
    await this.#attempt('sweep', async () => {
      const found = await this.#deps.finder.sweep();
      this.offer(found);
      hasMore = found.length === SWEEP_LIMIT;
    });
    const took = performance.now() - began;
    const share = Math.min(took * SWEEP_SHARE, MAX_SWEEP_MS);
    this.#sweepAt = performance.now() + (hasMore ? share : Math.max(this.#deps.sweepMs, share));
    this.#sweeping = undefined;
    this.claim();
  }

  async #claimAll(): Promise<void> {
    while (this.#candidates.size > 0 && this.#deps.host.capacity() > 0 && !this.#hasStopped) {
      await this.#attempt('claim', () => this.#claimRound());
      await new Promise((resolve) => setTimeout(resolve, OTHERS_FIRST_MS));
    }
    this.#claiming = undefined;
  }

  async #claimRound(): Promise<void> {
    const round = this.#nextRound();
    await this.#deps.host.whenReleased();
    const claimedAt = performance.now();
    const leases = await this.#deps.leases.claim(round);
    // Not before they are claimed: those of a failed round are candidates still.
    for (const candidate of round) this.#candidates.delete(candidate.endpointId);
    if (leases.length === 0) return;
    try {
      await this.#accept(round, { leases, claimedAt });
    } catch (error) {
      // A lease that nobody works under would keep everybody from the endpoint until it runs out.
      await this.#deps.host.giveBack(leases);
      this.offer(leases);
      throw error;
    }
  }

  /**
   * With room for all, anywhere in the list: workers that have the same list and begin at its top take the same
   * endpoints at the same moment, and the one that is a little behind gets none. Without, whoever has waited longest.
   */
  #nextRound(): Candidate[] {
    const all = [...this.#candidates.values()];
    const capacity = this.#deps.host.capacity();
    const share = Math.min(Math.max(Math.ceil(all.length / 8), 4), MAX_ROUND, capacity);
    const start = capacity < all.length ? 0 : Math.floor(Math.random() * all.length);
    return [...all.slice(start), ...all.slice(0, start)].slice(0, share);
  }

  async #accept(
    round: readonly Candidate[],
    { leases, claimedAt }: { readonly leases: readonly Lease[]; readonly claimedAt: number },
  ): Promise<void> {
    const known = new Map(round.map((candidate) => [candidate.endpointId, candidate.lanes]));
    const unknown = leases.filter((lease) => known.get(lease.endpointId) === null);
    const found = unknown.length === 0 ? [] : await this.#deps.finder.byEndpoints(unknown);
    const byEndpoint = Map.groupBy(found, (lane) => lane.endpointId);
    await this.#deps.host.accept(
      leases.map((lease) => ({
        lease,
        lanes: known.get(lease.endpointId) ?? byEndpoint.get(lease.endpointId) ?? [],
        claimedAt,
      })),
    );
  }

  #pass(lane: DirtyLane): void {
    const { host } = this.#deps;
    if (!host.notice(lane) && (lane.isFree || host.wasHeld(lane.endpointId))) this.#addLane(lane);
  }

  #addLane(lane: DirtyLane): void {
    const known = this.#candidates.get(lane.endpointId);
    if (known === undefined)
      this.#candidates.set(lane.endpointId, {
        environmentId: lane.environmentId,
        endpointId: lane.endpointId,
        lanes: [lane],
      });
    else known.lanes?.push(lane);
  }

  /** A failing database is waited for, nothing here is lost: the next sweep finds it again. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.log.warn({ err: error, what }, 'webhook dispatcher has to wait for the database');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
