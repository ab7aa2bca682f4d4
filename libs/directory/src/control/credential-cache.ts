import { AuthenticationError, NotFoundError, type Clock } from '#kernel';

interface Entry<V> {
  readonly answer: Promise<V>;
  readonly until: number;
}

const ACCEPTED_MS = 3_000;
const REFUSED_MS = 1_000;

/**
 * Remembers for moments what a credential stands for, and asks once for concurrent requests with the same one. What is
 * accepted and what is refused are kept apart, so a flood of wrong credentials cannot push out the good ones.
 */
export class CredentialCache<V> {
  readonly #accepted = new Map<string, Entry<V>>();
  readonly #refused = new Map<string, Entry<V>>();
  readonly #clock: Clock;
  readonly #capacity: number;

  constructor(clock: Clock, capacity = 10_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** `load` refuses by AuthenticationError or NotFoundError; any other failure is not remembered. */
  fetch(key: string, load: () => Promise<V>): Promise<V> {
    const now = this.#clock.now().getTime();
    const known = this.#accepted.get(key) ?? this.#refused.get(key);
    if (known && known.until > now) return known.answer;
    const entry: Entry<V> = { answer: load(), until: now + ACCEPTED_MS };
    this.#put(this.#accepted, key, entry);
    entry.answer.catch((error: unknown) => {
      if (this.#accepted.get(key) === entry) this.#accepted.delete(key);
      const isRefusal = error instanceof AuthenticationError || error instanceof NotFoundError;
      if (isRefusal) this.#put(this.#refused, key, { answer: entry.answer, until: now + REFUSED_MS });
    });
    return entry.answer;
  }

  /** Forgets the credentials whose key fits. */
  forget(fits: (key: string) => boolean): void {
    for (const entries of [this.#accepted, this.#refused])
      for (const key of entries.keys()) if (fits(key)) entries.delete(key);
  }

  clear(): void {
    this.#accepted.clear();
    this.#refused.clear();
  }

  /** The oldest entry goes first. */
  #put(entries: Map<string, Entry<V>>, key: string, entry: Entry<V>): void {
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size <= this.#capacity) return;
    const oldest = entries.keys().next();
    if (!oldest.done) entries.delete(oldest.value);
  }
}
