import type { Directory } from '#model';
import type { ScimDirectory } from './ports.js';
import { RetryLater } from './retry-later.js';

/** How many requests may be sent. */
export interface RateLimit {
  /** Sustained requests per second; 0 is no limit. */
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

/** One bucket that a request takes from. */
interface Applied {
  readonly key: string;
  readonly limit: RateLimit;
  readonly reason: 'rate_limited' | 'environment_rate_limited';
}

/** How often idle buckets are forgotten. */
const SWEEP_MS = 60_000;
/** Nobody is sent away for longer, however low the limit. */
const LONGEST_WAIT_SECONDS = 3_600;
const BURST_SECONDS = 5;

/** 429; the answer carries `Retry-After` (RFC 6585 4). */
export class RateLimited extends RetryLater {
  constructor({ limit, reason }: Pick<Applied, 'limit' | 'reason'>, retryAfterSeconds: number) {
    const whose =
      reason === 'rate_limited' ? 'This directory' : 'All directories of this environment together';
    super(
      `${whose} may send ${limit.perSecond} requests per second, and ${capacityOf(limit)} at once after a pause. Nothing was read or changed by this request. Wait ${retryAfterSeconds} seconds, then go on more slowly, or ask the operator to raise the limit (scim_rate_limit).`,
      { status: 429, retryAfterSeconds, reason },
    );
  }
}

/** What is known of the one who asks. */
type Limited = Pick<Directory, 'id' | 'config'> &
  Partial<Pick<ScimDirectory, 'environmentId' | 'environmentScimRateLimit'>>;

/** Token buckets in the memory of this process: one per directory, one per environment that has a limit. */
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

  /** How many buckets are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts one request of the directory. @throws RateLimited when it or its environment has had too many */
  check(directory: Limited): void {
    const now = this.#now();
    this.#sweep(now);
    const applied = limitsOn(directory, this.#limit);
    // First all are asked, then all are taken from: a refused request uses up nothing anywhere.
    const left = applied.map((each) => this.#left(each, now));
    for (const [index, each] of applied.entries()) {
      const { perSecond } = each.limit;
      const tokens = left[index] as number;
      const fullAt = now + ((capacityOf(each.limit) - tokens) / perSecond) * 1_000;
      this.#buckets.set(each.key, { tokens, at: now, fullAt });
    }
  }

  #left(applied: Applied, now: number): number {
    const { limit } = applied;
    const tokens = tokensNow(this.#buckets.get(applied.key), limit, now);
    if (tokens < 1) throw new RateLimited(applied, waitFor(1 - tokens, limit));
    return tokens - 1;
  }

  /** Forgets whoever has been silent for so long that nothing is lost by it. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [id, { fullAt }] of this.#buckets) if (fullAt <= now) this.#buckets.delete(id);
  }
}

function limitsOn(directory: Limited, general: RateLimit): Applied[] {
  const { environmentId = '', environmentScimRateLimit } = directory;
  const all: Applied[] = [
    { key: directory.id, limit: limitOf(directory, general), reason: 'rate_limited' },
    {
      key: environmentId,
      limit: { perSecond: environmentScimRateLimit ?? 0 },
      reason: 'environment_rate_limited',
    },
  ];
  return all.filter(({ limit }) => limit.perSecond > 0);
}

/** One request must fit, or a slow directory could never send any. */
function capacityOf({ perSecond, burst = BURST_SECONDS * perSecond }: RateLimit): number {
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

/** A directory can have a limit and a burst of its own (settings `scim_rate_limit` and `scim_rate_burst`). */
function limitOf({ config }: Limited, general: RateLimit): RateLimit {
  const own = asLimit(config['scim_rate_limit']);
  const burst = asLimit(config['scim_rate_burst']);
  const limit = own === undefined ? general : { perSecond: own };
  return burst === undefined ? limit : { ...limit, burst };
}

function asLimit(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
