import type { HeldLease } from './lease-store.js';

/**
 * Why a run stops before its end.
 * - `cancelled`: somebody said so, or the directory was deleted
 * - `draining`: this process ends; another one goes on
 * - `deadline`: the run has taken too long
 * - `lost`: the lease is another worker's
 * - `over`: it has come to its end; what it still keeps open is closed
 */
export type Interruption = 'cancelled' | 'draining' | 'deadline' | 'lost' | 'over';

/** Thrown inside a run to leave it; reason of its abort signal. */
export class Interrupted extends Error {
  readonly reason: Interruption;

  constructor(reason: Interruption) {
    super(`the run was interrupted: ${reason}`);
    this.name = 'Interrupted';
    this.reason = reason;
  }
}

/** Ends a run's ports and its waiting. The first reason counts. */
export class RunControl {
  readonly #abort = new AbortController();
  #isDraining = false;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  interrupt(reason: Interruption): void {
    if (!this.signal.aborted) this.#abort.abort(new Interrupted(reason));
  }

  /** Stops at the next page, which is stored first. */
  drain(): void {
    this.#isDraining = true;
  }

  /**
   * What became of the run's lease and directory, undefined when the lease is lost. Told of a pause a second time, a source
   * that has not come to the end of its page is left in the middle of it.
   */
  obey(lease: Pick<HeldLease, 'isCancelled' | 'isPaused'> | undefined): void {
    if (lease === undefined) this.interrupt('lost');
    else if (lease.isCancelled) this.interrupt('cancelled');
    else if (lease.isPaused && this.#isDraining) this.interrupt('draining');
    else if (lease.isPaused) this.drain();
  }

  /** @throws Interrupted between two pages. */
  check(): void {
    this.signal.throwIfAborted();
    if (this.#isDraining) throw new Interrupted('draining');
  }

  /** What an error means if the run was interrupted meanwhile: ports fail in their own words when they are aborted. */
  translate(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }
}

/** Iterates, but does not wait longer than the signal allows, whatever the source does. */
export async function* obeying<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  // Nobody waits for it between two pages.
  aborted.catch(() => undefined);
  let isDone = false;
  try {
    while (!isDone) {
      const step = await Promise.race([iterator.next(), aborted]);
      isDone = step.done === true;
      if (!step.done) yield step.value;
    }
  } finally {
    // A source that hangs would make us wait for its cleaning up as well.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
