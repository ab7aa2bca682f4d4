import type { SourceHttpOptions } from './source-http.js';

/** The headers that carry the credential, and which generation of it they are. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  readonly generation: number;
}

/** Hands out the credential and renews a rejected one once, however many requests were rejected with it. */
export class Authorization {
  readonly #authorize: NonNullable<SourceHttpOptions['authorize']>;
  #generation = 0;
  #renewing: Promise<unknown> | undefined;

  constructor(authorize: NonNullable<SourceHttpOptions['authorize']>) {
    this.#authorize = authorize;
  }

  async current(): Promise<Credential> {
    if (this.#renewing !== undefined) await this.#renewing;
    // Read before the headers: a renewal meanwhile must not make an old token pass for a new one.
    const generation = this.#generation;
    return { headers: await this.#authorize({ renew: false }), generation };
  }

  /** After a 401. Somebody else may have renewed that one already: then there is nothing to do. */
  async renew(rejected: Credential): Promise<void> {
    if (rejected.generation !== this.#generation) return;
    this.#renewing ??= this.#authorize({ renew: true })
      .then(() => this.#generation++)
      .finally(() => (this.#renewing = undefined));
    await this.#renewing;
  }
}
