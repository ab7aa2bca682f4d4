import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NotFoundError } from '#kernel';
import { aDirectory, anOrganization } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('transport', () => {
  let api: ApiUnderTest;
  const directory = aDirectory();

  beforeAll(async () => {
    api = await apiUnderTest({
      organizations: {
        create: async () => anOrganization(),
        update: async () => anOrganization(),
        list: async () => {
          throw new Error('connection refused by 10.1.2.3');
        },
      },
      directories: {
        get: async (_: string, id: string) => {
          if (id === directory.id) return directory;
          throw new NotFoundError(`Directory not found: '${id}'.`, { entityId: id });
        },
        remove: async () => undefined,
        firstDomains: async () => new Map(),
        counts: async () => ({ activeUsers: 1, inactiveUsers: 2, groups: 3 }),
      },
    });
  });
  afterAll(() => api.app.close());

  it('labels JSON with its charset and every answer with a request id', async () => {
    const answer = await api.ask('GET', `/directories/${directory.id}`);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-request-id']).toMatch(UUID);
  });

  it.each([
    ['an unknown route', 'GET /nowhere', 404],
    ['an unknown id', 'GET /directories/directory_x', 404],
    ['a malformed address', 'GET /directories/%zz', 400],
    ['an id with U+0000', 'GET /directories/a%00b', 404],
    ['a broken body', 'POST /organizations', 400],
    ['a bug', 'GET /organizations', 500],
  ])('answers %s with a message, never with "error"', async (_, request, status) => {
    const [method, url] = request.split(' ') as [string, string];
    const answer = await api.ask(method, url, { ...(method === 'POST' && { body: '{' }) });
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      'application/json; charset=utf-8',
    ]);
    expect(answer.headers['x-request-id']).toMatch(UUID);
    expect(typeof answer.json().message).toBe('string');
    expect(answer.json()).not.toHaveProperty('error');
  });

  it('says nothing about a bug but the request id', async () => {
    const answer = await api.ask('GET', '/organizations');
    const id = String(answer.headers['x-request-id']);
    expect(answer.json()).toEqual({ message: `Internal error. Quote request id ${id}.` });
  });

  it('answers DELETE with 202, no body and no content type, also when the empty request is labelled JSON', async () => {
    const answer = await api.ask('DELETE', `/directories/${directory.id}`);
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([202, '', undefined]);
  });

  it('takes an empty PUT', async () => {
    const answer = await api.ask('PUT', `/organizations/org_1`, { body: '' });
    expect(answer.status).toBe(200);
  });

  it('reads JSON under any label', async () => {
    const answer = await api.ask('POST', '/organizations', {
      body: { name: 'Acme' },
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(201);
  });

  it('takes the key with any spelling of "Bearer" and refuses other schemes', async () => {
    const authorization = (value: string): Promise<unknown> =>
      api
        .ask('GET', `/directories/${directory.id}`, { scopes: null, headers: { authorization: value } })
        .then((answer) => answer.status);
    expect(await authorization('bearer directories:read')).toBe(200);
    expect(await authorization('Basic directories:read')).toBe(401);
    expect(await authorization('Bearer unknown')).toBe(401);
    expect(await authorization('Bearer instance:admin')).toBe(200);
  });

  it('names the missing scope', async () => {
    const answer = await api.ask('GET', '/directories', { scopes: ['events:read'] });
    expect(answer.json()).toEqual({
      message: 'This API key lacks the scope "directories:read". Use a key that has it.',
    });
  });

  it('takes external ids of full length', async () => {
    const answer = await api.ask('GET', `/organizations/external_id/${'%20'.repeat(128)}`);
    // The fake has no such method; that the route was found is what counts.
    expect(answer.status).toBe(500);
  });
});
