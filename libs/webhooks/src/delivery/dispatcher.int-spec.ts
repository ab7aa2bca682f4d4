import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { Webhook } from 'standardwebhooks';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld, until, type StoredEvent } from '../../test-support/dispatch-world.js';
import { openSink, type Sink } from '../../test-support/sink.js';
import { WebhookMetrics } from './webhook-metrics.js';

const A = 'directory_a';
const B = 'directory_b';

const idsOf = (events: readonly StoredEvent[]): string[] => events.map((event) => event.id);

describe('Dispatcher', () => {
  let test: TestDatabase;
  let world: DispatchWorld;
  let sink: Sink;

  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await new DispatchWorld(test.database).create();
    sink = await openSink();
  });
  afterEach(async () => {
    await world.close();
    await sink.close();
    await test.asOwner('TRUNCATE environments, webhook_attempts CASCADE');
  });

  const attempts = (): Promise<Record<string, unknown>[]> =>
    world.sql('SELECT event_id, attempt, outcome, http_status, error FROM webhook_attempts ORDER BY id');
  const positions = async (): Promise<unknown[]> =>
    (await world.sql('SELECT sequence FROM webhook_lanes ORDER BY stream_id')).map((row) => row['sequence']);

  it('sends every event once to every endpoint that subscribed to its type', async () => {
    await world.endpoint(`${sink.url}/one`);
    await world.endpoint(`${sink.url}/two`, { events: ['dsync.user.updated'] });
    const dispatcher = world.dispatcher();
    dispatcher.start();
    const created = await world.append(A, 100);
    const updated = await world.append(A, 10, { type: 'dsync.user.updated' });
    dispatcher.wake(world.environmentId, A);
    await until(() => sink.received.length >= 120);
    const ids = (path: string): Set<string> =>
      new Set(sink.received.filter((received) => received.path === path).map((received) => received.id));
    expect(ids('/one')).toEqual(new Set(idsOf([...created, ...updated])));
    expect(ids('/two')).toEqual(new Set(idsOf(updated)));
    const bodies = new Map([...created, ...updated].map((event) => [event.id, event.body]));
    for (const received of sink.received) expect(received.body).toBe(bodies.get(received.id));
    expect(sink.received).toHaveLength(120);
    expect(sink.mostInFlight).toBeLessThanOrEqual(16);
    await dispatcher.stop();
    expect(await positions()).toEqual([110, 110]);
    expect(await attempts()).toHaveLength(120);
    expect(await world.sql('SELECT FROM webhook_leases WHERE lease_until > now()')).toEqual([]);
    expect(world.warnings).toEqual([]);
  });

  it('starts where the log stood when the endpoint was created', async () => {
    await world.append(A, 5);
    await world.endpoint(sink.url);
    const later = [...(await world.append(A, 1)), ...(await world.append(B, 1))];
    world.dispatcher().start();
    await until(() => sink.received.length === 2);
    expect(new Set(sink.received.map((received) => received.id))).toEqual(new Set(idsOf(later)));
  });

  it('sends events of chosen directories and of the environment, and moves over the others', async () => {
    const mine = 'directory_01JDQ0000000000000000000AA';
    await world.endpoint(sink.url, {
      directoryIds: [mine],
      events: ['dsync.user.created', 'organization.created'],
    });
    await world.append(A, 3);
    const wanted = [
      ...(await world.append(mine, 2)),
      ...(await world.append(world.environmentId, 1, { type: 'organization.created' })),
    ];
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await until(async () => (await positions()).length === 3);
    await dispatcher.stop();
    expect(new Set(sink.received.map((received) => received.id))).toEqual(new Set(idsOf(wanted)));
    expect(new Set(await positions())).toEqual(new Set([1, 2, 3]));
  });

  it('signs every attempt afresh over the same body, and sends the custom headers', async () => {
    const { secret } = await world.endpoint(sink.url, { customHeaders: { Authorization: 'Bearer t' } });
    const answers = [500, 200];
    sink.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return answers.shift() ?? 200;
    };
    world.dispatcher({ retryDelaysMs: [1_100] }).start();
    await world.append(A, 1);
    await until(() => sink.accepted.length === 1);
    const [first, second] = sink.received;
    expect(first?.body).toBe(second?.body);
    expect(first?.id).toBe(second?.id);
    expect(first?.headers['webhook-signature']).not.toBe(second?.headers['webhook-signature']);
    for (const received of sink.received) {
      new Webhook(secret).verify(received.body, received.headers as Record<string, string>);
      expect(received.headers).toMatchObject({
        authorization: 'Bearer t',
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      });
    }
  });

  it('keeps to the cap of the endpoint over all of its lanes', async () => {
    await world.endpoint(sink.url, { concurrency: 3 });
    sink.answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return 200;
    };
    for (const stream of [A, B, 'directory_c', 'directory_d']) await world.append(stream, 20);
    world.dispatcher().start();
    await until(() => sink.accepted.length === 80);
    expect(sink.mostInFlight).toBe(3);
  });

  it('shows an ordered endpoint every directory in order, whatever fails', async () => {
    await world.endpoint(sink.url, { ordering: 'directory' });
    const accepted = new Map<string, number[]>();
    const seen = new Map<string, number>();
    const wrong: string[] = [];
    sink.answer = (received, _response, socket) => {
      const { directory_id: stream, sequence } = JSON.parse(received.body) as {
        directory_id: string;
        sequence: number;
      };
      if (sequence < (seen.get(stream) ?? 0)) wrong.push(`${stream} ${sequence}`);
      seen.set(stream, sequence);
      const luck = Math.random();
      if (luck < 0.1) return socket.resetAndDestroy();
      if (luck < 0.2) return 500;
      accepted.set(stream, [...(accepted.get(stream) ?? []), sequence]);
      return 200;
    };
    const dispatcher = world.dispatcher({ retryDelaysMs: Array.from({ length: 50 }, () => 5) });
    dispatcher.start();
    for (let i = 0; i < 3; i++) {
      await world.append(A, 20);
      await world.append(B, 20);
      dispatcher.wake(world.environmentId, A);
    }
    const lengths = (): (number | undefined)[] => [A, B].map((stream) => accepted.get(stream)?.length);
    await until(() => lengths().every((length) => length === 60), 25_000);
    expect(wrong).toEqual([]);
    const all = Array.from({ length: 60 }, (_, i) => i + 1);
    expect(accepted.get(A)).toEqual(all);
    expect(accepted.get(B)).toEqual(all);
    await dispatcher.stop();
    expect(await world.sql('SELECT FROM webhook_retries')).toEqual([]);
  });

  it('lets a failed event of an ordered lane block that lane only, until it is discarded', async () => {
    await world.endpoint(sink.url, { ordering: 'directory' });
    const [poison] = await world.append(A, 3);
    await world.append(B, 3);
    sink.answer = (received) => (received.id === poison?.id ? 500 : 200);
    const dispatcher = world.dispatcher({ retryDelaysMs: [400] });
    dispatcher.start();
    await until(() => sink.accepted.length === 3);
    const sent = sink.received.filter((received) => received.body.includes(`"directory_id":"${A}"`));
    expect(sent).toHaveLength(1);
    await until(() => sink.accepted.length === 5);
    await dispatcher.stop();
    expect((await attempts()).filter((row) => row['event_id'] === poison?.id)).toEqual([
      { event_id: poison?.id, attempt: 1, outcome: 'failed', http_status: 500, error: 'http_500' },
      { event_id: poison?.id, attempt: 2, outcome: 'discarded', http_status: 500, error: 'http_500' },
    ]);
  });

  it('lets other events of an unordered endpoint pass a failed one', async () => {
    await world.endpoint(sink.url);
    const [poison] = await world.append(A, 50);
    sink.answer = (received) => (received.id === poison?.id ? 503 : 200);
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await until(() => sink.accepted.length === 49);
    await dispatcher.stop();
    expect(await positions()).toEqual([50]);
    const [retry] = await world.sql(
      'SELECT sequence, attempts, extract(epoch FROM next_at - now())::float8 AS wait FROM webhook_retries',
    );
    expect(retry).toMatchObject({ sequence: 1, attempts: 1 });
    expect(retry?.['wait']).toBeGreaterThan(2);
    expect(retry?.['wait']).toBeLessThan(6);
  });

  it('waits as long as Retry-After says', async () => {
    await world.endpoint(sink.url);
    await world.append(A, 1);
    sink.answer = (_received, response) => void response.writeHead(429, { 'retry-after': '3600' }).end();
    const dispatcher = world.dispatcher();
    dispatcher.start();
    await until(() => sink.received.length === 1);
    await dispatcher.stop();
    const [retry] = await world.sql(
      'SELECT extract(epoch FROM next_at - now())::float8 AS wait FROM webhook_retries',
    );
    expect(retry?.['wait']).toBeGreaterThan(3_590);
    expect(retry?.['wait']).toBeLessThan(3_601);
  });

  it('sends again after the endpoint was enabled again', async () => {
    const { id } = await world.endpoint(sink.url);
    await world.endpoints.update(world.environmentId, id, { status: 'disabled' });
    await world.append(A, 3);
    world.dispatcher().start();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(sink.received).toEqual([]);
    await world.endpoints.update(world.environmentId, id, { status: 'enabled' });
    await until(() => sink.accepted.length === 3);
    expect(sink.received).toHaveLength(3);
  });

  describe('after retention has taken events that an endpoint had not got', () => {
    const expired =
      'an endpoint was behind for longer than events are kept: what has left the log is skipped';

    async function fallBehind(forget: string): Promise<Registry> {
      const { id } = await world.endpoint(sink.url, { ordering: 'directory' });
      await world.endpoints.update(world.environmentId, id, { status: 'disabled' });
      await world.append(A, 10);
      await test.asOwner(`DELETE FROM events ${forget}`);
      await world.endpoints.update(world.environmentId, id, { status: 'enabled' });
      const registry = new Registry();
      world.dispatcher({}, { metrics: new WebhookMetrics(registry, test.database) }).start();
      return registry;
    }

    const counted = async (registry: Registry): Promise<unknown> =>
      (await registry.getSingleMetric('rollcall_webhook_events_expired_total')?.get())?.values[0]?.value;

    it('goes on with the oldest event there is, and says how many were skipped', async () => {
      const registry = await fallBehind('WHERE sequence <= 7');
      await until(async () => sink.accepted.length === 3 && (await positions())[0] === 10);
      expect(sink.received.map(({ body }) => JSON.parse(body).sequence as number)).toEqual([8, 9, 10]);
      expect(world.warnings).toMatchObject([{ message: expired, streamId: A, events: 7 }]);
      expect(await counted(registry)).toBe(7);
    });

    it('does not stall when nothing is left, and sends what comes next', async () => {
      const registry = await fallBehind('');
      await until(async () => (await positions())[0] === 10);
      await world.append(A, 1);
      await until(() => sink.accepted.length === 1);
      expect(world.warnings).toMatchObject([{ message: expired, events: 10 }]);
      expect(await counted(registry)).toBe(10);
    });

    it('forgets a retry whose event is gone, so that the ordered lane goes on', async () => {
      sink.answer = () => 500;
      await world.endpoint(sink.url, { ordering: 'directory' });
      await world.append(A, 2);
      world.dispatcher({ retryDelaysMs: [2_000] }).start();
      await until(async () => (await world.sql('SELECT FROM webhook_retries')).length === 1);
      await test.asOwner('DELETE FROM events WHERE sequence = 1');
      sink.answer = () => 200;
      await until(() => sink.accepted.length === 1);
      expect(JSON.parse(sink.received.at(-1)?.body ?? '').sequence).toBe(2);
      expect(world.warnings).toMatchObject([{ message: expired, events: 1 }]);
    });
  });

  it('refuses at delivery time an address that was allowed at creation', async () => {
    await world.endpoint(sink.url);
    await world.sql(`UPDATE webhook_endpoints SET endpoint_url = 'http://10.0.0.1:8080/'`);
    await world.append(A, 1);
    world.dispatcher().start();
    await until(async () => (await attempts()).length === 1);
    expect(await attempts()).toMatchObject([
      { outcome: 'failed', http_status: null, error: 'address_not_allowed' },
    ]);
  });

  it('finds events without any wake-up', async () => {
    await world.endpoint(sink.url);
    world.dispatcher({ sweepMs: 300 }).start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.append(A, 2);
    await until(() => sink.accepted.length === 2, 2_000);
    expect(sink.received).toHaveLength(2);
  });

  it('delivers within milliseconds after a wake-up', async () => {
    await world.endpoint(sink.url);
    const dispatcher = world.dispatcher({ sweepMs: 60_000 });
    dispatcher.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      await world.append(A, 1);
      const began = performance.now();
      dispatcher.wake(world.environmentId, A);
      await until(() => sink.received.length === i + 1);
      times.push((sink.received[i]?.at ?? Infinity) - began);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  });
});
