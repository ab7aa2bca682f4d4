/** Remembers since when an endpoint has done nothing but fail. */
export class FailureClock {
  /** Unix milliseconds, null while the last thing heard was a success. */
  since: number | null;
  readonly #limitMs: number;
  #hasChanged = false;

  constructor(since: number | null, limitMs: number) {
    this.since = since;
    this.#limitMs = limitMs;
  }

  succeeded(): void {
    if (this.since === null) return;
    this.since = null;
    this.#hasChanged = true;
  }

  /** Returns whether the failures have lasted for the whole limit. */
  failed(nowMs: number): boolean {
    if (this.since !== null) return nowMs - this.since >= this.#limitMs;
    this.since = nowMs;
    this.#hasChanged = true;
    return false;
  }

  /** Whether `since` has to be written; the caller writes it. */
  takeChange(): boolean {
    const hadChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hadChanged;
  }

  /** The write failed. */
  returnChange(): void {
    this.#hasChanged = true;
  }
}
