import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, NotFoundError } from '#kernel';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';
import { aDirectory } from '../../test-support/builders.js';

const directory = aDirectory();
const entry = {
  id: newId('scim_request'),
  requestId: 'r1',
  scimVersion: '2.0',
  method: 'POST',
  path: '/Users',
  query: null,
  status: 409,
  durationMs: 1.5,
  userAgent: 'Okta',
  tokenId: 'directory_token_1',
  resourceType: 'User',
  resourceId: null,
  scimType: 'uniqueness',
  summary: 'Okta tried to create jane@acme.test → refused (409 uniqueness)',
  reason: 'taken',
  fix: 'Give one of them another name.',
  createdAt: '2026-11-24T10:00:00.000Z',
};
const url = `/management/directories/${directory.id}/request_log`;
const where = { environmentId: 'environment_1', directoryId: directory.id };

describe('the request log', () => {
  let api: ApiUnderTest;
  let calls: unknown[][] = [];

  beforeAll(async () => {
    api = await apiUnderTest({
      directories: {
        get: async (_: string, id: string) => {
          if (id !== directory.id) throw new NotFoundError(`Directory not found: '${id}'.`);
          return directory;
        },
      },
      requestLog: {
        list: async (...args: unknown[]) => {
          calls.push(args);
          return { data: [entry], before: null, after: entry.id };
        },
        get: async (...args: unknown[]) => {
          calls.push(args);
          return { ...entry, headers: { accept: 'x' }, requestBody: '{"a":1}', responseBody: null };
        },
      },
    });
  });
  beforeEach(() => {
    calls = [];
  });
  afterAll(() => api.app.close());

  it('is listed newest first, without bodies', async () => {
    const answer = await api.ask('GET', url, { scopes: ['directories:read'] });
    expect(answer.json()).toEqual({
      object: 'list',
      data: [
        {
          object: 'scim_request',
          id: entry.id,
          directory_id: directory.id,
          created_at: entry.createdAt,
          summary: entry.summary,
          reason: 'taken',
          fix: entry.fix,
          method: 'POST',
          path: '/Users',
          query: null,
          status: 409,
          scim_type: 'uniqueness',
          scim_version: '2.0',
          duration_ms: 1.5,
          request_id: 'r1',
          user_agent: 'Okta',
          token_id: 'directory_token_1',
          resource_type: 'User',
          resource_id: null,
        },
      ],
      list_metadata: { before: null, after: entry.id },
    });
    expect(calls).toEqual([[where, {}, { limit: 10, order: 'desc' }]]);
  });

  it('is filtered by everything that a search may name', async () => {
    const query =
      'status=refused&method=PATCH&resource_type=User&resource_id=u1&user=jane%40acme&request_id=r1&since=2026-11-24&until=2026-11-25T00:00:00Z&limit=50';
    await api.ask('GET', `${url}?${query}`);
    const filter = {
      status: 'refused',
      method: 'PATCH',
      resourceType: 'User',
      resourceId: 'u1',
      user: 'jane@acme',
      requestId: 'r1',
      since: new Date('2026-11-24T00:00:00Z'),
      until: new Date('2026-11-25T00:00:00Z'),
    };
    expect(calls).toEqual([[where, filter, { limit: 50, order: 'desc' }]]);
    await api.ask('GET', `${url}?status=409`);
    expect(calls[1]).toMatchObject([where, { status: 409 }, {}]);
  });

  it.each(['status=bad', 'status=99', 'method=TRACE', 'resource_type=Device', 'since=yesterday'])(
    'refuses %s',
    async (query) => {
      expect([(await api.ask('GET', `${url}?${query}`)).status, calls]).toEqual([422, []]);
    },
  );

  it('refuses a cursor of another list', async () => {
    const answer = await api.ask('GET', `${url}?after=${newId('event')}`);
    expect([answer.status, answer.json().code]).toEqual([400, 'invalid_cursor']);
  });

  it('shows one entry with its bodies', async () => {
    const answer = await api.ask('GET', `${url}/${entry.id}`);
    expect(answer.json()).toMatchObject({
      id: entry.id,
      headers: { accept: 'x' },
      request_body: '{"a":1}',
      response_body: null,
    });
    expect(calls).toEqual([[where, entry.id]]);
  });

  it('belongs to the directories of the environment', async () => {
    for (const path of ['directory_x/request_log', `directory_x/request_log/${entry.id}`])
      expect((await api.ask('GET', `/management/directories/${path}`)).status).toBe(404);
    expect(calls).toEqual([]);
  });
});
