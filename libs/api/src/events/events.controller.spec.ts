import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidInputError, newId } from '#kernel';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

describe('events', () => {
  let api: ApiUnderTest;
  let requests: unknown[][] = [];
  const cursor = newId('event');
  // Bytes that a parse and a stringify would change.
  const body = '{"id":"event_1","data":{"b":1,"a":1.0,"ü":"\\u00e9"},"event":"dsync.user.created"}';

  beforeAll(async () => {
    api = await apiUnderTest({
      eventFeed: {
        list: async (...args: unknown[]) => {
          requests.push(args);
          if ((args[1] as { after?: string }).after === cursor)
            throw new InvalidInputError('There is no such event.', { code: 'invalid_cursor' });
          return { bodies: [body, body], before: null, after: cursor };
        },
        listStream: async (...args: unknown[]) => {
          requests.push(args);
          return { bodies: [body], lastSequence: 8 };
        },
      },
    });
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(() => api.app.close());

  it('are sent as they are stored, byte for byte', async () => {
    const answer = await api.ask('GET', '/events?events=dsync.user.created');
    expect(answer.text).toBe(
      `{"object":"list","data":[${body},${body}],"list_metadata":{"before":null,"after":"${cursor}"}}`,
    );
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('come oldest first unless another order is sent', async () => {
    await api.ask('GET', '/events?events=dsync.user.created');
    await api.ask('GET', '/events?events[]=dsync.user.created&order=desc');
    expect(requests).toMatchObject([
      ['environment_1', { order: 'asc' }],
      ['environment_1', { order: 'desc' }],
    ]);
  });

  it('must be named', async () => {
    const answer = await api.ask('GET', '/events');
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid_events_request']);
  });

  it('are refused when nobody knows the name', async () => {
    const answer = await api.ask('GET', '/events?events=dsync.user.created,dsync.usr.created');
    expect(answer.status).toBe(422);
    expect(answer.json().errors).toEqual([
      { field: 'events', code: 'events does not know the event "dsync.usr.created"; check its spelling.' },
    ]);
  });

  it('of products we do not have are accepted and never found', async () => {
    const answer = await api.ask('GET', '/events?events=user.created');
    expect(answer.json()).toEqual({ object: 'list', data: [], list_metadata: { before: null, after: null } });
    expect(requests).toEqual([]);
    await api.ask('GET', '/events?events=user.created,dsync.deleted');
    expect(requests).toMatchObject([['environment_1', { types: ['dsync.deleted'] }]]);
  });

  it('are narrowed by time and organization, until a cursor takes over the start', async () => {
    const range = 'range_start=2026-01-15T12:00:00.000Z&range_end=2026-01-16&organization_id=org_1';
    await api.ask('GET', `/events?events=dsync.deleted&${range}`);
    await api.ask('GET', `/events?events=dsync.deleted&${range}&after=${newId('event')}`);
    expect(requests[0]?.[1]).toMatchObject({
      rangeStart: new Date('2026-01-15T12:00:00.000Z'),
      rangeEnd: new Date('2026-01-16T00:00:00.000Z'),
      organizationId: 'org_1',
    });
    expect(requests[1]?.[1]).not.toHaveProperty('rangeStart');
  });

  it.each([
    ['range_start=yesterday', 422],
    ['limit=1000', 422],
    ['after=nothing', 400],
    [`after=${cursor}`, 400],
  ])('refuse %s', async (query, status) => {
    const answer = await api.ask('GET', `/events?events=dsync.deleted&${query}`);
    expect(answer.status).toBe(status);
  });

  it('of one log are read by sequence number', async () => {
    const directory = newId('directory');
    const answer = await api.ask('GET', `/management/events?directory=${directory}&after_sequence=7&limit=1`);
    expect(answer.text).toBe(`{"object":"list","data":[${body}],"list_metadata":{"last_sequence":8}}`);
    await api.ask('GET', '/management/events');
    expect(requests).toEqual([
      ['environment_1', directory, { afterSequence: 7, limit: 1 }],
      ['environment_1', 'environment_1', { afterSequence: 0, limit: 10 }],
    ]);
  });

  it('of one log cannot be read by the id of another environment', async () => {
    const answer = await api.ask('GET', '/management/events?directory=environment_2');
    expect([answer.status, requests]).toEqual([422, []]);
  });
});
