import { RetryableError, type Database } from '#kernel';
import { insertEntries, insertLogins } from './insert-entries.js';
import type { LoggedExchange, RequestLogSink } from './logged-exchange.js';
import { toEntry, type NewRequestLogEntry } from './request-log-entry.js';
import type { RequestLogMetrics } from './request-log-metrics.js';
import { Sampler } from './sampler.js';

interface Dependencies {
  readonly database: Pick<Database, 'transaction'>;
  readonly metrics: Pick<RequestLogMetrics, 'written' | 'dropped' | 'waiting'>;
  readonly log: { warn(context: object, message: string): void };
}

/** Bounds of the queue; tests make them small. */
interface RequestLogLimits {
  /** Entries that may wait; what comes on top of them is dropped. */
  readonly maxQueued: number;
  readonly batchSize: number;
  /** How long an entry waits for company. */
  readonly flushMs: number;
  /** Before the next try while the database is away. */
  readonly retryMs: number;
}

/** With bodies at their limit this is some 80 MB, with ordinary ones 10 MB. */
const LIMITS: RequestLogLimits = { maxQueued: 4_000, batchSize: 500, flushMs: 500, retryMs: 1_000 };
/** Refusals that come in floods. */
const SAMPLED: ReadonlySet<number> = new Set([401, 429]);
/** Refusals of somebody who has not proved to be anybody. */
const REFUSED_LOGINS: ReadonlySet<number> = new Set([401, 404, 429]);
/** How many different addresses of one stranger are worth an entry at the same time. */
const KEYS_OF_A_STRANGER = 8;

/**
 * Writes the request log beside the requests, never in their way: an exchange is put into a bounded queue, and one
 * writer stores what has come together. A crash loses the last moment of the log and nothing else.
 */
export class RequestLog implements RequestLogSink {
  readonly #deps: Dependencies;
  readonly #limits: RequestLogLimits;
  readonly #sampler = new Sampler();
  /** Not yet redacted: only until the answers of this turn of the event loop have left. */
  #fresh: LoggedExchange[] = [];
  #queue: NewRequestLogEntry[] = [];
  #digesting: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #isStopping = false;

  constructor(deps: Dependencies, limits: Partial<RequestLogLimits> = {}) {
    this.#deps = deps;
    this.#limits = { ...LIMITS, ...limits };
  }

  record(exchange: LoggedExchange): void {
    if (!this.#isWorthAnEntry(exchange)) return;
    if (this.#fresh.length + this.#queue.length >= this.#limits.maxQueued)
      return this.#deps.metrics.dropped('queue_full', 1);
    this.#fresh.push(exchange);
    this.#digesting ??= setImmediate(() => this.#digest());
  }

  /** Writes what is waiting; what the database does not take now is lost. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearImmediate(this.#digesting);
    this.#digest();
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  /** Without a directory only a refused login is of interest, from wherever it comes. */
  #isWorthAnEntry({ request, response, directory }: LoggedExchange): boolean {
    const { status } = response;
    if (directory !== undefined)
      return !SAMPLED.has(status) || this.#sampler.take(`${request.externalKey} ${status}`);
    return REFUSED_LOGINS.has(status) && this.#sampler.take(strangerKey(request, status));
  }

  #digest(): void {
    this.#digesting = undefined;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const exchange of fresh) this.#queue.push(toEntry(exchange));
    this.#deps.metrics.waiting(this.#queue.length);
    this.#plan();
  }

  #plan(): void {
    if (this.#isStopping || this.#queue.length === 0 || this.#writing !== undefined) return;
    if (this.#queue.length >= this.#limits.batchSize) return this.#start();
    this.#timer ??= setTimeout(() => this.#start(), this.#limits.flushMs).unref();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      this.#plan();
    });
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#limits.batchSize);
      const isOver = await this.#store(batch);
      if (isOver) {
        this.#queue.splice(0, batch.length);
        this.#deps.metrics.waiting(this.#queue.length);
      } else {
        await new Promise((resolve) => setTimeout(resolve, this.#limits.retryMs));
      }
    }
  }

  /** False when the batch has to be tried again. */
  async #store(batch: readonly NewRequestLogEntry[]): Promise<boolean> {
    try {
      await insertAll(this.#deps.database, batch);
      this.#deps.metrics.written(batch.length);
      return true;
    } catch (error) {
      if (error instanceof RetryableError && !this.#isStopping) return false;
      this.#deps.metrics.dropped('refused_by_database', batch.length);
      this.#deps.log.warn(
        { reason: (error as Error).message, entries: batch.length },
        'request log entries lost',
      );
      return true;
    }
  }
}

/** Somebody who tries one key after the other must not fill the log. */
function strangerKey({ peer = '', externalKey }: LoggedExchange['request'], status: number): string {
  let sum = 0;
  for (const character of externalKey.slice(0, 64)) sum += character.charCodeAt(0);
  return `${peer} ${sum % KEYS_OF_A_STRANGER} ${status}`;
}

/** Nobody waits for the disk because of the log, neither here nor in the writers that share it. */
async function insertAll(
  database: Pick<Database, 'transaction'>,
  batch: readonly NewRequestLogEntry[],
): Promise<void> {
  const owned = batch.filter((entry) => entry.directory !== null);
  const logins = batch.filter((entry) => entry.directory === null);
  await database.transaction(async (tx) => {
    if (owned.length > 0) await tx.query(insertEntries(owned));
    if (logins.length > 0) await tx.query(insertLogins(logins));
  }, 'SET LOCAL synchronous_commit = off');
}
