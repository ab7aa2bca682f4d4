import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { AddressGuard } from '#outbound';
import type { SourceLog } from '../ports.js';
import { SourceError } from '../source-error.js';
import { Authorization, type Credential } from './authorization.js';
import { judgeAnswer, statusError } from './judge-answer.js';
import { Pacer } from './pacer.js';
import { parseAnswer, readText, withIdleLimit } from './read-body.js';
import { requestUrl, type Origins } from './request-url.js';
import { backOffMs, MAX_WAIT_MS } from './retry-after.js';
import { createSender, type Incoming, type Sender } from './send.js';
import type {
  JsonAnswer,
  SourceAnswer,
  SourceHttp,
  SourceHttpOptions,
  SourceRequest,
  Verdict,
} from './source-http.js';
import { transportFailure } from './transport-error.js';

const FIRST_BYTE_MS = 120_000;
const IDLE_MS = 60_000;
const MAX_BYTES = 200_000_000;
const TRIES = 8;

/** What the client is made of; tests replace time and chance. */
export interface SourceHttpPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: SourceLog;
  readonly guard: AddressGuard;
  /** The operator's word on where vendors are asked. */
  readonly origins?: Origins;
  /** Rejects when the run ends. */
  readonly sleep?: (ms: number) => Promise<void>;
  readonly random?: () => number;
  /** How often a request is sent before its failure counts. A connection test wants an answer sooner. */
  readonly tries?: number;
  /** Largest answer that is read into memory, decompressed. */
  readonly maxBytes?: number;
  /** Longest silence inside a body. */
  readonly idleMs?: number;
}

/** The HTTP client of one source. It opens nothing yet; its connections end with the run's signal. */
export function createSourceHttp(options: SourceHttpOptions, ports: SourceHttpPorts): SourceHttp {
  return new HttpClient(options, ports);
}

/** What one try came to. `rejected`: a 401, whose credential may be renewed. */
type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'rejected'; readonly error: SourceError }
  | { readonly kind: 'retry'; readonly error: SourceError; readonly afterMs?: number };

/** Makes an answer out of what comes in; `text` is empty where the body is left to be streamed. */
type Finish<T> = (incoming: Incoming) => Promise<{ readonly answer: SourceAnswer; readonly value: T }>;

class HttpClient implements SourceHttp {
  readonly #options: SourceHttpOptions;
  readonly #ports: SourceHttpPorts;
  readonly #send: Sender;
  readonly #pacer: Pacer;
  readonly #authorization: Authorization | undefined;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(options: SourceHttpOptions, ports: SourceHttpPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#sleep = ports.sleep ?? ((ms) => delay(ms, undefined, { signal: ports.signal }));
    this.#pacer = new Pacer(options.limits, { clock: ports.clock, sleep: this.#sleep });
    this.#authorization = options.authorize && new Authorization(options.authorize);
    this.#send = createSender({
      guard: ports.guard,
      signal: ports.signal,
      firstByteMs: options.firstByteMs ?? FIRST_BYTE_MS,
      connections: options.limits.concurrency,
      ca: options.ca,
    });
  }

  async json(request: SourceRequest): Promise<JsonAnswer> {
    const answer = await this.text({
      ...request,
      headers: { accept: 'application/json', ...request.headers },
    });
    const isFailure = answer.status < 200 || answer.status >= 300;
    try {
      const contentType = headerOf(answer, 'content-type');
      const host = new URL(answer.url).host;
      return {
        ...answer,
        body: parseAnswer({ text: answer.text, contentType, host }, request.bigNumbers ?? false),
      };
    } catch (error) {
      // An accepted failure says enough by its status.
      if (isFailure) return { ...answer, body: null };
      throw error;
    }
  }

  text(request: SourceRequest): Promise<SourceAnswer> {
    return this.#ask(request, async (incoming) => {
      const answer = await this.#readWhole(incoming);
      return { answer, value: answer };
    });
  }

  stream(
    request: SourceRequest,
  ): Promise<{ readonly answer: Omit<SourceAnswer, 'text'>; readonly body: Readable }> {
    return this.#ask(request, async (incoming) => {
      const { head } = incoming;
      const isBody = head.status >= 200 && head.status < 300;
      const answer = isBody ? { ...head, text: '' } : await this.#readWhole(incoming);
      const body = isBody ? Readable.from(this.#flow(incoming)) : Readable.from([answer.text]);
      return { answer, value: { answer: head, body } };
    });
  }

  /** Tries until there is an answer, or a failure that another try would not mend. */
  async #ask<T>(request: SourceRequest, finish: Finish<T>): Promise<T> {
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      this.#ports.signal.throwIfAborted();
      // Before the pacer's turn: a token request of the same source must not wait behind the request that needs it.
      const credential = await this.#credential(request);
      const outcome = await this.#pacer.run(() => this.#try(request, credential, finish));
      if (outcome.kind === 'done') return outcome.value;
      if (outcome.kind === 'rejected') {
        if (renewed || credential === undefined) throw outcome.error;
        renewed = true;
        await this.#authorization?.renew(credential);
      } else await this.#wait(outcome, attempt);
    }
  }

  async #credential(request: SourceRequest): Promise<Credential | undefined> {
    return request.authorized === false ? undefined : this.#authorization?.current();
  }

  async #try<T>(
    request: SourceRequest,
    credential: Credential | undefined,
    finish: Finish<T>,
  ): Promise<Outcome<T>> {
    const url = requestUrl({ ...this.#options, origins: this.#ports.origins }, request);
    const headers = { ...request.headers, ...credential?.headers };
    const { method, json, form, text } = request;
    this.#ports.signal.throwIfAborted();
    try {
      const incoming = await this.#send({ url, headers, method, json, form, text });
      return this.#judge(await finish(incoming), request);
    } catch (cause) {
      this.#ports.signal.throwIfAborted();
      const { error, retryable } = transportFailure(cause, url.host);
      if (!retryable) throw error;
      return { kind: 'retry', error };
    }
  }

  #judge<T>(finished: Awaited<ReturnType<Finish<T>>>, request: SourceRequest): Outcome<T> {
    const { answer, value } = finished;
    const verdict = this.#options.judge?.(answer) ?? this.#usual(answer, request);
    if (verdict === 'rejected') return { kind: 'rejected', error: statusError(answer) };
    if (verdict.kind === 'fail') throw verdict.error;
    if (verdict.kind === 'retry')
      return { kind: 'retry', error: verdict.error ?? statusError(answer), afterMs: verdict.afterMs };
    if (verdict.pauseMs !== undefined) this.#pacer.pause(verdict.pauseMs);
    return { kind: 'done', value };
  }

  #usual(answer: SourceAnswer, request: SourceRequest): Verdict | 'rejected' {
    const accept = request.accept ?? [];
    if (answer.status === 401 && !accept.includes(401)) return 'rejected';
    return judgeAnswer(answer, { accept, now: this.#ports.clock.now() });
  }

  async #wait(outcome: Extract<Outcome<never>, { kind: 'retry' }>, attempt: number): Promise<void> {
    const { error, afterMs } = outcome;
    if (attempt >= (this.#ports.tries ?? TRIES)) throw error;
    if (afterMs !== undefined && afterMs > MAX_WAIT_MS) throw tooLong(error, afterMs);
    const isTold = afterMs !== undefined && afterMs > 0;
    const waitMs = isTold ? afterMs : backOffMs(attempt, this.#ports.random ?? Math.random);
    const facts = { ...error.facts, attempt, waitMs };
    // A limit that was met is daily business; what ends or delays the run says so itself.
    this.#ports.log[isTold ? 'debug' : 'info'](facts, 'source request is tried again');
    if (isTold) this.#pacer.pause(waitMs);
    else await this.#sleep(waitMs);
  }

  async #readWhole({ head, body }: Incoming): Promise<SourceAnswer> {
    const contentType = headerOf(head, 'content-type');
    const maxBytes = this.#ports.maxBytes ?? MAX_BYTES;
    const chunks = withIdleLimit(body, this.#ports.idleMs ?? IDLE_MS);
    return { ...head, text: await readText(chunks, { maxBytes, contentType }) };
  }

  async *#flow({ head, body }: Incoming): AsyncGenerator<Buffer> {
    try {
      yield* withIdleLimit(body, this.#ports.idleMs ?? IDLE_MS);
    } catch (cause) {
      this.#ports.signal.throwIfAborted();
      throw transportFailure(cause, new URL(head.url).host).error;
    }
  }
}

function tooLong(error: SourceError, afterMs: number): SourceError {
  const minutes = Math.ceil(afterMs / 60_000);
  return new SourceError(
    'rate_limited',
    `The source asks to wait for ${minutes} minutes. Reading stops here.`,
    {
      facts: { ...error.facts, retry_after_ms: afterMs },
    },
  );
}

function headerOf(answer: Pick<SourceAnswer, 'headers'>, name: string): string {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : '';
}
