import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aDirectory } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

const CREATED = '2026-01-10T08:00:00.000Z';

describe('management', () => {
  let api: ApiUnderTest;
  let calls: unknown[][] = [];
  const record =
    (result: unknown) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push(args);
      return result;
    };
  const directory = aDirectory();
  const token = {
    id: 'directory_token_1',
    name: 'default',
    suffix: 'wxyz',
    createdAt: CREATED,
    expiresAt: null,
    replacedBy: null,
  };

  beforeAll(async () => {
    api = await apiUnderTest({
      environments: {
        create: record({ id: 'environment_2', name: 'staging', createdAt: CREATED }),
        createApiKey: record({
          id: 'api_key_2',
          name: 'ci',
          key: 'sk_x',
          scopes: ['events:read'],
          createdAt: CREATED,
        }),
        revokeApiKey: record(undefined),
      },
      directories: {
        create: record({ directory, token: { id: token.id, secret: 'scim-secret' } }),
        update: record(directory),
        get: async () => aDirectory({ dialect: 'generic', type: 'generic scim v2.0' }),
        firstDomains: async () => new Map(),
      },
      oauthClients: { list: async () => [] },
      directoryTokens: {
        list: record([{ ...token, lastUsedAt: null }]),
        create: record({ ...token, secret: 'scim-secret' }),
        revoke: record(undefined),
      },
    });
  });
  beforeEach(() => {
    calls = [];
  });
  afterAll(() => api.app.close());

  const create = (body: object): ReturnType<ApiUnderTest['ask']> =>
    api.ask('POST', '/management/directories', {
      body: { organization_id: 'org_1', name: 'People', ...body },
    });

  it('creates a SCIM directory and says where the IdP must send to', async () => {
    const answer = await create({ type: 'okta scim v2.0' });
    expect(answer.json()).toMatchObject({
      directory: { object: 'directory', id: directory.id, type: 'okta scim v2.0' },
      scim: {
        endpoint: `https://sync.example.com/scim/v2.0/${directory.externalKey}`,
        bearer_token: 'scim-secret',
      },
    });
    expect(calls).toEqual([
      [
        'environment_1',
        {
          organizationId: 'org_1',
          name: 'People',
          type: 'okta scim v2.0',
          dialect: 'okta',
          provider: null,
          config: {},
        },
      ],
    ]);
  });

  it('gives SCIM 1.1 clients the 1.1 address', async () => {
    const answer = await create({ type: 'generic scim v1.1' });
    expect(answer.json().scim).toMatchObject({
      endpoint: `https://sync.example.com/scim/v1.1/${directory.externalKey}`,
    });
  });

  it('refuses types it cannot serve before anything is created', async () => {
    const answer = await create({ type: 'workday' });
    expect([answer.status, calls]).toEqual([422, []]);
    expect(answer.json().errors).toEqual([
      {
        field: 'type',
        code: 'This version has no connector for "workday"; GET /management/connectors lists those it has. Or create a SCIM directory, for example "generic scim v2.0".',
      },
    ]);
  });

  it('renames a directory', async () => {
    await api.ask('PATCH', `/management/directories/${directory.id}`, { body: { name: 'Staff' } });
    expect(calls[0]).toEqual(['environment_1', directory.id, { name: 'Staff' }]);
  });

  it('changes the dialect of a directory, and the type with it', async () => {
    const url = `/management/directories/${directory.id}`;
    await api.ask('PATCH', url, { body: { dialect: 'azure' } });
    const kind = { type: 'azure scim v2.0', dialect: 'entra' };
    expect(calls[0]).toEqual(['environment_1', directory.id, { kind }]);
    const before = calls.length;
    expect((await api.ask('PATCH', url, { body: { dialect: 'nobody' } })).status).toBe(422);
    expect(calls).toHaveLength(before);
  });

  it('creates, lists and revokes tokens, showing the token once', async () => {
    const url = `/management/directories/${directory.id}/tokens`;
    const created = await api.ask('POST', url, { body: { expires_at: '2027-01-01' } });
    expect(created.json()).toMatchObject({ bearer_token: 'scim-secret', token_suffix: 'wxyz' });
    const list = await api.ask('GET', url);
    expect(list.json().data).toMatchObject([{ id: token.id, last_used_at: null }]);
    expect(list.text).not.toContain('scim-secret');
    expect((await api.ask('DELETE', `${url}/${token.id}`)).status).toBe(204);
    expect(calls[0]).toEqual(['environment_1', directory.id, { expiresAt: '2027-01-01T00:00:00.000Z' }]);
  });

  it('creates environments and keys; a key may do all but manage the instance unless it says otherwise', async () => {
    const admin = { scopes: ['instance:admin'] } as const;
    const environment = await api.ask('POST', '/management/environments', {
      ...admin,
      body: { name: 'staging' },
    });
    expect(environment.json()).toMatchObject({ id: 'environment_2', name: 'staging' });
    const url = '/management/environments/environment_2/api_keys';
    const key = await api.ask('POST', url, { ...admin, body: { name: 'ci' } });
    expect(key.json()).toMatchObject({ id: 'api_key_2', key: 'sk_x', expires_at: null });
    const [environmentId, input] = calls[1] as [string, { scopes: string[] }];
    expect(environmentId).toBe('environment_2');
    expect(input.scopes).toContain('directories:write');
    expect(input.scopes).not.toContain('instance:admin');
    expect((await api.ask('POST', url, { ...admin, body: { name: 'ci', scopes: ['all'] } })).status).toBe(
      422,
    );
    expect((await api.ask('DELETE', `${url}/api_key_2`, admin)).status).toBe(204);
  });

  it('says that there is no portal yet', async () => {
    const answer = await api.ask('POST', '/portal/generate_link', {
      body: { organization: 'org_1', intent: 'dsync' },
    });
    expect([answer.status, answer.json().code]).toEqual([422, 'portal_not_available']);
  });
});
