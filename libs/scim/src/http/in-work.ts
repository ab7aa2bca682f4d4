import { RetryLater } from './retry-later.js';

/** How much of one key is under way at once, and how much may wait for its turn. */
export interface InWorkLimits {
  readonly running: number;
  readonly waiting: number;
}

interface Lane {
  running: number;
  readonly queue: (() => void)[];
}

/** Lets only so much work of one key run at once, in order of arrival; keys do not wait for each other. */
export class InWork {
  readonly #lanes = new Map<string, Lane>();
  readonly #limits: InWorkLimits;

  constructor(limits: InWorkLimits) {
    this.#limits = limits;
  }

  /**
   * @param isLarge whether the result keeps this process busy: then the key rests for as long as that took, and
   *   others get at least half of the time
   * @throws RetryLater 503 when too much is waiting already
   */
  async run<T>(
    key: string,
    work: () => Promise<T>,
    isLarge: (result: T) => boolean = () => false,
  ): Promise<T> {
    const lane = this.#lane(key);
    if (lane.running >= this.#limits.running) await this.#turn(lane);
    else lane.running += 1;
    let leave = (): void => this.#leave(key, lane);
    try {
      const result = await work();
      if (isLarge(result)) leave = afterRest(leave);
      return result;
    } finally {
      leave();
    }
  }

  /** How many keys have work. */
  get size(): number {
    return this.#lanes.size;
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane: Lane = { running: 0, queue: [] };
    this.#lanes.set(key, lane);
    return lane;
  }

  async #turn(lane: Lane): Promise<void> {
    const { waiting } = this.#limits;
    if (lane.queue.length >= waiting)
      throw new RetryLater(
        `${waiting} requests of this directory are waiting already. Nothing was read or changed. Send this one again in a few seconds, and fewer at once.`,
        { status: 503, retryAfterSeconds: 5, reason: 'directory_busy' },
      );
    await new Promise<void>((resolve) => {
      lane.queue.push(resolve);
    });
  }

  /** Whoever is next takes over the place, so it is never counted as free in between. */
  #leave(key: string, lane: Lane): void {
    const next = lane.queue.shift();
    if (next) return next();
    lane.running -= 1;
    if (lane.running === 0) this.#lanes.delete(key);
  }
}

/**
 * What the caller does with a result (presenting it, writing JSON) runs before the next turn of the event loop, so the time
 * until then is what the result has cost everybody.
 */
function afterRest(leave: () => void): () => void {
  return () => {
    const started = performance.now();
    setImmediate(() => setTimeout(leave, performance.now() - started));
  };
}
