import { randomBytes } from 'node:crypto';
import { newId, SecretBox, systemClock, type Clock, type Database } from '#kernel';
import { eventBody, type EventType } from '#model';
import {
  createOutbound,
  Dispatcher,
  WebhookEndpoints,
  type DispatcherDependencies,
  type DispatcherOptions,
  type Log,
  type NewWebhookEndpoint,
  type Outbound,
  type WebhookEndpoint,
} from '../src/index.js';

/** An event as it was put into the log. */
export interface StoredEvent {
  readonly id: string;
  readonly streamId: string;
  readonly sequence: number;
  readonly body: string;
}

/** One environment with its endpoints, a log to append to, and any number of dispatchers. */
export class DispatchWorld {
  readonly environmentId = newId('environment');
  readonly endpoints: WebhookEndpoints;
  readonly outbound: Outbound;
  readonly secretBox = new SecretBox(`test:${randomBytes(32).toString('base64')}`);
  readonly disabled: string[] = [];
  readonly warnings: unknown[] = [];
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #dispatchers: Dispatcher[] = [];

  constructor(database: Database, clock: Clock = systemClock, outbound?: Outbound) {
    this.#database = database;
    this.#clock = clock;
    this.outbound = outbound ?? createOutbound({ allow: '127.0.0.0/8, ::1/128', timeoutMs: 2_000 });
    const { secretBox } = this;
    this.endpoints = new WebhookEndpoints({ database, secretBox, clock, outbound: this.outbound });
  }

  async create(): Promise<this> {
    await this.sql('INSERT INTO environments (id, name) VALUES ($1, $1)', [this.environmentId]);
    return this;
  }

  async sql(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#database.query({ text, values });
  }

  async endpoint(endpointUrl: string, more: Partial<NewWebhookEndpoint> = {}): Promise<WebhookEndpoint> {
    return this.endpoints.create(this.environmentId, {
      endpointUrl,
      events: ['dsync.user.created', 'dsync.user.updated'],
      ...more,
    });
  }

  /** Appends like the store does: numbers from the stream's counter and the rows in one statement. */
  async append(
    streamId: string,
    count: number,
    options: { readonly type?: EventType; readonly padding?: number } = {},
  ): Promise<StoredEvent[]> {
    const { type = 'dsync.user.created', padding = 0 } = options;
    const [row] = await this.sql(
      'SELECT sequence FROM streams WHERE environment_id = $1 AND stream_id = $2',
      [this.environmentId, streamId],
    );
    const from = Number(row?.['sequence'] ?? 0);
    const events = Array.from({ length: count }, (_, index) =>
      this.#event(streamId, from + index + 1, { type, padding }),
    );
    await this.sql(
      `WITH stream AS (
        INSERT INTO streams (environment_id, stream_id, sequence) VALUES ($1, $2, $3)
        ON CONFLICT (environment_id, stream_id) DO UPDATE SET sequence = excluded.sequence)
      INSERT INTO events (environment_id, stream_id, sequence, id, type, body, epoch, created_at)
      SELECT $1, $2, e.sequence, e.id, $4, e.body, 1, now()
      FROM unnest($5::bigint[], $6::text[], $7::text[]) AS e (sequence, id, body)`,
      [
        this.environmentId,
        streamId,
        from + count,
        type,
        events.map((event) => event.sequence),
        events.map((event) => event.id),
        events.map((event) => event.body),
      ],
    );
    return events;
  }

  dispatcher(options: DispatcherOptions = {}, more: Partial<DispatcherDependencies> = {}): Dispatcher {
    const dispatcher = new Dispatcher({
      database: this.#database,
      secretBox: this.secretBox,
      clock: this.#clock,
      outbound: this.outbound,
      log: this.#log(),
      notices: {
        onDisabled: (endpoint, reason, disable) =>
          this.#database.transaction(async (tx) => {
            if (await disable(tx)) this.disabled.push(`${endpoint.id} ${reason}`);
          }),
      },
      options: { sweepMs: 200, ...options },
      ...more,
    });
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  async close(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.stop()));
    await this.outbound.close();
  }

  #event(
    streamId: string,
    sequence: number,
    { type, padding }: { readonly type: EventType; readonly padding: number },
  ): StoredEvent {
    const id = newId('event');
    const data = { name: 'Zoë', sequence, padding: 'x'.repeat(padding) };
    const directoryId = streamId === this.environmentId ? null : streamId;
    const body = eventBody({ id, type, data, directoryId, sequence, createdAt: '2026-11-23T22:00:00.000Z' });
    return { id, streamId, sequence, body };
  }

  #log(): Log {
    const keep = (context: object, message: string): void => void this.warnings.push({ message, ...context });
    return { info: () => undefined, warn: keep, error: keep };
  }
}

/** Waits until something holds, at most `timeoutMs`. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`did not happen within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
