/** How many requests may be sent. */
export interface RateLimit {
  /** Sustained requests per second. */
  readonly perSecond: number;
  /** How many may come at once after a pause; five seconds' worth when absent. */
  readonly burst?: number;
}

/** Times are milliseconds of the monotonic clock. */
interface Bucket {
  readonly tokens: number;
  /** When it held that many. */
  readonly at: number;
  /** When it is full again unless something is taken: from then on it is like a new one. */
  readonly fullAt: number;
}

/** How often idle buckets are forgotten. */
const SWEEP_MS = 60_000;
/** Nobody is sent away for longer, however low the limit. */
const LONGEST_WAIT_SECONDS = 3_600;
const BURST_SECONDS = 5;

/** Token buckets in the memory of this process, one per key. */
export class TokenBuckets {
  /** Milliseconds that never go back. */
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #most: number;
  #sweptAt: number;

  /** @param most buckets; who would need one more is not counted */
  constructor(now: () => number = () => performance.now(), most = Infinity) {
    this.#now = now;
    this.#most = most;
    this.#sweptAt = now();
  }

  /** How many buckets are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Tokens in the bucket now; below 1, nothing may be taken. */
  left(key: string, limit: RateLimit): number {
    const capacity = capacityOf(limit);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return capacity;
    return Math.min(capacity, bucket.tokens + ((this.#now() - bucket.at) / 1_000) * limit.perSecond);
  }

  /** Takes one token, if there is one. */
  take(key: string, limit: RateLimit): void {
    const now = this.#now();
    this.#sweep(now);
    if (this.#buckets.size >= this.#most && !this.#buckets.has(key)) return;
    const tokens = Math.max(0, this.left(key, limit) - 1);
    this.#buckets.set(key, { tokens, at: now, fullAt: now + secondsUntilFull(tokens, limit) * 1_000 });
  }

  /** Forgets whoever has been silent for so long that nothing is lost by it. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [key, { fullAt }] of this.#buckets) if (fullAt <= now) this.#buckets.delete(key);
  }
}

/** One request must fit, or a slow directory could never send any. */
export function capacityOf({ perSecond, burst = BURST_SECONDS * perSecond }: RateLimit): number {
  return Math.max(1, burst);
}

/** Whole seconds until one more may be taken, as `Retry-After` wants them. */
export function secondsUntilNext(tokens: number, { perSecond }: RateLimit): number {
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil((1 - tokens) / perSecond)));
}

export function secondsUntilFull(tokens: number, limit: RateLimit): number {
  return (capacityOf(limit) - tokens) / limit.perSecond;
}
