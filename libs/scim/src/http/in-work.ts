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

  /** @throws RetryLater 503 when too much is waiting already */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const lane = this.#lane(key);
    if (lane.running >= this.#limits.running) await this.#turn(lane);
    else lane.running += 1;
    try {
      return await work();
    } finally {
      this.#leave(key, lane);
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
