import type { JsonValue } from '#kernel';
import type { RunRequest, Source, SourcePage, SourceStream } from '../sdk/contract.js';
import { SourceError } from '../sdk/source-error.js';
import { Interrupted, type RunControl } from './interrupted.js';
import type { Lease } from './lease-store.js';
import type { EngineLog } from './log.js';
import { classifyFailure, runError } from './run-errors.js';
import type { RunItem, RunStore } from './run-store.js';
import type { RunStaging } from './run-staging.js';
import { checkTotal, errorOf, incomplete, readStream, restarted } from './stream-reader.js';
import { newStream, type StreamProgress, type SyncRun } from './sync-run.js';

export interface FetchParts {
  readonly source: Source;
  readonly control: RunControl;
  readonly store: RunStore;
  readonly staging: RunStaging;
  readonly lease: Lease;
  /** Cursors of the last good runs. */
  readonly previous: ReadonlyMap<string, JsonValue>;
  readonly log: EngineLog;
}

/** Invalid records that a run tells one by one; more are only counted. */
const MAX_INVALID_ITEMS = 1_000;
const MAX_RESTARTS = 2;
/** Waits in a row, without a page between them, before what is missing is given up. */
export const MAX_WAITS = 5;

/**
 * Reads all streams of a run, each page staged before its checkpoint is stored: a run that is killed in between stages
 * the page once more, which is harmless, and never skips one. What is only held has no checkpoint: after a kill it is read again.
 */
export class Fetching {
  readonly #parts: FetchParts;
  #run: SyncRun;

  constructor(parts: FetchParts, run: SyncRun) {
    this.#parts = parts;
    const isBegun = run.streams.some(({ state, pages }) => state !== 'reading' || pages > 0);
    this.#run = isBegun ? run : { ...run, pages: 0, records: 0, invalid: 0 };
  }

  /** How far the run is, also when reading has thrown. */
  get run(): SyncRun {
    return this.#run;
  }

  /** Reads until every stream is complete or incomplete. @throws Interrupted, SourceError that ends or delays the run. */
  async readAll(): Promise<void> {
    let streams = this.#list();
    for (;;) {
      const open = this.#run.streams.find((progress) => progress.state === 'reading');
      const stream = streams.find((candidate) => candidate.id === open?.id);
      if (open === undefined || stream === undefined) return;
      await this.#read(stream, open);
      // A stream that begins again is another one: it is asked for without its cursor.
      if (this.#progressOf(stream).restarts > open.restarts) streams = this.#list();
    }
  }

  #list(): readonly SourceStream[] {
    const isReset = (id: string): boolean =>
      this.#run.streams.some((progress) => progress.id === id && progress.isReset);
    const mode: RunRequest['mode'] = this.#run.mode === 'incremental' ? 'incremental' : 'full';
    const known = mode === 'incremental' ? [...this.#parts.previous] : [];
    const cursors = new Map(known.filter(([id]) => !isReset(id)));
    const streams = this.#parts.source.streams({ mode, cursors, previous: this.#parts.previous });
    this.#run = { ...this.#run, streams: streams.map((stream) => this.#progressOf(stream)) };
    return streams;
  }

  #progressOf(stream: SourceStream): StreamProgress {
    const known = this.#run.streams.find((progress) => progress.id === stream.id);
    if (known === undefined) return newStream(stream.id, stream.covers);
    return known.state === 'complete' ? known : { ...known, covers: stream.covers };
  }

  async #read(stream: SourceStream, from: StreamProgress): Promise<void> {
    const { control } = this.#parts;
    try {
      const ended = await readStream(stream, from, {
        control,
        take: (page, progress, before) => this.#take(page, progress, before),
      });
      // The last page was stored with its end; a stream that was cut has no last page.
      if (this.#progressOf(stream).state === 'reading') await this.#save(ended);
    } catch (error) {
      await this.#fail(this.#progressOf(stream), control.translate(error));
    }
  }

  async #take(page: SourcePage, progress: StreamProgress, before: Promise<void>): Promise<void> {
    const { staging } = this.#parts;
    const staged = staging.take(page.records);
    // Both come to their end whatever becomes of the other: nothing of this run may be under way once it was left.
    for (const step of await Promise.allSettled([before, staged]))
      if (step.status === 'rejected') throw step.reason;
    const invalid = page.records.filter((record) => record.kind === 'invalid');
    const room = Math.max(MAX_INVALID_ITEMS - this.#run.invalid, 0);
    const items = invalid.slice(0, room).map<RunItem>((record) => ({
      kind: 'invalid',
      detail: { of: record.of, id: record.id, problem: clean(record.problem) },
    }));
    this.#run = {
      ...this.#run,
      pages: this.#run.pages + 1,
      records: this.#run.records + page.records.length,
      invalid: this.#run.invalid + invalid.length,
      attempts: 0,
      error: null,
    };
    await this.#save(checkTotal(progress), items);
  }

  async #save(progress: StreamProgress, items: readonly RunItem[] = []): Promise<void> {
    const { store, lease, staging } = this.#parts;
    const streams = this.#run.streams.map((stream) => (stream.id === progress.id ? progress : stream));
    this.#run = { ...this.#run, streams };
    if (staging.isSmall) return;
    // A checkpoint is stored after the records before it, never without them.
    const shown = staging.isHolding ? withoutProgress(this.#run) : this.#run;
    const { run, isCancelled } = await store.save(lease, shown, items);
    this.#run = { ...this.#run, revision: run.revision };
    if (isCancelled) throw new Interrupted('cancelled');
  }

  /** Ends the stream, or lets the failure end or delay the run. */
  async #fail(progress: StreamProgress, error: unknown): Promise<void> {
    if (error instanceof Interrupted && error.reason === 'deadline') return this.#giveUp();
    if (!(error instanceof SourceError)) throw error;
    const kind = classifyFailure(error);
    this.#parts.log.info({ stream: progress.id, code: error.code, ...error.facts }, error.message);
    if (kind === 'fatal') throw error;
    if (kind === 'wait' && this.#run.attempts < MAX_WAITS) throw error;
    if (kind === 'restart' && progress.restarts < MAX_RESTARTS) return this.#save(restarted(progress));
    await this.#save(incomplete(progress, errorOf(error)));
  }

  /** Time is up: what has been read is kept and proves nothing. */
  async #giveUp(): Promise<void> {
    const error = runError('run_deadline', 'The run took longer than it may; reading stopped.');
    for (const progress of this.#run.streams)
      if (progress.state === 'reading') await this.#save(incomplete(progress, error));
  }
}

/** Text of a source as it can be stored. */
function clean(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed().slice(0, 1_000);
}

/** Whoever looks sees how far it is; whoever goes on after a kill begins again. */
function withoutProgress(run: SyncRun): SyncRun {
  return { ...run, streams: run.streams.map(({ id, covers }) => newStream(id, covers)) };
}
