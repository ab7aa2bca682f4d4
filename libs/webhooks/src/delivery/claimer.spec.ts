import { afterEach, describe, expect, it } from '@jest/globals';
import { Claimer, type Claim, type ClaimerHost } from './claimer.js';
import type { DirtyFinder, DirtyLane } from './dirty-finder.js';
import type { EndpointKey, Lease, LeaseStore } from './lease-store.js';

const KEY: EndpointKey = { environmentId: 'environment_a', endpointId: 'we_a' };
const LANE: DirtyLane = { ...KEY, streamId: 'directory_a', head: 7, isFree: false };

/** A worker, its database and the leases in it, all in memory. */
class World implements ClaimerHost {
  readonly accepted: Claim[] = [];
  readonly returned: Lease[] = [];
  readonly lately = new Set<string>();
  dirty: DirtyLane[] = [];
  acceptFails = 0;
  claimFails = 0;
  readonly claimer: Claimer;
  readonly #held = new Set<string>();

  constructor() {
    const finder = {
      byStreams: () => Promise.resolve(this.dirty),
      byEndpoints: () => Promise.resolve(this.dirty),
      sweep: () => Promise.resolve([]),
    } as unknown as DirtyFinder;
    const leases = { claim: (keys: EndpointKey[]) => this.#claim(keys) } as unknown as LeaseStore;
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    this.claimer = new Claimer({ finder, leases, log, host: this, sweepMs: 60_000 });
  }

  capacity(): number {
    return 10;
  }

  notice(): boolean {
    return false;
  }

  wasHeld(endpointId: string): boolean {
    return this.lately.has(endpointId);
  }

  accept(claims: readonly Claim[]): Promise<void> {
    if (this.acceptFails-- > 0) return Promise.reject(new Error('the database is away'));
    this.accepted.push(...claims);
    return Promise.resolve();
  }

  giveBack(leases: readonly Lease[]): Promise<void> {
    this.returned.push(...leases);
    for (const lease of leases) this.#held.delete(lease.endpointId);
    return Promise.resolve();
  }

  whenReleased(): Promise<void> {
    return Promise.resolve();
  }

  #claim(keys: readonly EndpointKey[]): Promise<Lease[]> {
    if (this.claimFails-- > 0) return Promise.reject(new Error('the database is away'));
    const free = keys.filter((key) => !this.#held.has(key.endpointId));
    for (const key of free) this.#held.add(key.endpointId);
    return Promise.resolve(free.map((key) => ({ ...key, token: '1', failingSince: null })));
  }
}

describe('Claimer', () => {
  const worlds: World[] = [];
  afterEach(() => Promise.all(worlds.splice(0).map((world) => world.claimer.stop())));

  function aWorld(): World {
    const world = new World();
    worlds.push(world);
    return world;
  }

  async function accepted(world: World): Promise<void> {
    while (world.accepted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('takes an endpoint whose lease looked held because it was just being given back', async () => {
    const world = aWorld();
    world.dirty = [LANE];
    world.lately.add(KEY.endpointId);
    world.claimer.wake(KEY.environmentId, LANE.streamId);
    await accepted(world);
    expect(world.accepted).toMatchObject([{ lease: KEY, lanes: [LANE] }]);
  });

  it('leaves an endpoint alone that another worker holds', async () => {
    const world = aWorld();
    world.dirty = [LANE];
    world.claimer.wake(KEY.environmentId, LANE.streamId);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(world.accepted).toEqual([]);
  });

  it('gives leases back that it could not work with, and tries again without waiting for a sweep', async () => {
    const world = aWorld();
    world.acceptFails = 1;
    world.claimer.offer([KEY]);
    await accepted(world);
    expect(world.returned).toMatchObject([KEY]);
    expect(world.accepted).toMatchObject([{ lease: KEY }]);
  });

  it('keeps candidates that could not be claimed because the database was away', async () => {
    const world = aWorld();
    world.claimFails = 1;
    world.claimer.offer([KEY]);
    await accepted(world);
    expect(world.accepted).toMatchObject([{ lease: KEY }]);
  });
});
