import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld, until } from '../../test-support/dispatch-world.js';
import { openSink, type Sink } from '../../test-support/sink.js';
import { Attempts } from './attempts.js';
import { WebhookMetrics } from './webhook-metrics.js';

describe('Attempts and metrics', () => {
  let test: TestDatabase;
  let world: DispatchWorld;
  let sink: Sink;
  const registry = new Registry();
  const endpointIds: string[] = [];
  const eventIds: string[] = [];

  beforeAll(async () => {
    test = await createTestDatabase();
    world = await new DispatchWorld(test.database).create();
    sink = await openSink((received, response) => {
      if (received.path === '/bad') return void response.writeHead(500).end('no\u0000pe');
      response.end('thanks');
    });
    for (const path of ['/good', '/bad']) endpointIds.push((await world.endpoint(sink.url + path)).id);
    eventIds.push(...(await world.append('directory_a', 5)).map((event) => event.id));
    const metrics = new WebhookMetrics(registry, test.database);
    const dispatcher = world.dispatcher({}, { metrics });
    dispatcher.start();
    await until(() => sink.received.length === 10);
    await dispatcher.stop();
    await world.append('directory_a', 3);
  });
  afterAll(async () => {
    await world.close();
    await sink.close();
    await test.drop();
  });

  const list = (
    filter: { endpointId?: string; eventId?: string },
    after?: string,
  ): ReturnType<Attempts['list']> =>
    new Attempts({ database: test.database }).list(world.environmentId, filter, {
      limit: 3,
      order: 'desc',
      ...(after === undefined ? {} : { after }),
    });

  it('shows what an endpoint answered, newest first, page by page', async () => {
    const [, endpointId = ''] = endpointIds;
    const first = await list({ endpointId });
    expect(first.items).toHaveLength(3);
    expect(first.before).toBeNull();
    const second = await list({ endpointId }, first.after ?? '');
    expect(second.items).toHaveLength(2);
    expect(second.after).toBeNull();
    const all = [...first.items, ...second.items];
    expect(new Set(all.map((attempt) => attempt.eventId))).toEqual(new Set(eventIds));
    for (const attempt of all)
      expect(attempt).toMatchObject({
        endpointId,
        attempt: 1,
        outcome: 'failed',
        httpStatus: 500,
        error: 'http_500',
        responseExcerpt: 'no\ufffdpe',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
  });

  it('shows where an event went', async () => {
    const { items } = await list({ eventId: eventIds[2] });
    expect(new Set(items.map((item) => item.endpointId))).toEqual(new Set(endpointIds));
    const [good] = (await list({ eventId: eventIds[2], endpointId: endpointIds[0] })).items;
    expect(good).toMatchObject({ outcome: 'succeeded', error: null, responseExcerpt: 'thanks', sequence: 3 });
  });

  it('shows nothing of another environment', async () => {
    const { items } = await new Attempts({ database: test.database }).list(
      'environment_x',
      { eventId: eventIds[0] },
      { limit: 10, order: 'desc' },
    );
    expect(items).toEqual([]);
  });

  it('counts attempts and measures the backlog when asked', async () => {
    const text = await registry.metrics();
    expect(text).toContain('rollcall_webhook_attempts_total{outcome="succeeded"} 5');
    expect(text).toContain('rollcall_webhook_attempts_total{outcome="failed"} 5');
    expect(text).toContain('rollcall_webhook_attempt_duration_seconds_count 10');
    expect(text).toContain('rollcall_webhook_lane_lag 6');
    expect(text).toContain('rollcall_webhook_lane_lag_max 3');
    expect(text).toContain('rollcall_webhook_retries 5');
  });
});
