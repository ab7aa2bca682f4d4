/** How often the same refusal is worth an entry. */
const INTERVAL_MS = 10_000;
const MOST_KEYS = 1_000;

/**
 * Lets one of many alike through per interval: a wrong token or a flood is seen, but does not fill the log. Remembers a
 * bounded number of keys; while there are more, new ones are not let through.
 */
export class Sampler {
  readonly #now: () => number;
  readonly #seenAt = new Map<string, number>();

  /** @param now milliseconds that never go back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  take(key: string): boolean {
    const now = this.#now();
    const seenAt = this.#seenAt.get(key);
    if (seenAt !== undefined && now - seenAt < INTERVAL_MS) return false;
    this.#seenAt.delete(key);
    if (this.#seenAt.size >= MOST_KEYS) this.#forget(now);
    if (this.#seenAt.size >= MOST_KEYS) return false;
    this.#seenAt.set(key, now);
    return true;
  }

  /** The map is in the order of its times. */
  #forget(now: number): void {
    for (const [key, seenAt] of this.#seenAt) {
      if (now - seenAt < INTERVAL_MS) return;
      this.#seenAt.delete(key);
    }
  }
}
