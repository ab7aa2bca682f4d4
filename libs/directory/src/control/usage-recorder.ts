import type { Clock } from '#kernel';

const INTERVAL_MS = 60_000;
const CAPACITY = 10_000;

/**
 * Writes what is noticed while requests are served, such as when a credential was last used: at most once a minute for
 * each key, and never in the way of a request.
 */
export class UsageRecorder {
  readonly #written = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(key: string, write: (usedAt: string) => Promise<unknown>): void {
    const now = this.#clock.now();
    if (now.getTime() - (this.#written.get(key) ?? -Infinity) < INTERVAL_MS) return;
    this.#written.delete(key);
    this.#written.set(key, now.getTime());
    this.#trim();
    // Informative only: that it could not be written must not fail the request that it belongs to.
    write(now.toISOString()).catch(() => undefined);
  }

  #trim(): void {
    if (this.#written.size <= CAPACITY) return;
    const oldest = this.#written.keys().next();
    if (!oldest.done) this.#written.delete(oldest.value);
  }
}
