import type { Client, Notification } from 'pg';
import type { StreamKey } from './dirty-finder.js';
import type { Log } from './log.js';

/** Who is told. */
export interface WakeUpListener {
  wake(environmentId: string, streamId: string): void;
  /** Notifications may have been lost: look everywhere. */
  wakeAll(): void;
}

/** What a wake-up works with. */
export interface WakeUpDependencies {
  /** A connection of its own, not from a pool: it listens for ever and must never be inside a transaction. */
  readonly createClient: () => Client;
  readonly log: Log;
  /** Absent in a process that only announces. */
  readonly listener?: WakeUpListener;
}

const CHANNEL = 'rollcall_events';
/** NOTIFY takes a lock of the whole cluster, so it is sent once for everything that happened meanwhile. */
const GAP_MS = 20;
/** PostgreSQL refuses a payload of 8 000 bytes. */
const MAX_PAYLOAD = 7_800;
const RECONNECT_MS = [100, 500, 2_000, 5_000];

/**
 * Tells the dispatchers of all processes that streams have grown: this process at once, the others by one NOTIFY for
 * everything within 20 ms. Nothing depends on it, sweeps find what was lost.
 */
export class WakeUp {
  readonly #deps: WakeUpDependencies;
  readonly #pending = new Map<string, StreamKey>();
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isRunning = false;
  #sentAt = 0;

  constructor(deps: WakeUpDependencies) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    await this.#connect();
  }

  /** To be called after the commit that made the stream grow; never waits. */
  announce(environmentId: string, streamId: string): void {
    this.#deps.listener?.wake(environmentId, streamId);
    if (this.#client === undefined) return;
    this.#pending.set(`${environmentId}/${streamId}`, { environmentId, streamId });
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = this.#deps.createClient();
    let isOver = false;
    const lost = (error?: Error): void => {
      if (isOver) return;
      isOver = true;
      this.#reconnect(client, error);
    };
    client.on('error', lost);
    client.on('end', () => lost());
    client.on('notification', (notification) => this.#receive(client, notification));
    try {
      await client.connect();
      if (this.#deps.listener) await client.query(`LISTEN ${CHANNEL}`);
      if (!this.#isRunning) return await client.end();
      this.#client = client;
      this.#failures = 0;
      this.#deps.listener?.wakeAll();
    } catch (error) {
      lost(error as Error);
    }
  }

  #reconnect(client: Client, error?: Error): void {
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => undefined);
    if (!this.#isRunning) return;
    const wait = RECONNECT_MS[Math.min(this.#failures++, RECONNECT_MS.length - 1)];
    this.#deps.log.warn({ err: error, wait }, 'webhook wake-up connection lost');
    this.#retryTimer = setTimeout(() => void this.#connect(), wait);
  }

  #schedule(): void {
    const wait = Math.max(this.#sentAt + GAP_MS - performance.now(), 0);
    this.#timer ??= setTimeout(() => void this.#send(), wait);
  }

  /** One at a time: what comes up meanwhile goes with the next. */
  async #send(): Promise<void> {
    this.#sentAt = performance.now();
    const streams = [...this.#pending.values()].map((key) => [key.environmentId, key.streamId]);
    this.#pending.clear();
    const list = JSON.stringify(streams);
    // Too many to name them: the others look everywhere.
    const payload = list.length > MAX_PAYLOAD ? '[]' : list;
    try {
      await this.#client?.query({ text: 'SELECT pg_notify($1, $2)', values: [CHANNEL, payload] });
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'webhook wake-up not sent, the next sweep finds it');
    }
    this.#timer = undefined;
    if (this.#isRunning && this.#pending.size > 0) this.#schedule();
  }

  /** What we sent ourselves comes back too, and was heard before. */
  #receive(client: Client, { processId, payload }: Notification): void {
    if (processId === (client as Client & { processID?: number }).processID) return;
    const streams = parseStreams(payload ?? '');
    if (streams === undefined) return;
    if (streams.length === 0) this.#deps.listener?.wakeAll();
    for (const { environmentId, streamId } of streams) this.#deps.listener?.wake(environmentId, streamId);
  }
}

/** Undefined for anything that is not a list of pairs: anybody with access to the database can notify. */
function parseStreams(payload: string): StreamKey[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((pair: unknown) =>
    Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string'
      ? [{ environmentId: pair[0], streamId: pair[1] }]
      : [],
  );
}
