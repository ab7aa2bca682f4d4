import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aDirectory } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

describe('directories', () => {
  let api: ApiUnderTest;
  const requests: unknown[] = [];
  const [first, second] = [
    aDirectory({ detectedDialect: 'okta' }),
    aDirectory({ organizationId: 'org_2', state: 'unlinked', detectedDialect: 'entra' }),
  ];

  beforeAll(async () => {
    api = await apiUnderTest({
      directories: {
        list: async (_: string, request: unknown) => {
          requests.push(request);
          return { data: [first, second], before: null, after: null };
        },
        get: async () => first,
        counts: async () => ({ activeUsers: 3, inactiveUsers: 1, groups: 2 }),
        firstDomains: async () => new Map([['org_1', 'acme.test']]),
      },
    });
  });
  afterAll(() => api.app.close());

  it('are listed with the domain of their organization, absent when it has none', async () => {
    const answer = await api.ask(
      'GET',
      '/directories?organization_id=org_1&search=peo&domain=Acme.Test&order=normal&limit=100',
    );
    expect(requests).toEqual([
      { limit: 100, order: 'normal', organizationId: 'org_1', search: 'peo', domain: 'acme.test' },
    ]);
    const [one, two] = answer.json().data as [object, object];
    expect(one).toMatchObject({ state: 'linked', domain: 'acme.test', external_key: first.externalKey });
    expect(two).toMatchObject({ state: 'unlinked' });
    expect(one).toMatchObject({ dialect: 'okta', detected_dialect: 'okta', suggested_dialect: null });
    expect(two).toMatchObject({ dialect: 'okta', detected_dialect: 'entra', suggested_dialect: 'entra' });
    expect(two).not.toHaveProperty('domain');
  });

  it('say how much they hold when read one by one', async () => {
    const answer = await api.ask('GET', `/directories/${first.id}`);
    expect(answer.json().metadata).toEqual({ users: { active: 3, inactive: 1 }, groups: 2 });
  });
});
