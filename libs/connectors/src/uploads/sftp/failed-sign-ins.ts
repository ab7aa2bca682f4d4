interface Count {
  failures: number;
  until: number;
}

const WINDOW_MS = 600_000;
/** Tokens have 256 bits: the limits save work, and guessing would not get anywhere without them either. */
const PER_USER = 10;
/** Many customers may come from one address: that of a proxy. */
const PER_ADDRESS = 300;
const CAPACITY = 10_000;

/** Who has failed to sign in too often of late. */
export class FailedSignIns {
  readonly #counts = new Map<string, Count>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  isBlocked(address: string, user: string): boolean {
    return (
      this.#failures(address) >= PER_ADDRESS || this.#failures(`${address} ${user.slice(0, 64)}`) >= PER_USER
    );
  }

  note(address: string, user: string): void {
    for (const key of [address, `${address} ${user.slice(0, 64)}`]) {
      const now = this.#now();
      const known = this.#counts.get(key);
      const isOver = known === undefined || known.until <= now;
      const count = isOver ? { failures: 0, until: now + WINDOW_MS } : known;
      count.failures += 1;
      this.#counts.delete(key);
      this.#counts.set(key, count);
    }
    this.#trim();
  }

  #failures(key: string): number {
    const count = this.#counts.get(key);
    return count === undefined || count.until <= this.#now() ? 0 : count.failures;
  }

  #trim(): void {
    while (this.#counts.size > CAPACITY) {
      const oldest = this.#counts.keys().next();
      if (oldest.done === true) return;
      this.#counts.delete(oldest.value);
    }
  }
}
