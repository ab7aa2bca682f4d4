import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld, until } from '../../test-support/dispatch-world.js';
import { openSink, type Sink } from '../../test-support/sink.js';

const A = 'directory_a';
const B = 'directory_b';

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
    await test.asOwner('TRUNCATE environments CASCADE');
  });

  it('sends every event once to every endpoint that subscribed to its type', async () => {
    await world.endpoint(`${sink.url}/one`);
    await world.endpoint(`${sink.url}/two`, { events: ['dsync.user.updated'] });
    const dispatcher = world.dispatcher();
    dispatcher.start();
    const created = await world.append(A, 100);
    const updated = await world.append(A, 10, { type: 'dsync.user.updated' });
    dispatcher.wake(world.environmentId, A);
    await until(() => sink.received.length >= 120);
    const ids = (path: string): string[] => sink.received.filter((r) => r.path === path).map((r) => r.id);
    expect(ids('/one').sort()).toEqual([...created, ...updated].map((event) => event.id).sort());
    expect(ids('/two').sort()).toEqual(updated.map((event) => event.id).sort());
    const byId = new Map([...created, ...updated].map((event) => [event.id, event.body]));
    for (const received of sink.received) expect(received.body).toBe(byId.get(received.id));
    expect(sink.mostInFlight).toBeLessThanOrEqual(16);
    await dispatcher.stop();
    const lanes = await world.sql('SELECT sequence FROM webhook_lanes');
    expect(lanes).toEqual([{ sequence: 110 }, { sequence: 110 }]);
    expect(await world.sql('SELECT count(*)::int AS n FROM webhook_attempts')).toEqual([{ n: 120 }]);
    expect(await world.sql(`SELECT FROM webhook_leases WHERE lease_until > now()`)).toEqual([]);
    expect(world.warnings).toEqual([]);
  });

  it('starts where the log stood when the endpoint was created', async () => {
    await world.append(A, 5);
    await world.endpoint(sink.url);
    const [later] = await world.append(A, 1);
    const [other] = await world.append(B, 1);
    world.dispatcher().start();
    await until(() => sink.received.length === 2);
    expect(new Set(sink.received.map((r) => r.id))).toEqual(new Set([later?.id, other?.id]));
  });
});
