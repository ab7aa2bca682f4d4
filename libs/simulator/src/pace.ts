import { setTimeout as sleep } from 'node:timers/promises';

/** How fast an IdP works through its list. */
export interface Pace {
  /** Objects worked on at the same time; 4 when absent. */
  readonly inFlight?: number;
  /** Pause of each of these workers after an object, varied by a half in either direction; none when absent. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
}

/** Does `work` for every item, a few at a time. The first failure stops the others and is thrown. */
export async function forEachPaced<T>(
  items: readonly T[],
  pace: Pace,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of { [Symbol.iterator]: () => queue }) {
      pace.signal?.throwIfAborted();
      if (failed.signal.aborted) return;
      await work(item);
      await pause(pace);
    }
  };
  const workers = Array.from({ length: pace.inFlight ?? 4 }, async () => {
    try {
      await worker();
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
}

/** One pause of this pace. */
export async function pause({ pauseMs = 0, signal }: Pace): Promise<void> {
  if (pauseMs > 0) await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal });
}
