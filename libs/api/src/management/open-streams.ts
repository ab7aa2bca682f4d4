import { RetryableError } from '#kernel';

/** Streams of one environment in one process; each asks the database twice a second. */
const PER_ENVIRONMENT = 50;
/** Then a client comes back with `Last-Event-ID`, and shows its credential again. */
const LONGEST_MS = 15 * 60_000;

/** The streams that are open: not too many of one tenant, none longer than its credential was looked at. */
export class OpenStreams {
  readonly #open = new Map<string, Set<AbortController>>();
  readonly #longestMs: number;

  constructor(longestMs = LONGEST_MS) {
    this.#longestMs = longestMs;
  }

  /** @throws RetryableError when the environment has too many. @returns what ends the stream, and to be told of its end. */
  open(environmentId: string): { readonly abort: AbortController; readonly close: () => void } {
    const mine = this.#open.get(environmentId) ?? new Set<AbortController>();
    if (mine.size >= PER_ENVIRONMENT)
      throw new RetryableError(
        `${PER_ENVIRONMENT} runs are followed at the same time; no more can be. Close a stream, or ask for the run itself.`,
        { code: 'too_many_streams' },
      );
    this.#open.set(environmentId, mine);
    const abort = new AbortController();
    mine.add(abort);
    const timer = setTimeout(() => abort.abort(), this.#longestMs).unref();
    const close = (): void => {
      clearTimeout(timer);
      mine.delete(abort);
      if (mine.size === 0 && this.#open.get(environmentId) === mine) this.#open.delete(environmentId);
    };
    return { abort, close };
  }

  /** Ends all of them. */
  end(): void {
    for (const streams of this.#open.values()) for (const stream of streams) stream.abort();
  }
}
