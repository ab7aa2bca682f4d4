import ipaddr from 'ipaddr.js';
import { AuthenticationError, NotFoundError, RollcallError } from './errors.js';
import { hashSecret } from './secrets.js';
import { secondsUntilNext, TokenBuckets, type RateLimit } from './token-buckets.js';

/** Somebody who wants in. */
export interface LoginAttempt {
  /** Address of the one who connects; unknown, nothing is limited. */
  readonly peer: string | undefined;
  /** The directory's key in the address. */
  readonly externalKey: string;
  readonly secret: string;
}

/** Too many wrong credentials came before this one, which was not looked at. 429 with `Retry-After`. */
export class TooManyFailuresError extends RollcallError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(
      `Too many requests with a wrong token came from your address, so this one was not looked at. Correct the token (copy it from the directory again), wait ${retryAfterSeconds} seconds, then test the connection.`,
      { code: 'failed_logins' },
    );
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Credentials that have worked and may go on trying. */
const MOST_KNOWN = 10_000;
/** Beyond it nobody new is counted: an attack from everywhere at once must not fill the memory. */
const MOST_BUCKETS = 100_000;
/** A directory's key has 16 characters. */
const LONGEST_KEY = 64;

/**
 * Slows down whoever tries one wrong credential after the other, per address: for one directory, and for addresses of
 * directories that do not exist. Nothing is looked up for those who are over the limit.
 *
 * IdPs share their addresses among all their customers, and offices among everybody in them. So a credential that has
 * worked here is never slowed down, and one customer's wrong token is counted at that customer's directory only.
 */
export class FailedLogins {
  readonly #limit: RateLimit;
  readonly #buckets: TokenBuckets;
  readonly #known = new Set<string>();

  /** @param perMinute failures that one address may have, all of them at once if need be; 0 is no limit */
  constructor(perMinute = 300, now?: () => number) {
    this.#limit = { perSecond: perMinute / 60, burst: perMinute };
    this.#buckets = new TokenBuckets(now, MOST_BUCKETS);
  }

  /** Verifies a credential. @throws TooManyFailuresError, and whatever `verify` throws */
  async watch<T>(attempt: LoginAttempt, verify: () => Promise<T>): Promise<T> {
    const known = hashSecret(`${attempt.externalKey}\0${attempt.secret}`).toString('base64');
    if (!this.#known.has(known)) this.#check(attempt);
    try {
      const verified = await verify();
      this.#remember(known);
      return verified;
    } catch (error) {
      this.#count(attempt, error);
      if (error instanceof AuthenticationError || error instanceof NotFoundError) this.#known.delete(known);
      throw error;
    }
  }

  /** @throws TooManyFailuresError for somebody over the limit */
  #check({ peer, externalKey }: LoginAttempt): void {
    if (peer === undefined || this.#limit.perSecond === 0) return;
    for (const key of [directoryKey(peer, externalKey), strangerKey(peer)]) {
      const tokens = this.#buckets.left(key, this.#limit);
      if (tokens < 1) throw new TooManyFailuresError(secondsUntilNext(tokens, this.#limit));
    }
  }

  /** Whose fault it is not is not counted. */
  #count({ peer, externalKey }: LoginAttempt, error: unknown): void {
    if (peer === undefined || this.#limit.perSecond === 0) return;
    if (error instanceof AuthenticationError)
      this.#buckets.take(directoryKey(peer, externalKey), this.#limit);
    if (error instanceof NotFoundError) this.#buckets.take(strangerKey(peer), this.#limit);
  }

  /** The one that has worked for longest goes first. */
  #remember(known: string): void {
    if (this.#known.has(known)) return;
    this.#known.add(known);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known;
    this.#known.delete(oldest as string);
  }
}

function directoryKey(peer: string, externalKey: string): string {
  return `${networkOf(peer)} ${externalKey.slice(0, LONGEST_KEY)}`;
}

function strangerKey(peer: string): string {
  return networkOf(peer);
}

/** Of IPv6 the first 64 bits: everybody has as many addresses below them as they like. */
function networkOf(peer: string): string {
  if (!ipaddr.isValid(peer)) return peer;
  const address = ipaddr.process(peer);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(':') : address.toString();
}
