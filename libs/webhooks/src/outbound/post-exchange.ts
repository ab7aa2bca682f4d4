import type { Dispatcher } from 'undici';
import type { Expiring } from './deadlines.js';
import { DeadlineError, errorWord, type PostResult } from './post-result.js';

const KEPT_BYTES = 16_384;
const MAX_BYTES = 65_536;

/** Ends a response that has sent more than anybody wants to read; its status stands. */
class EnoughError extends Error {}

/** One request on its way: collects the answer, cuts what is too long or too slow, and reports exactly once. */
export class PostExchange implements Dispatcher.DispatchHandler, Expiring {
  isDone = false;
  readonly #startedAt: number;
  readonly #settle: (result: PostResult) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | null = null;
  #retryAfter: string | undefined;
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  constructor(startedAt: number, settle: (result: PostResult) => void) {
    this.#startedAt = startedAt;
    this.#settle = settle;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It may have waited for a connection longer than it was allowed to live.
    if (this.isDone) controller.abort(new DeadlineError());
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const value = headers['retry-after'];
    if (value !== undefined) this.#retryAfter = Array.isArray(value) ? value[0] : value;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#bytes < KEPT_BYTES) (this.#chunks ??= []).push(chunk.subarray(0, KEPT_BYTES - this.#bytes));
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BYTES) controller.abort(new EnoughError());
  }

  onResponseEnd(): void {
    this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish(error instanceof EnoughError ? null : errorWord(error));
  }

  /** Ends a request that never got as far as undici's own callbacks. */
  fail(error: unknown): void {
    this.#finish(errorWord(error));
  }

  expire(): void {
    if (this.isDone) return;
    this.#finish('timeout');
    this.#controller?.abort(new DeadlineError());
  }

  #finish(error: string | null): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#settle({
      status: this.#status,
      error,
      excerpt: this.#excerpt(),
      retryAfter: this.#retryAfter,
      durationMs: Math.round(performance.now() - this.#startedAt),
    });
  }

  /** Text that PostgreSQL can store, whatever the bytes were. */
  #excerpt(): string | null {
    if (this.#chunks === undefined) return null;
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    return bytes.toString('utf8').replaceAll('\u0000', '\ufffd');
  }
}
