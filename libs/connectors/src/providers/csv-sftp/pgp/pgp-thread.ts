import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker, type ResourceLimits } from 'node:worker_threads';
import { SourceError } from '../../../sdk/source-error.js';
import type { Opened, PgpFile } from './open-pgp-file.js';
import type { PgpAnswer, PgpTask } from './pgp-worker.js';
import type { PgpSettings } from './settings.js';

/** What opens files with PGP for one run. */
export interface PgpThread {
  /**
   * Decrypts and verifies a file into another one beside it.
   * @throws SourceError that says what is wrong with it; `source_unavailable` when the thread ended, which says nothing
   *   about the file
   */
  open(file: PgpFile, now: Date): Promise<Opened>;
  /** Ends the thread, whatever it does. */
  close(): Promise<void>;
}

interface Starting {
  readonly settings: PgpSettings;
  /** Ends the thread, in the middle of a file as well. */
  readonly signal: AbortSignal;
  readonly limits?: ResourceLimits;
  readonly start?: (settings: PgpSettings, limits: ResourceLimits) => Worker;
}

const MIB = 1_048_576;
/** Of text and objects; the bytes of a file, which the limits of files bound, come on top. */
const LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 256 };
/** A thread that has held so much gives it back by ending. */
const HEAVY = 4 * MIB;

/**
 * Starts a thread that opens files: what it computes for seconds would keep everything else in this process waiting.
 * @throws SourceError `config_error` for a library that is not there, and for keys that cannot be used
 */
export async function startPgp(starting: Starting): Promise<PgpThread> {
  const thread = new Thread(starting);
  try {
    await thread.ask({ kind: 'check-keys' }, 'The PGP keys');
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    open: (file, now) => inTurn(() => thread.open(file, now)),
    close: () => thread.close(),
  };
}

let last: Promise<unknown> = Promise.resolve();

/** One file after the other, or their memory would add up. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}

class Thread {
  readonly #starting: Starting;
  #running: { readonly worker: Worker; readonly ended: Promise<never> } | undefined;

  constructor(starting: Starting) {
    this.#starting = starting;
  }

  async open(file: PgpFile, now: Date): Promise<Opened> {
    const answer = await this.ask({ kind: 'open', file, now }, file.name);
    if (answer.kind !== 'opened') throw new Error(`Unexpected answer "${answer.kind}" of the PGP thread`);
    if ((await stat(answer.opened.path)).size > HEAVY) await this.close();
    return answer.opened;
  }

  async ask(task: PgpTask, what: string): Promise<PgpAnswer> {
    const { signal } = this.#starting;
    signal.throwIfAborted();
    const { worker, ended } = (this.#running ??= this.#start());
    const stop = (): void => void worker.terminate();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const answering = once(worker, 'message');
      worker.postMessage(task, []);
      const [answer] = (await Promise.race([answering, ended])) as [PgpAnswer];
      if (answer.kind === 'refused') throw new SourceError(answer.code, answer.message);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof SourceError ? error : endedEarly(error, what);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.worker.terminate();
  }

  #start(): { readonly worker: Worker; readonly ended: Promise<never> } {
    const { settings, limits = LIMITS, start = startWorker } = this.#starting;
    const worker = start(settings, limits);
    const ended = new Promise<never>((_, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`It ended with code ${code}`)));
    });
    // Nobody waits for it between two files; the next one finds it.
    ended.catch(() => undefined);
    return { worker, ended };
  }
}

/** It reads what strangers send, so it sees nothing of the environment. */
function startWorker(settings: PgpSettings, resourceLimits: ResourceLimits): Worker {
  // Beside this file and of its kind: .js in the service, .ts in tests.
  const url = new URL(`pgp-worker${extname(import.meta.url)}`, import.meta.url);
  return new Worker(url, { workerData: settings, resourceLimits, env: {}, execArgv: [] });
}

function endedEarly(cause: unknown, what: string): SourceError {
  if ((cause as { readonly code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new SourceError(
      'incomplete_listing',
      `${what} took more memory to open than a file may; compress it with gzip before PGP (.csv.gz.pgp), or send delta files. The last state stays.`,
      { cause },
    );
  return new SourceError(
    'source_unavailable',
    `${what} could not be opened to the end: what decrypts it was stopped. It is tried again.`,
    { cause },
  );
}
