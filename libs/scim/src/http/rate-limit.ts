import { capacityOf, secondsUntilFull, secondsUntilNext, TokenBuckets, type RateLimit } from '#kernel';
import type { Directory } from '#model';
import type { ScimDirectory } from './ports.js';
import { RetryLater } from './retry-later.js';

/** One bucket that a request takes from. */
interface Applied {
  readonly key: string;
  /** How the header fields call the limit. */
  readonly policy: 'directory' | 'environment';
  readonly limit: RateLimit;
  readonly reason: 'rate_limited' | 'environment_rate_limited';
}

/** `RateLimit-Policy` and `RateLimit`, with names in lower case; empty where there is no limit. */
export type RateLimitFields = Readonly<Record<string, string>>;

/** 429; the answer carries `Retry-After` (RFC 6585 4). */
export class RateLimited extends RetryLater {
  constructor(applied: Applied, tokens: number) {
    const { limit, reason } = applied;
    const retryAfterSeconds = secondsUntilNext(tokens, limit);
    const whose =
      reason === 'rate_limited' ? 'This directory' : 'All directories of this environment together';
    super(
      `${whose} may send ${limit.perSecond} requests per second, and ${capacityOf(limit)} at once after a pause. Nothing was read or changed by this request. Wait ${retryAfterSeconds} seconds, then go on more slowly, or ask the operator to raise the limit (scim_rate_limit).`,
      { status: 429, retryAfterSeconds, reason, headers: fieldsOf(applied, tokens) },
    );
  }
}

/** What is known of the one who asks. */
type Limited = Pick<Directory, 'id' | 'config'> &
  Partial<Pick<ScimDirectory, 'environmentId' | 'environmentScimRateLimit'>>;

/** One bucket per directory, one per environment that has a limit. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #buckets: TokenBuckets;

  /** @param limit for directories without one of their own; 0 per second is none */
  constructor(limit: RateLimit, now?: () => number) {
    this.#limit = limit;
    this.#buckets = new TokenBuckets(now);
  }

  /** How many buckets are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Counts one request of the directory.
   * @returns what to tell about its own limit; how busy its neighbours are is nobody's business
   * @throws RateLimited when it or its environment has had too many
   */
  check(directory: Limited): RateLimitFields {
    const own = ownLimit(directory, this.#limit);
    const applied = [own, environmentLimit(directory)].filter(({ limit }) => limit.perSecond > 0);
    // First all are asked, then all are taken from: a refused request uses up nothing anywhere.
    for (const each of applied) {
      const tokens = this.#buckets.left(each.key, each.limit);
      if (tokens < 1) throw new RateLimited(each, tokens);
    }
    for (const { key, limit } of applied) this.#buckets.take(key, limit);
    return own.limit.perSecond > 0 ? fieldsOf(own, this.#buckets.left(own.key, own.limit)) : {};
  }
}

/**
 * The header fields of draft-ietf-httpapi-ratelimit-headers-11: a quota `q` within a window of `w` seconds, `r` of it
 * left, all of it again in `t` seconds. Of a bucket these are what it holds and how long it takes to fill.
 */
function fieldsOf({ policy, limit }: Applied, tokens: number): RateLimitFields {
  const window = Math.max(1, Math.ceil(secondsUntilFull(0, limit)));
  const reset = Math.ceil(secondsUntilFull(tokens, limit));
  return {
    'ratelimit-policy': `"${policy}";q=${Math.floor(capacityOf(limit))};w=${inRange(window)}`,
    ratelimit: `"${policy}";r=${Math.floor(tokens)};t=${inRange(reset)}`,
  };
}

/** The largest integer that a structured field may hold (RFC 9651 3.3.1). */
function inRange(seconds: number): number {
  return Math.min(seconds, 999_999_999_999_999);
}

/** A directory can have a limit and a burst of its own (settings `scim_rate_limit` and `scim_rate_burst`). */
function ownLimit({ id, config }: Limited, general: RateLimit): Applied {
  const own = asLimit(config['scim_rate_limit']);
  const burst = asLimit(config['scim_rate_burst']);
  const limit = own === undefined ? general : { perSecond: own };
  return {
    key: id,
    policy: 'directory',
    limit: burst === undefined ? limit : { ...limit, burst },
    reason: 'rate_limited',
  };
}

function environmentLimit({ environmentId = '', environmentScimRateLimit }: Limited): Applied {
  return {
    key: environmentId,
    policy: 'environment',
    limit: { perSecond: environmentScimRateLimit ?? 0 },
    reason: 'environment_rate_limited',
  };
}

function asLimit(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
