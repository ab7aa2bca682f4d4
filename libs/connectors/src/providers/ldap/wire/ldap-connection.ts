import type { Duplex } from 'node:stream';
import { UnbindRequest, type Message } from 'ldapts';
import { SourceError } from '../../../sdk/source-error.js';
import {
  readAnswer,
  type Intermediate,
  type LdapAnswer,
  type LdapEntry,
  type LdapResult,
  type ResultOf,
} from './answer.js';
import { malformed, messageEnd } from './ber.js';
import { failure } from './result-errors.js';

/** Entries of a search, what was said in between, and how it ended. */
export interface Exchange {
  readonly entries: readonly LdapEntry[];
  /** Addresses of other servers that have a part of what was searched. */
  readonly references: readonly string[];
  readonly intermediates: readonly Intermediate[];
  readonly result: LdapResult;
}

interface Pending {
  readonly id: number;
  readonly of: ResultOf;
  readonly entries: LdapEntry[];
  readonly references: string[];
  readonly intermediates: Intermediate[];
  /** Bytes that came in answer to it. */
  bytes: number;
  readonly resolve: (exchange: Exchange) => void;
  readonly reject: (error: Error) => void;
}

/** A server that does not page, or pretends to, may send everything at once; no directory that is read has more. */
const MAX_ANSWER = 512 * 1024 * 1024;
/** How long a server may take to let a connection end. */
const GOODBYE_MS = 2_000;

/**
 * One LDAP connection with one operation at a time. Whatever ends it before the operation's result has come is an error
 * of that operation: nothing ends silently.
 */
export class LdapConnection {
  readonly #socket: Duplex;
  readonly #host: string;
  readonly #idleMs: number;
  readonly #maxAnswer: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #wanted = 0;
  #lastId = 0;
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  /** `idleMs`: how long the server may be silent during an operation; `maxAnswer`: bytes of one answer. */
  constructor(
    socket: Duplex,
    options: { readonly host: string; readonly idleMs: number; readonly maxAnswer?: number },
  ) {
    this.#socket = socket;
    this.#host = options.host;
    this.#idleMs = options.idleMs;
    this.#maxAnswer = options.maxAnswer ?? MAX_ANSWER;
    socket.on('data', this.#onData).on('error', this.#onError).on('close', this.#onClose);
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Sends a request and waits for its result, whatever its code. @throws SourceError when no result comes */
  exchange(of: ResultOf, request: (messageId: number) => Message): Promise<Exchange> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending !== undefined) return Promise.reject(new Error('The connection is in use'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending = { id, of, entries: [], references: [], intermediates: [], bytes: 0, resolve, reject };
      this.#watch();
      this.#socket.write(request(id).write());
    });
  }

  /** Gives the socket back, for TLS to be started on it. @throws SourceError when the server has already said more */
  release(): Duplex {
    if (this.#buffered > 0) {
      const error = new SourceError('tls_failed', 'The server went on in the clear after StartTLS.');
      this.#fail(error);
      throw error;
    }
    this.#socket.off('data', this.#onData).off('error', this.#onError).off('close', this.#onClose);
    return this.#socket;
  }

  /** Says goodbye and closes; what still comes is not read. */
  close(): void {
    const socket = this.#socket;
    if (this.isOpen) {
      socket.off('data', this.#onData).resume();
      const timer = setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
      socket.once('close', () => clearTimeout(timer));
      socket.end(new UnbindRequest({ messageId: ++this.#lastId }).write(), () => socket.destroy());
    }
    this.#fail(this.#broken('was closed'));
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#pending !== undefined) this.#watch();
    try {
      this.#count(chunk);
      for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) this.#take(readAnswer(bytes));
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  /** @throws SourceError for an answer that would fill the memory */
  #count({ length }: Buffer): void {
    if (this.#pending === undefined) return;
    this.#pending.bytes += length;
    if (this.#pending.bytes > this.#maxAnswer)
      throw new SourceError(
        'incomplete_listing',
        `${this.#host} sent more than ${Math.floor(this.#maxAnswer / 1_048_576)} MiB in answer to one request; ask for fewer entries per page, or for narrower bases or filters.`,
      );
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#fail(this.#broken(`broke the connection off (${error.code ?? 'unknown'})`));
  };

  readonly #onClose = (): void => {
    this.#fail(this.#broken('closed the connection'));
  };

  /** The next whole message. Chunks are put together only when enough of them are there. */
  #next(): Buffer | undefined {
    if (this.#buffered === 0 || this.#buffered < this.#wanted) return undefined;
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    const end = messageEnd(bytes);
    const isWhole = end !== undefined && end <= bytes.length;
    const rest = isWhole ? bytes.subarray(end) : bytes;
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
    this.#wanted = isWhole ? 0 : (end ?? 0);
    return isWhole ? bytes.subarray(0, end) : undefined;
  }

  #take(answer: LdapAnswer): void {
    if (answer.id === 0 && answer.kind === 'result') throw failure(answer.result);
    const pending = this.#pending;
    if (pending?.id !== answer.id) throw malformed('an answer that nobody waits for');
    if (answer.kind === 'entry') pending.entries.push(answer.entry);
    if (answer.kind === 'reference') pending.references.push(...answer.urls);
    if (answer.kind === 'intermediate') pending.intermediates.push(answer.intermediate);
    if (answer.kind !== 'result') return;
    if (answer.of !== pending.of) throw malformed('the result of another operation');
    this.#settle();
    const { entries, references, intermediates } = pending;
    pending.resolve({ entries, references, intermediates, result: answer.result });
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(this.#broken('did not answer in time')), this.#idleMs);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#pending = undefined;
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const pending = this.#pending;
    this.#settle();
    if (!this.#socket.writableEnded) this.#socket.destroy();
    pending?.reject(error);
  }

  #broken(what: string): SourceError {
    return new SourceError('source_unavailable', `${this.#host} ${what}.`);
  }
}
