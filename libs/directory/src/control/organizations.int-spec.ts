import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictError, InvalidInputError, NotFoundError, type JsonObject } from '#kernel';
import { organizationDomainWire, organizationWire } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Directories } from './directories.js';
import { Environments } from './environments.js';
import { Organizations } from './organizations.js';

describe('Organizations', () => {
  let test: TestDatabase;
  let organizations: Organizations;
  let directories: Directories;
  let environmentId: string;
  let now = Date.parse('2026-11-23T12:00:00.000Z');
  const clock = { now: () => new Date(now) };
  const committed: string[][] = [];
  const page = { limit: 10, order: 'desc' as const };

  beforeAll(async () => {
    test = await createTestDatabase({ entities: CONTROL_ENTITIES });
    const options = { afterCommit: (...ids: string[]) => void committed.push(ids) };
    organizations = new Organizations(test.dataSource, clock, options);
    directories = new Directories(test.dataSource, clock, options);
  });

  beforeEach(async () => {
    environmentId = (await new Environments(test.dataSource, clock).create('test')).id;
    committed.length = 0;
  });

  afterAll(() => test.drop());

  async function eventsOf(
    streamId: string,
  ): Promise<{ event: string; sequence: number; data: JsonObject }[]> {
    const { rows } = await test.pool.query<{ body: string }>(
      'SELECT body FROM events WHERE environment_id = $1 AND stream_id = $2 ORDER BY sequence',
      [environmentId, streamId],
    );
    return rows.map(({ body }) => JSON.parse(body));
  }

  /** Starts `work` while another transaction has run `statements` and is not committed until `work` waits for it. */
  async function during<T>(
    statements: readonly string[],
    start: () => Promise<T>,
  ): Promise<{ work: Promise<T> }> {
    const client = await test.pool.connect();
    await client.query(['BEGIN', ...statements].join(';'));
    const work = start();
    work.catch(() => undefined);
    for (let round = 0; round < 100 && (await waiting()) === 0; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await client.query('COMMIT');
    client.release();
    return { work };
  }

  async function waiting(): Promise<number | null> {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await test.pool.query(sql)).rowCount;
  }

  it('creates an organization with everything and says so', async () => {
    const created = await organizations.create(environmentId, {
      name: 'Acme',
      domains: [
        { domain: 'ACME.test', state: 'verified' },
        { domain: 'acme.example', state: 'pending' },
      ],
      externalId: 'customer 1/2',
      metadata: { tier: 'gold', none: null },
      stripeCustomerId: 'cus_1',
    });
    expect(created).toMatchObject({
      name: 'Acme',
      externalId: 'customer 1/2',
      stripeCustomerId: 'cus_1',
      metadata: { tier: 'gold' },
      createdAt: '2026-11-23T12:00:00.000Z',
      domains: [
        { domain: 'acme.test', state: 'verified', verificationStrategy: 'manual', verificationToken: null },
        { domain: 'acme.example', state: 'pending', verificationStrategy: 'dns' },
      ],
    });
    expect(await organizations.get(environmentId, created.id)).toEqual(created);
    expect(await organizations.getByExternalId(environmentId, 'customer 1/2')).toEqual(created);
    const events = await eventsOf(environmentId);
    expect(events.map(({ event, sequence }) => [event, sequence])).toEqual([
      ['organization.created', 1],
      ['organization_domain.created', 2],
      ['organization_domain.created', 3],
    ]);
    expect(events.map(({ data }) => data)).toEqual([
      organizationWire(created),
      ...created.domains.map(organizationDomainWire),
    ]);
    expect(committed).toEqual([[environmentId, environmentId]]);
    const { rows } = await test.pool.query(
      'SELECT DISTINCT organization_id FROM events WHERE environment_id = $1',
      [environmentId],
    );
    expect(rows).toEqual([{ organization_id: created.id }]);
  });

  it('changes only what is named, and is silent when nothing changes', async () => {
    const created = await organizations.create(environmentId, {
      name: 'Acme',
      externalId: 'x1',
      metadata: { a: '1', b: '2' },
      domains: [{ domain: 'a.test', state: 'verified' }, { domain: 'b.test' }],
    });
    now += 1_000;
    const same = await organizations.update(environmentId, created.id, {
      name: 'Acme',
      metadata: { b: '2', a: '1', c: null },
      externalId: 'x1',
      domains: [{ domain: 'b.test' }, { domain: 'A.test' }],
    });
    expect(same).toEqual(created);
    expect(await eventsOf(environmentId)).toHaveLength(3);

    const changed = await organizations.update(environmentId, created.id, {
      metadata: { a: null, c: '3' },
      externalId: null,
      domains: [
        { domain: 'b.test', state: 'verified' },
        { domain: 'c.test', state: 'pending' },
      ],
    });
    expect(changed).toMatchObject({
      name: 'Acme',
      externalId: null,
      metadata: { b: '2', c: '3' },
      updatedAt: new Date(now).toISOString(),
    });
    expect(changed.domains.map(({ domain, state }) => [domain, state])).toEqual([
      ['b.test', 'verified'],
      ['c.test', 'pending'],
    ]);
    const events = (await eventsOf(environmentId)).slice(3);
    expect(events.map(({ event }) => event)).toEqual([
      'organization.updated',
      'organization_domain.deleted',
      'organization_domain.verified',
      'organization_domain.created',
    ]);
    expect(events[0]?.data).toEqual(organizationWire(changed));
  });

  it('refuses what is taken, and writes nothing then', async () => {
    const first = await organizations.create(environmentId, {
      name: 'A',
      externalId: 'e',
      domains: [{ domain: 'a.test' }],
    });
    const create = organizations.create(environmentId, { name: 'B', domains: [{ domain: 'a.test' }] });
    await expect(create).rejects.toThrow(
      new ConflictError('An Organization with the domain a.test already exists.'),
    );
    await expect(organizations.create(environmentId, { name: 'B', externalId: 'e' })).rejects.toMatchObject({
      code: 'external_id_already_used',
      name: 'InvalidInputError',
    });
    await expect(organizations.addDomain(environmentId, first.id, 'A.TEST')).rejects.toThrow(ConflictError);
    expect((await organizations.list(environmentId, page)).data).toEqual([first]);
    expect(await eventsOf(environmentId)).toHaveLength(2);
  });

  it.each([
    ['metadata', { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])) }],
    ['metadata', { metadata: { ['k'.repeat(41)]: 'v' } }],
    ['metadata', { metadata: { k: 'v'.repeat(601) } }],
    ['external_id', { externalId: 'é' }],
    ['external_id', { externalId: 'x'.repeat(129) }],
    ['domain', { domains: [{ domain: 'no domain' }] }],
    ['name', { name: ' ' }],
  ])('refuses a bad %s', async (field, input) => {
    const create = organizations.create(environmentId, { name: 'A', ...input });
    await expect(create).rejects.toThrow(InvalidInputError);
    await expect(create).rejects.toMatchObject({
      code: field === 'metadata' ? 'invalid_metadata' : 'invalid_value',
      problems: [{ field }],
    });
  });

  it('lists by page, part of the name and domains', async () => {
    const made = [];
    for (const [name, domain] of [
      ['100% Ltd', 'a.test'],
      ['100 Ltd', 'b.test'],
      ['under_score', 'c.test'],
    ] as const)
      made.push(await organizations.create(environmentId, { name, domains: [{ domain }] }));
    const names = async (request: object): Promise<string[]> =>
      (await organizations.list(environmentId, { ...page, ...request })).data.map(({ name }) => name);
    expect(await names({})).toEqual(['under_score', '100 Ltd', '100% Ltd']);
    expect(await names({ search: '0%' })).toEqual(['100% Ltd']);
    expect(await names({ search: 'R_S' })).toEqual(['under_score']);
    expect(await names({ domains: ['B.test', 'a.test', 'none.test'] })).toEqual(['100 Ltd', '100% Ltd']);
    const first = await organizations.list(environmentId, { ...page, limit: 2 });
    expect(first).toEqual({ data: [made[2], made[1]], before: null, after: made[1]?.id });
    const second = await organizations.list(environmentId, { ...page, limit: 2, after: made[1]?.id ?? '' });
    expect(second).toEqual({ data: [made[0]], before: made[0]?.id, after: null });
    await expect(names({ search: '\u0000' })).rejects.toThrow(InvalidInputError);
  });

  it('adds, verifies and removes a domain', async () => {
    const { id } = await organizations.create(environmentId, { name: 'A' });
    const domain = await organizations.addDomain(environmentId, id, 'Shop.Example.COM');
    expect(domain).toMatchObject({ domain: 'shop.example.com', state: 'pending', organizationId: id });
    now += 1_000;
    const verified = await organizations.verifyDomain(environmentId, domain.id);
    expect(verified).toMatchObject({ state: 'verified', updatedAt: new Date(now).toISOString() });
    expect(await organizations.getDomain(environmentId, domain.id)).toMatchObject(verified);
    await expect(organizations.verifyDomain(environmentId, domain.id)).rejects.toMatchObject({
      code: 'domain_already_verified',
    });
    await organizations.removeDomain(environmentId, domain.id);
    await expect(organizations.removeDomain(environmentId, domain.id)).rejects.toThrow(NotFoundError);
    await expect(organizations.addDomain(environmentId, 'org_x', 'x.test')).rejects.toThrow(NotFoundError);
    expect((await eventsOf(environmentId)).map(({ event }) => event)).toEqual([
      'organization.created',
      'organization_domain.created',
      'organization_domain.verified',
      'organization_domain.deleted',
    ]);
  });

  it('removes an organization after its directories', async () => {
    const organization = await organizations.create(environmentId, {
      name: 'A',
      domains: [{ domain: 'gone.test' }],
    });
    const scim = { name: 'D', type: 'okta scim v2.0', dialect: 'okta', provider: null };
    const { directory } = await directories.create(environmentId, {
      ...scim,
      organizationId: organization.id,
    });
    await organizations.remove(environmentId, organization.id);
    expect((await eventsOf(directory.id)).map(({ event }) => event)).toEqual([
      'dsync.token.created',
      'dsync.deleted',
    ]);
    const last = (await eventsOf(environmentId)).at(-1);
    expect(last).toMatchObject({ event: 'organization.deleted', data: organizationWire(organization) });
    await expect(organizations.get(environmentId, organization.id)).rejects.toThrow(
      `Organization not found: '${organization.id}'.`,
    );
    await expect(organizations.remove(environmentId, organization.id)).rejects.toThrow(NotFoundError);
    await expect(directories.get(environmentId, directory.id)).rejects.toThrow(NotFoundError);
    // What it held is free again.
    await organizations.create(environmentId, { name: 'B', domains: [{ domain: 'gone.test' }] });
  });

  it('waits for a directory that is being created, and removes it too', async () => {
    const { id } = await organizations.create(environmentId, { name: 'A' });
    const { work } = await during(
      [
        `SELECT FROM organizations WHERE id = '${id}' FOR KEY SHARE`,
        `INSERT INTO streams (environment_id, stream_id) VALUES ('${environmentId}', 'directory_late')`,
        `INSERT INTO directories (environment_id, id, organization_id, name, type, external_key, state, created_at,
          updated_at) VALUES ('${environmentId}', 'directory_late', '${id}', 'D', 't', 'late', 'unlinked', now(), now())`,
      ],
      () => organizations.remove(environmentId, id),
    );
    await work;
    expect((await directories.list(environmentId, page)).data).toEqual([]);
    expect((await eventsOf('directory_late')).map(({ event }) => event)).toEqual(['dsync.deleted']);
  });

  it('lets no directory be created in an organization that is being removed', async () => {
    const organization = await organizations.create(environmentId, { name: 'A' });
    const scim = { name: 'D', type: 'okta scim v2.0', dialect: 'okta', provider: null };
    const { work } = await during([`DELETE FROM organizations WHERE id = '${organization.id}'`], () =>
      directories.create(environmentId, { ...scim, organizationId: organization.id }),
    );
    await expect(work).rejects.toThrow(NotFoundError);
    expect((await directories.list(environmentId, page)).data).toEqual([]);
  });

  it('gives out sequence numbers without gaps to concurrent writers', async () => {
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => organizations.create(environmentId, { name: `O${index}` })),
    );
    const sequences = (await eventsOf(environmentId)).map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  it('shows nothing of another environment', async () => {
    const created = await organizations.create(environmentId, { name: 'A', externalId: 'e' });
    const { id: other } = await new Environments(test.dataSource, clock).create('other');
    await expect(organizations.get(other, created.id)).rejects.toThrow(NotFoundError);
    await expect(organizations.getByExternalId(other, 'e')).rejects.toThrow(NotFoundError);
    await expect(organizations.update(other, created.id, { name: 'B' })).rejects.toThrow(NotFoundError);
    await expect(organizations.remove(other, created.id)).rejects.toThrow(NotFoundError);
    expect((await organizations.list(other, page)).data).toEqual([]);
  });
});
