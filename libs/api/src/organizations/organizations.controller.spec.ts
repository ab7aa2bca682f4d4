import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aDomain, anOrganization } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

describe('organizations', () => {
  let api: ApiUnderTest;
  let calls: unknown[][] = [];
  const organization = anOrganization({ domains: [aDomain()] });
  const record =
    (result: unknown) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push(args);
      return result;
    };

  beforeAll(async () => {
    api = await apiUnderTest({
      organizations: {
        list: record({ data: [organization], before: null, after: organization.id }),
        create: record(organization),
        update: record(organization),
        getByExternalId: record(organization),
        addDomain: record(aDomain()),
        verifyDomain: record(aDomain({ state: 'verified', verificationToken: null })),
        removeDomain: record(undefined),
      },
    });
  });
  beforeEach(() => {
    calls = [];
  });
  afterAll(() => api.app.close());

  it('are listed with both cursors', async () => {
    const answer = await api.ask('GET', '/organizations?limit=1&domains=ACME.test,b.test&domains[]=c.test');
    expect(calls).toEqual([
      ['environment_1', { limit: 1, order: 'desc', domains: ['acme.test', 'b.test', 'c.test'] }],
    ]);
    expect(answer.json()).toMatchObject({
      object: 'list',
      data: [{ object: 'organization', domains: [{ object: 'organization_domain' }], external_id: null }],
      list_metadata: { before: null, after: organization.id },
    });
  });

  it('are created with what older SDKs send, nulls counting as absent', async () => {
    const body = {
      name: 'Acme',
      domains: ['ACME.test'],
      domain_data: null,
      allow_profiles_outside_organization: null,
      metadata: { plan: 'pro', gone: null },
      external_id: null,
    };
    const answer = await api.ask('POST', '/organizations', { body });
    expect(answer.status).toBe(201);
    expect(calls).toEqual([
      [
        'environment_1',
        { name: 'Acme', domains: [{ domain: 'acme.test' }], externalId: null, metadata: { plan: 'pro' } },
      ],
    ]);
  });

  it('change only in what is sent, and null clears', async () => {
    const body = {
      domain_data: [{ domain: 'b.test', state: 'verified' }],
      external_id: null,
      metadata: { plan: null },
      stripe_customer_id: 'cus_1',
    };
    await api.ask('PUT', '/organizations/org_1', { body });
    expect(calls).toEqual([
      [
        'environment_1',
        'org_1',
        {
          domains: [{ domain: 'b.test', state: 'verified' }],
          externalId: null,
          metadata: { plan: null },
          stripeCustomerId: 'cus_1',
        },
      ],
    ]);
  });

  it('say everything that is wrong at once', async () => {
    const body = { domain_data: [{ domain: 'no domain', state: 'maybe' }], external_id: 'ü' };
    const answer = await api.ask('POST', '/organizations', { body });
    expect([answer.status, answer.json().message]).toEqual([422, 'Validation failed']);
    expect(answer.json().errors).toEqual([
      { field: 'name', code: 'name is required.' },
      {
        field: 'domain_data[0].domain',
        code: 'domain_data[0].domain must be a domain name such as example.com.',
      },
      { field: 'domain_data[0].state', code: 'domain_data[0].state must be one of: pending, verified.' },
      { field: 'external_id', code: 'external_id must consist of printable ASCII characters.' },
    ]);
  });

  it.each([{ a: 'x'.repeat(601) }, { ['k'.repeat(41)]: 'x' }, { a: 1 }, [], { '': 'x' }])(
    'refuse metadata out of bounds (%#)',
    async (metadata) => {
      const answer = await api.ask('POST', '/organizations', { body: { name: 'Acme', metadata } });
      expect([answer.status, answer.json().code]).toEqual([400, 'invalid_metadata']);
    },
  );

  it('are found by an external id with a slash and a space', async () => {
    await api.ask('GET', `/organizations/external_id/${encodeURIComponent('a/b c')}`);
    expect(calls).toEqual([['environment_1', 'a/b c']]);
  });

  it('get, verify and lose domains', async () => {
    const added = await api.ask('POST', '/organization_domains', {
      body: { organization_id: 'org_1', domain: 'acme.test' },
    });
    const verified = await api.ask('POST', '/organization_domains/org_domain_1/verify', { body: '' });
    const removed = await api.ask('DELETE', '/organization_domains/org_domain_1');
    expect([added.status, verified.status, removed.status]).toEqual([201, 201, 204]);
    expect(verified.json()).toMatchObject({ state: 'verified' });
    expect(verified.json()).not.toHaveProperty('verification_token');
    expect(removed.text).toBe('');
  });
});
