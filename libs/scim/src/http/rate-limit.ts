import type { Directory } from '#model';
import { ScimError } from '../protocol/errors.js';

/** How many requests a directory may send. */
export interface RateLimit {
  /** Sustained requests per second; 0 is no limit. */
  readonly perSecond: number;
  /** How many may come at once after a pause; twice `perSecond` when absent. */
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

/** How often idle directories are forgotten. */
const SWEEP_MS = 60_000;
/** Nobody is sent away for longer, however low the limit. */
const LONGEST_WAIT_SECONDS = 3_600;

/** 429; the answer carries `Retry-After` (RFC 6585 4). */
export class RateLimited extends ScimError {
  readonly retryAfterSeconds: number;

  constructor(perSecond: number, retryAfterSeconds: number) {
    super(
      `This directory may send ${perSecond} requests per second. Wait ${retryAfterSeconds} seconds, then go on more slowly.`,
      { status: 429 },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A token bucket per directory, in the memory of this process. */
export class RateLimiter {
  readonly #limit: RateLimit;
  /** Milliseconds that never go back. */
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  #sweptAt: number;

  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
    this.#sweptAt = now();
  }

  /** How many directories are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts one request of the directory. @throws RateLimited when it has had too many */
  check(directory: Pick<Directory, 'id' | 'config'>): void {
    const limit = limitOf(directory, this.#limit);
    if (limit.perSecond <= 0) return;
    const now = this.#now();
    this.#sweep(now);
    const tokens = tokensNow(this.#buckets.get(directory.id), limit, now);
    if (tokens < 1) throw new RateLimited(limit.perSecond, waitFor(1 - tokens, limit));
    const left = tokens - 1;
    const fullAt = now + ((capacityOf(limit) - left) / limit.perSecond) * 1_000;
    this.#buckets.set(directory.id, { tokens: left, at: now, fullAt });
  }

  /** Forgets whoever has been silent for so long that nothing is lost by it. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [id, { fullAt }] of this.#buckets) if (fullAt <= now) this.#buckets.delete(id);
  }
}

/** One request must fit, or a slow directory could never send any. */
function capacityOf({ perSecond, burst = 2 * perSecond }: RateLimit): number {
  return Math.max(1, burst);
}

function tokensNow(bucket: Bucket | undefined, limit: RateLimit, now: number): number {
  const capacity = capacityOf(limit);
  if (bucket === undefined) return capacity;
  return Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1_000) * limit.perSecond);
}

/** Whole seconds until that many tokens are there, as `Retry-After` wants them. */
function waitFor(tokens: number, { perSecond }: RateLimit): number {
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.ceil(tokens / perSecond)));
}

/** A directory can have a limit of its own (setting `scim_rate_limit`). */
function limitOf({ config }: Pick<Directory, 'config'>, general: RateLimit): RateLimit {
  const own = config['scim_rate_limit'];
  return typeof own === 'number' && Number.isFinite(own) && own >= 0 ? { perSecond: own } : general;
}
