import type { Clock } from '#kernel';
import type { RequestLimits } from '../manifest.js';
import { MAX_WAIT_MS } from './retry-after.js';

export interface PacerPorts {
  readonly clock: Clock;
  /** Rejects when the run ends. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** Token bucket and concurrency of one source. Whoever waits longest goes first. */
export class Pacer {
  readonly #limits: RequestLimits;
  readonly #ports: PacerPorts;
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #tokens: number;
  #filledAt: number;
  #pausedUntil = 0;

  constructor(limits: RequestLimits, ports: PacerPorts) {
    this.#limits = limits;
    this.#ports = ports;
    this.#tokens = limits.burst;
    this.#filledAt = ports.clock.now().getTime();
  }

  /** Runs `work` when its turn has come. @throws whatever `work` or an ended run throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      await this.#takeToken();
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Nothing starts before `ms` from now: what one request was told holds for all. */
  pause(ms: number): void {
    const until = this.#ports.clock.now().getTime() + Math.min(ms, MAX_WAIT_MS);
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#limits.concurrency) {
      this.#running++;
      return;
    }
    // The place is handed over by #leave, so nobody slips in between.
    await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
  }

  /** A token may be borrowed from the future; the borrower waits for it, which keeps the order. */
  async #takeToken(): Promise<void> {
    this.#refill();
    this.#tokens -= 1;
    if (this.#tokens < 0)
      await this.#ports.sleep(Math.ceil((-this.#tokens / this.#limits.requestsPerSecond) * 1_000));
    for (let wait = this.#pauseLeft(); wait > 0; wait = this.#pauseLeft()) await this.#ports.sleep(wait);
  }

  #refill(): void {
    const now = this.#ports.clock.now().getTime();
    // The wall clock may be set back.
    const elapsed = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    const gained = (elapsed / 1_000) * this.#limits.requestsPerSecond;
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + gained);
  }

  #pauseLeft(): number {
    const left = this.#pausedUntil - this.#ports.clock.now().getTime();
    return Math.min(left, MAX_WAIT_MS);
  }
}
