/** Something that is told when its time is up, unless it was done before. */
export interface Expiring {
  readonly isDone: boolean;
  expire(): void;
}

const TICK_MS = 100;

/**
 * One shared timer for requests that all have the same time limit: they expire in the order in which they began, so a
 * queue is enough. A timer or AbortSignal for each request costs more than signing it.
 */
export class Deadlines {
  readonly #limitMs: number;
  #queue: { readonly item: Expiring; readonly at: number }[] = [];
  #head = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  add(item: Expiring, startedAt: number): void {
    this.#queue.push({ item, at: startedAt + this.#limitMs });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const now = performance.now();
    for (;;) {
      const first = this.#queue[this.#head];
      if (first === undefined) break;
      if (!first.item.isDone) {
        if (first.at > now) break;
        first.item.expire();
      }
      this.#head++;
    }
    if (this.#head > 1_024 || this.#head === this.#queue.length) this.#compact();
  }

  #compact(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
    if (this.#queue.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
