import type { FakeAnswer } from './fake-server.js';

/** A pair of tokens as a vendor keeps them. */
interface Pair {
  readonly access: string;
  readonly refresh: string;
  /** The refresh token that it was exchanged for; revoked when the pair's access token is first used. */
  readonly previous: string | null;
  isRevoked: boolean;
}

/**
 * Refresh tokens that are good for one use, as Gusto describes them (2026-06): the old one, and its access token with it,
 * is revoked at the first use of the new access token. `strict` vendors revoke it at once.
 */
export class RotatingTokens {
  readonly #pairs: Pair[];
  readonly #prefix: string;
  readonly #isStrict: boolean;

  /** @param first the refresh token that an admin got. */
  constructor(first: string, options: { readonly prefix: string; readonly isStrict?: boolean }) {
    this.#prefix = options.prefix;
    this.#isStrict = options.isStrict === true;
    this.#pairs = [
      { access: `${options.prefix}-access-0`, refresh: first, previous: null, isRevoked: false },
    ];
  }

  /** How often a refresh token was exchanged. */
  get exchanges(): number {
    return this.#pairs.length - 1;
  }

  /** Undefined for a token that is not known (any more). */
  exchange(refresh: string): { readonly access: string; readonly refresh: string } | undefined {
    const pair = this.#pairs.find((candidate) => candidate.refresh === refresh && !candidate.isRevoked);
    if (pair === undefined) return undefined;
    const next = this.#add(refresh);
    if (this.#isStrict) pair.isRevoked = true;
    return next;
  }

  /** What a token endpoint answers to a code that an admin's consent gave: tokens that nobody had before. */
  begin(life: number): Readonly<Record<string, string | number>> {
    const { access, refresh } = this.#add(null);
    return { access_token: access, refresh_token: refresh, expires_in: life };
  }

  /** What a token endpoint answers to a grant; undefined when it is refused. Life is in seconds. */
  grant(type: unknown, refresh: unknown, life: number): FakeAnswer | undefined {
    const pair = type === 'refresh_token' && typeof refresh === 'string' ? this.exchange(refresh) : undefined;
    return (
      pair && {
        body: {
          access_token: pair.access,
          refresh_token: pair.refresh,
          token_type: 'Bearer',
          expires_in: life,
        },
      }
    );
  }

  #add(previous: string | null): Pair {
    const number = this.#pairs.length;
    const pair: Pair = {
      access: `${this.#prefix}-access-${number}`,
      refresh: `${this.#prefix}-refresh-${number}`,
      previous,
      isRevoked: false,
    };
    this.#pairs.push(pair);
    return pair;
  }

  /** Whether a request with this access token is let in. */
  accepts(authorization: string | undefined): boolean {
    const pair = this.#pairs.find(
      (candidate) => authorization === `Bearer ${candidate.access}` && !candidate.isRevoked,
    );
    if (pair === undefined) return false;
    for (const older of this.#pairs) if (older.refresh === pair.previous) older.isRevoked = true;
    return true;
  }
}
