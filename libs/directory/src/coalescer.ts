import { RetryableError } from '#kernel';

/** One request that waits for its turn. */
export interface Waiting<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<Request, Result> {
  readonly queue: Waiting<Request, Result>[];
  running: boolean;
}

/** Runs one batch: calls `take` once it is ready to work (lock held), and settles everything it took. */
export type BatchRunner<Request, Result> = (
  key: string,
  take: () => Waiting<Request, Result>[],
) => Promise<void>;

/**
 * Gathers concurrent requests with the same key into batches. The first request of an idle key starts at once; what
 * arrives while a batch is under way makes up the next one, in order of arrival. So nobody waits for company, and the
 * busier a key is, the larger its batches.
 */
export class Coalescer<Request, Result> {
  readonly #lanes = new Map<string, Lane<Request, Result>>();
  readonly #run: BatchRunner<Request, Result>;
  readonly #limits: { readonly batch: number; readonly queue: number };

  constructor(
    run: BatchRunner<Request, Result>,
    limits: { readonly batch: number; readonly queue: number } = { batch: 64, queue: 5_000 },
  ) {
    this.#run = run;
    this.#limits = limits;
  }

  submit(key: string, request: Request): Promise<Result> {
    const lane = this.#lane(key);
    if (lane.queue.length >= this.#limits.queue)
      return Promise.reject(
        new RetryableError(
          'Too many requests are waiting for the database. Send this one again in a moment.',
        ),
      );
    return new Promise((resolve, reject) => {
      lane.queue.push({ request, resolve, reject });
      if (!lane.running) void this.#drain(key, lane);
    });
  }

  #lane(key: string): Lane<Request, Result> {
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane: Lane<Request, Result> = { queue: [], running: false };
    this.#lanes.set(key, lane);
    return lane;
  }

  async #drain(key: string, lane: Lane<Request, Result>): Promise<void> {
    lane.running = true;
    while (lane.queue.length > 0) await this.#runBatch(key, lane);
    lane.running = false;
    this.#lanes.delete(key);
  }

  /** A runner that fails before it took anything (no connection, no lock) fails those who are waiting now. */
  async #runBatch(key: string, lane: Lane<Request, Result>): Promise<void> {
    let taken: Waiting<Request, Result>[] | undefined;
    const take = (): Waiting<Request, Result>[] => {
      taken ??= lane.queue.splice(0, this.#limits.batch);
      return taken;
    };
    try {
      await this.#run(key, take);
    } catch (error) {
      for (const waiting of take()) waiting.reject(error);
    }
  }
}
