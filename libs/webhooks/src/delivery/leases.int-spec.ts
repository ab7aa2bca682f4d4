import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database, type Clock, type Statement } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld, until } from '../../test-support/dispatch-world.js';
import { openSink, type Sink } from '../../test-support/sink.js';

const A = 'directory_a';
const DAY_MS = 86_400_000;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class FakeClock implements Clock {
  at = Date.now();

  now(): Date {
    return new Date(this.at);
  }
}

describe('Dispatchers', () => {
  let test: TestDatabase;
  let world: DispatchWorld;
  let sink: Sink;
  const clock = new FakeClock();

  beforeAll(async () => {
    test = await createTestDatabase({ poolSize: 20 });
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    clock.at = Date.now();
    world = await new DispatchWorld(test.database, clock).create();
    sink = await openSink();
  });
  afterEach(async () => {
    await world.close();
    await sink.close();
    await test.asOwner('TRUNCATE environments, webhook_attempts CASCADE');
  });

  it('share the endpoints and send nothing twice', async () => {
    for (let i = 0; i < 40; i++) await world.endpoint(`${sink.url}/${i}`, { concurrency: 2 });
    sink.answer = async () => {
      await wait(3);
      return 200;
    };
    const two = [world.dispatcher(), world.dispatcher()];
    for (const dispatcher of two) dispatcher.start();
    await wait(300);
    for (const stream of [A, 'directory_b']) await world.append(stream, 25);
    for (const dispatcher of two) dispatcher.wake(world.environmentId, A);
    let most = 0;
    await until(async () => {
      const held = two.map((dispatcher) => 512 - dispatcher.capacity());
      most = Math.max(most, Math.min(...held));
      return sink.accepted.length >= 2_000;
    }, 20_000);
    await Promise.all(two.map((dispatcher) => dispatcher.stop()));
    expect(most).toBeGreaterThanOrEqual(4);
    expect(sink.received).toHaveLength(2_000);
    expect(new Set(sink.received.map((received) => received.path + received.id)).size).toBe(2_000);
    expect(world.warnings).toEqual([]);
  });

  it('serve more endpoints than one may hold', async () => {
    for (let i = 0; i < 30; i++) await world.endpoint(`${sink.url}/${i}`);
    await world.append(A, 3);
    world.dispatcher({ maxEndpoints: 4 }).start();
    await until(() => sink.accepted.length >= 90);
    expect(new Set(sink.received.map((received) => received.path)).size).toBe(30);
  });

  it('record nothing once another one has the lease', async () => {
    await world.endpoint(sink.url);
    await world.append(A, 10);
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    sink.answer = async () => {
      await answered;
      return 200;
    };
    const stale = world.dispatcher();
    stale.start();
    await until(() => sink.received.length === 8);
    await world.sql('UPDATE webhook_leases SET token = token + 1');
    answer?.();
    await until(() => world.warnings.length > 0);
    await stale.stop();
    expect(world.warnings).toMatchObject([{ message: expect.stringContaining('lease lost') }]);
    expect(await world.sql('SELECT FROM webhook_attempts')).toEqual([]);
    expect(await world.sql('SELECT FROM webhook_lanes')).toEqual([]);
    // The lease of the other one is still there: nobody else may send before it ends.
    expect(await world.sql('SELECT FROM webhook_leases WHERE lease_until > now()')).toHaveLength(1);
  });

  it('lose nothing and repeat only what was not recorded when one is killed between send and record', async () => {
    await world.endpoint(sink.url, { concurrency: 5 });
    const events = await world.append(A, 60);
    const dead = new KillableDatabase(test);
    const killed = world.dispatcher({}, { database: dead });
    sink.answer = () => {
      if (sink.received.length >= 20) dead.isDead = true;
      return 200;
    };
    killed.start();
    await until(() => dead.refused > 0);
    await wait(100);
    const [lane] = await world.sql('SELECT sequence FROM webhook_lanes');
    const recorded = Number(lane?.['sequence'] ?? 0);
    const before = new Set(sink.accepted);
    expect(recorded).toBeLessThan(before.size);
    await world.sql(`UPDATE webhook_leases SET lease_until = '-infinity'`);
    sink.answer = () => 200;
    world.dispatcher().start();
    await until(() => new Set(sink.accepted).size === 60);
    await wait(100);
    expect(new Set(sink.accepted)).toEqual(new Set(events.map((event) => event.id)));
    const again = sink.accepted.length - 60;
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(before.size - recorded);
  });

  it.each([false, true])(
    'write outcomes again when the database was away (after the commit: %p), without doubles',
    async (isLate) => {
      await world.endpoint(sink.url);
      const shaky = new KillableDatabase(test, isLate);
      const dispatcher = world.dispatcher({}, { database: shaky });
      dispatcher.start();
      await wait(50);
      const events = await world.append(A, 200);
      sink.answer = () => {
        if (sink.received.length === 100) {
          shaky.isDead = true;
          setTimeout(() => (shaky.isDead = false), 300);
        }
        return 200;
      };
      dispatcher.wake(world.environmentId, A);
      await until(() => sink.accepted.length === 200);
      await dispatcher.stop();
      expect(sink.received).toHaveLength(200);
      const rows = await world.sql('SELECT event_id FROM webhook_attempts');
      expect(rows).toHaveLength(200);
      expect(new Set(rows.map((row) => row['event_id']))).toEqual(new Set(events.map((event) => event.id)));
      expect(await world.sql('SELECT sequence FROM webhook_lanes')).toEqual([{ sequence: 200 }]);
    },
  );

  it('finish what is in flight when stopped, and give the leases back', async () => {
    await world.endpoint(sink.url, { concurrency: 4 });
    await world.append(A, 100);
    sink.answer = async () => {
      await wait(300);
      return 200;
    };
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await until(() => sink.received.length === 4);
    await dispatcher.stop();
    expect(sink.accepted).toHaveLength(4);
    expect(await world.sql('SELECT FROM webhook_attempts')).toHaveLength(4);
    expect(await world.sql('SELECT sequence FROM webhook_lanes')).toEqual([{ sequence: 4 }]);
    expect(await world.sql('SELECT FROM webhook_leases WHERE lease_until > now()')).toEqual([]);
  });

  it('disable an endpoint at once that says 410, with one notice', async () => {
    const { id } = await world.endpoint(sink.url, { concurrency: 4 });
    await world.append(A, 50);
    sink.answer = () => 410;
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await until(() => world.disabled.length > 0);
    await dispatcher.stop();
    expect(world.disabled).toEqual([`${id} gone`]);
    expect(sink.received.length).toBeLessThanOrEqual(8);
    const endpoint = await world.endpoints.get(world.environmentId, id);
    expect(endpoint).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
  });

  it('disable an endpoint after five days of failures, and a success starts the days anew', async () => {
    const { id } = await world.endpoint(sink.url);
    const dispatcher = world.dispatcher({ retryDelaysMs: [] });
    dispatcher.start();
    const send = async (status: number, days: number): Promise<void> => {
      clock.at += days * DAY_MS;
      sink.answer = () => status;
      const before = sink.received.length;
      await world.append(A, 1);
      dispatcher.wake(world.environmentId, A);
      await until(() => sink.received.length === before + 1);
      await wait(150);
    };
    await send(500, 0);
    await send(500, 4.9);
    await send(200, 1);
    await send(500, 1);
    await send(500, 4.9);
    expect(world.disabled).toEqual([]);
    await send(500, 0.2);
    expect(world.disabled).toEqual([`${id} failing`]);
  });

  it('remember over restarts since when an endpoint has failed', async () => {
    const { id } = await world.endpoint(sink.url);
    sink.answer = () => 500;
    for (const days of [0, 5.1]) {
      clock.at += days * DAY_MS;
      const dispatcher = world.dispatcher({ retryDelaysMs: [] });
      const attempts = (): Promise<unknown[]> => world.sql('SELECT FROM webhook_attempts');
      const before = (await attempts()).length;
      await world.append(A, 1);
      dispatcher.start();
      await until(async () => (await attempts()).length > before);
      await dispatcher.stop();
    }
    expect(world.disabled).toEqual([`${id} failing`]);
  });

  it('sign with old and new secret while a rotation overlaps', async () => {
    const { id } = await world.endpoint(sink.url);
    await world.endpoints.rotateSecret(world.environmentId, id, { overlapSeconds: 60 });
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await world.append(A, 1);
    dispatcher.wake(world.environmentId, A);
    await until(() => sink.received.length === 1);
    expect(String(sink.received[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    clock.at += 61_000;
    await world.append(A, 1);
    dispatcher.wake(world.environmentId, A);
    await until(() => sink.received.length === 2);
    expect(String(sink.received[1]?.headers['webhook-signature']).split(' ')).toHaveLength(1);
  });
});

/** A database that can go away: nothing it is asked happens, or (`isLate`) it happens and nobody hears of it. */
class KillableDatabase extends Database {
  isDead = false;
  refused = 0;

  readonly #isLate: boolean;

  constructor(test: TestDatabase, isLate = false) {
    super(test.pool);
    this.#isLate = isLate;
  }

  override async query<R extends Record<string, unknown>>(statement: Statement): Promise<R[]> {
    if (this.isDead) {
      this.refused++;
      if (this.#isLate) await super.query(statement);
      throw new Error('killed');
    }
    return super.query<R>(statement);
  }
}
