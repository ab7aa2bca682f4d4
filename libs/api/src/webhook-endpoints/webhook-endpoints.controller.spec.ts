import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, NotFoundError } from '#kernel';
import type { Attempt, WebhookEndpoint } from '#webhooks';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

const TIMES = { createdAt: '2026-01-10T08:00:00.000Z', updatedAt: '2026-01-15T12:00:00.000Z' };

const endpoint: WebhookEndpoint = {
  id: newId('we'),
  environmentId: 'environment_1',
  endpointUrl: 'https://app.test/hook',
  events: ['dsync.user.created'],
  directoryIds: null,
  status: 'enabled',
  disabledReason: null,
  ordering: 'none',
  concurrency: 8,
  customHeaderNames: ['authorization'],
  secret: 'whsec_********',
  ...TIMES,
};

const attempt: Attempt = {
  id: newId('attempt'),
  environmentId: 'environment_1',
  endpointId: endpoint.id,
  eventId: newId('event'),
  streamId: 'directory_1',
  sequence: 4,
  attempt: 1,
  outcome: 'failed',
  httpStatus: 500,
  error: 'http_500',
  responseExcerpt: 'oops',
  durationMs: 12,
  createdAt: TIMES.createdAt,
};

describe('webhook endpoints', () => {
  let api: ApiUnderTest;
  let calls: unknown[][] = [];
  const record =
    (result: unknown) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push(args);
      return result;
    };

  beforeAll(async () => {
    api = await apiUnderTest({
      webhookEndpoints: {
        list: record({ items: [endpoint], before: null, after: endpoint.id }),
        create: record({ ...endpoint, secret: 'whsec_shown' }),
        update: record(endpoint),
        remove: record(undefined),
        rotateSecret: record({ secret: 'whsec_new', previousExpiresAt: TIMES.updatedAt }),
        get: async (_: string, id: string) => {
          if (id === endpoint.id) return endpoint;
          throw new NotFoundError(`Webhook endpoint not found: '${id}'.`, { entityId: id });
        },
      },
      attempts: {
        list: async (...args: unknown[]) => {
          calls.push(args);
          const known = (args[1] as { endpointId: string }).endpointId === endpoint.id;
          return { items: known ? [attempt] : [], before: null, after: null };
        },
      },
    });
  });
  beforeEach(() => {
    calls = [];
  });
  afterAll(() => api.app.close());

  it('show their secret at creation', async () => {
    const body = { endpoint_url: endpoint.endpointUrl, events: endpoint.events };
    const answer = await api.ask('POST', '/webhook_endpoints', { body });
    expect([answer.status, answer.json().secret]).toEqual([201, 'whsec_shown']);
    expect(calls).toEqual([
      ['environment_1', { endpointUrl: 'https://app.test/hook', events: ['dsync.user.created'] }],
    ]);
  });

  it('are listed, read and removed', async () => {
    const list = await api.ask('GET', '/webhook_endpoints');
    expect(list.json()).toMatchObject({ object: 'list', list_metadata: { after: endpoint.id } });
    const one = await api.ask('GET', `/webhook_endpoints/${endpoint.id}`);
    expect(one.json()).toEqual({
      object: 'webhook_endpoint',
      id: endpoint.id,
      endpoint_url: 'https://app.test/hook',
      secret: 'whsec_********',
      status: 'enabled',
      events: ['dsync.user.created'],
      directory_ids: null,
      ordering: 'none',
      concurrency: 8,
      custom_header_names: ['authorization'],
      created_at: TIMES.createdAt,
      updated_at: TIMES.updatedAt,
    });
    expect((await api.ask('DELETE', `/webhook_endpoints/${endpoint.id}`)).status).toBe(204);
  });

  it('change only in what is sent', async () => {
    const body = {
      status: 'disabled',
      directory_ids: null,
      custom_headers: { authorization: 'x' },
      events: null,
    };
    await api.ask('PATCH', `/webhook_endpoints/${endpoint.id}`, { body });
    expect(calls).toEqual([
      [
        'environment_1',
        endpoint.id,
        { status: 'disabled', directoryIds: null, customHeaders: { authorization: 'x' } },
      ],
    ]);
  });

  it('need an address and at least one event', async () => {
    const answer = await api.ask('POST', '/webhook_endpoints', {
      body: { events: [], concurrency: 0, custom_headers: { a: 1 } },
    });
    expect((answer.json().errors as { field: string }[]).map((error) => error.field)).toEqual([
      'endpoint_url',
      'events',
      'concurrency',
      'custom_headers',
    ]);
  });

  it('get new secrets', async () => {
    const url = `/management/webhook_endpoints/${endpoint.id}/secret_rotations`;
    const answer = await api.ask('POST', url, { body: { overlap_seconds: 60 } });
    expect(answer.json()).toEqual({ secret: 'whsec_new', previous_expires_at: TIMES.updatedAt });
    expect(calls).toEqual([['environment_1', endpoint.id, { overlapSeconds: 60 }]]);
  });

  it('show their attempts, and 404 when there never was such an endpoint', async () => {
    const url = `/management/webhook_endpoints/${endpoint.id}/attempts`;
    const answer = await api.ask('GET', `${url}?event=${attempt.eventId}`);
    expect(answer.json().data).toMatchObject([
      { object: 'webhook_attempt', outcome: 'failed', http_status: 500 },
    ]);
    expect(calls[0]?.[1]).toEqual({ endpointId: endpoint.id, eventId: attempt.eventId });
    expect((await api.ask('GET', '/management/webhook_endpoints/we_x/attempts')).status).toBe(404);
  });
});
