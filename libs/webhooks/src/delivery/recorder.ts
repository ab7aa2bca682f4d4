import { newId, type Database } from '#kernel';
import type { LanePosition } from './delivery-queue.js';
import type { AttemptRecord, EndpointSession } from './endpoint-session.js';
import type { Log } from './log.js';
import { recordBatch, type RecordBatch } from './record-sql.js';

const BATCH = 64;
const DELAY_MS = 50;
/** At high rates the groups grow instead of their number. */
const GAP_MS = 10;
const BACKOFF_MS = [100, 250, 500, 1_000, 2_000];

/** What the recorder tells about a batch. */
export interface RecorderListener {
  /** The outcomes are durable. */
  onRecorded(session: EndpointSession, records: readonly AttemptRecord[]): void;
  /** The lease was no longer ours; nothing was written. */
  onLost(session: EndpointSession): void;
}

interface Dependencies {
  readonly database: Database;
  readonly log: Log;
  readonly listener: RecorderListener;
}

/**
 * Writes outcomes in groups: as soon as there are 64, at the latest 50 ms after the first, one group at a time and not
 * more than a hundred groups per second. While a group is being written the next one grows, so neither the database
 * nor the round trips can hold the senders up.
 */
export class Recorder {
  readonly #deps: Dependencies;
  #records: AttemptRecord[] = [];
  #sessions = new Set<EndpointSession>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #isDraining = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  add(record: AttemptRecord): void {
    this.#records.push(record);
    this.touch(record.session);
    if (this.#records.length >= BATCH) this.#start();
  }

  /** Positions of this session have moved, if only over events that nobody wanted. */
  touch(session: EndpointSession): void {
    this.#sessions.add(session);
    this.#timer ??= setTimeout(() => this.#start(), DELAY_MS);
  }

  /** Writes everything that is waiting, trying for at most `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    this.#isDraining = true;
    while (this.#sessions.size > 0 || this.#running) {
      if (performance.now() > until) return;
      this.#start();
      await this.#running;
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    do {
      const began = performance.now();
      await this.#writeNext();
      const gap = began + GAP_MS - performance.now();
      if (gap > 0 && !this.#isDraining) await new Promise((resolve) => setTimeout(resolve, gap));
    } while (this.#records.length >= BATCH && !this.#isDraining);
    this.#running = undefined;
    if (this.#sessions.size > 0 && !this.#isDraining)
      this.#timer ??= setTimeout(() => this.#start(), DELAY_MS);
  }

  async #writeNext(): Promise<void> {
    const batch = this.#take();
    if (batch.sessions.length === 0) return;
    try {
      const rows = await this.#deps.database.query<{ endpoint_id: string }>(recordBatch(batch));
      this.#failures = 0;
      this.#confirm(batch, new Set(rows.map((row) => row.endpoint_id)));
    } catch (error) {
      this.#putBack(batch);
      const wait = BACKOFF_MS[Math.min(this.#failures++, BACKOFF_MS.length - 1)];
      this.#deps.log.warn({ err: error, outcomes: batch.records.length }, 'webhook outcomes not written yet');
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** Everything at once: a position must never be written without the outcomes that it moved over. */
  #take(): RecordBatch {
    const sessions = [...this.#sessions].filter((session) => session.state !== 'lost');
    const records = this.#records.filter((record) => record.session.state !== 'lost');
    const positions = new Map<EndpointSession, LanePosition[]>(
      sessions.map((session) => [session, session.queue.takePositions()]),
    );
    const failing = sessions.filter((session) => session.failures.takeChange());
    // All at once: making many ids within one millisecond costs a tenth of making each in its own.
    for (const record of records) record.id ??= newId('attempt');
    this.#records = [];
    this.#sessions = new Set();
    return { sessions, records, positions, failing, isRepeated: this.#failures > 0 };
  }

  #confirm(batch: RecordBatch, held: ReadonlySet<string>): void {
    const bySession = Map.groupBy(batch.records, (record) => record.session);
    for (const session of batch.sessions)
      if (held.has(session.id)) this.#deps.listener.onRecorded(session, bySession.get(session) ?? []);
      else this.#deps.listener.onLost(session);
  }

  #putBack(batch: RecordBatch): void {
    this.#records = [...batch.records, ...this.#records];
    for (const session of batch.failing) session.failures.returnChange();
    for (const session of batch.sessions) {
      session.queue.returnPositions(batch.positions.get(session) ?? []);
      this.#sessions.add(session);
    }
  }
}
