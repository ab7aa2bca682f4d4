import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundError, type JsonObject } from '#kernel';
import { activatedDirectoryWire, eventDirectoryWire } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Directories, type CreatedDirectory } from './directories.js';
import { Environments } from './environments.js';
import { Organizations } from './organizations.js';

describe('Directories', () => {
  let test: TestDatabase;
  let directories: Directories;
  let organizations: Organizations;
  let environmentId: string;
  let organizationId: string;
  let now = Date.parse('2026-11-23T12:00:00.000Z');
  const clock = { now: () => new Date(now) };
  const committed: string[][] = [];
  const page = { limit: 10, order: 'desc' as const };

  beforeAll(async () => {
    test = await createTestDatabase({ entities: CONTROL_ENTITIES });
    organizations = new Organizations(test.dataSource, clock);
    directories = new Directories(test.dataSource, clock, {
      afterCommit: (...ids) => void committed.push(ids),
    });
  });

  beforeEach(async () => {
    environmentId = (await new Environments(test.dataSource, clock).create('test')).id;
    const domains = [{ domain: 'first.test' }, { domain: 'second.test' }];
    organizationId = (await organizations.create(environmentId, { name: 'A', domains })).id;
    committed.length = 0;
  });

  afterAll(() => test.drop());

  function createScim(name = 'People'): Promise<CreatedDirectory> {
    const input = { organizationId, name, type: 'okta scim v2.0', dialect: 'okta', provider: null };
    return directories.create(environmentId, input);
  }

  async function eventsOf(
    streamId: string,
  ): Promise<{ event: string; directory_id: string; data: JsonObject }[]> {
    const { rows } = await test.pool.query<{ body: string }>(
      'SELECT body FROM events WHERE environment_id = $1 AND stream_id = $2 ORDER BY sequence',
      [environmentId, streamId],
    );
    return rows.map(({ body }) => JSON.parse(body));
  }

  /** Until as many statements of this database wait for a lock. */
  async function untilWaiting(count: number): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      const [row] = await test.asOwner(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (row?.['waiting'] === count) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`Never ${count} statements waited`);
  }

  it('creates a SCIM directory with its first token', async () => {
    const { directory, token } = await createScim(' People ');
    expect(directory).toEqual({
      id: directory.id,
      environmentId,
      organizationId,
      name: 'People',
      type: 'okta scim v2.0',
      dialect: 'okta',
      provider: null,
      externalKey: directory.externalKey,
      state: 'unlinked',
      config: {},
      detectedDialect: null,
      pause: null,
      createdAt: new Date(now).toISOString(),
      updatedAt: new Date(now).toISOString(),
    });
    expect(directory.externalKey).toMatch(/^[a-z0-9]{16}$/);
    expect(await directories.get(environmentId, directory.id)).toEqual(directory);
    const [event] = await eventsOf(directory.id);
    expect(event).toMatchObject({
      event: 'dsync.token.created',
      directory_id: directory.id,
      data: { id: token?.id, directory_id: directory.id, token_suffix: token?.secret.slice(-4) },
    });
    expect(JSON.stringify(event)).not.toContain(token?.secret);
    expect(committed).toEqual([[environmentId, directory.id]]);
  });

  it('creates a polled directory without a token', async () => {
    const input = { organizationId, name: 'HR', type: 'bamboohr', dialect: null, provider: 'bamboohr' };
    const { directory, token } = await directories.create(environmentId, { ...input, config: { a: [null] } });
    expect(token).toBeNull();
    expect(await directories.get(environmentId, directory.id)).toMatchObject({
      state: 'validating',
      config: { a: [null] },
    });
    expect(committed).toEqual([]);
  });

  it('creates nothing for an organization that does not exist', async () => {
    organizationId = 'org_x';
    await expect(createScim()).rejects.toThrow("Organization not found: 'org_x'.");
    expect(
      (await test.pool.query('SELECT FROM streams WHERE environment_id = $1', [environmentId])).rowCount,
    ).toBe(1);
  });

  it('lists by organization, domain and part of the name', async () => {
    const { directory: first } = await createScim('Head_office');
    const { directory: second } = await createScim('Headquarters');
    const ids = async (request: object): Promise<string[]> =>
      (await directories.list(environmentId, { ...page, ...request })).data.map(({ id }) => id);
    expect(await ids({})).toEqual([second.id, first.id]);
    expect(await ids({ order: 'asc', limit: 1 })).toEqual([first.id]);
    expect(await ids({ after: second.id })).toEqual([first.id]);
    expect(await ids({ search: 'head_' })).toEqual([first.id]);
    expect(await ids({ domain: 'SECOND.test' })).toEqual([second.id, first.id]);
    expect(await ids({ domain: 'none.test' })).toEqual([]);
    expect(await ids({ organizationId })).toHaveLength(2);
    expect(await ids({ organizationId: 'org_x' })).toEqual([]);
  });

  it('changes name and configuration', async () => {
    const { directory } = await createScim();
    now += 1_000;
    const changes = { name: 'Staff', config: { deletion: 'keep' } };
    const changed = await directories.update(environmentId, directory.id, changes);
    expect(changed).toEqual({ ...directory, ...changes, updatedAt: new Date(now).toISOString() });
    expect(await directories.update(environmentId, directory.id, {})).toEqual(changed);
    const settings = await directories.update(environmentId, directory.id, { config: { a: 1, b: 2 } });
    expect(settings.config).toEqual({ deletion: 'keep', a: 1, b: 2 });
    // Both wait for a third writer, so that neither has read what the other writes.
    const client = await test.pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM directories WHERE id = $1 FOR UPDATE', [directory.id]);
    const updates = [
      directories.update(environmentId, directory.id, { config: { a: null, c: 3 } }),
      directories.update(environmentId, directory.id, { config: { d: 4 } }),
    ];
    await untilWaiting(2);
    await client.query('COMMIT');
    client.release();
    await Promise.all(updates);
    const { config } = await directories.get(environmentId, directory.id);
    expect(config).toEqual({ deletion: 'keep', b: 2, c: 3, d: 4 });
    await expect(directories.update(environmentId, 'directory_x', { name: 'X' })).rejects.toThrow(
      NotFoundError,
    );
  });

  it('changes the dialect together with the type', async () => {
    const { directory } = await createScim();
    const kind = { type: 'azure scim v2.0', dialect: 'entra' };
    expect(await directories.update(environmentId, directory.id, { kind })).toMatchObject(kind);
    expect(await directories.get(environmentId, directory.id)).toMatchObject({ name: 'People', ...kind });
  });

  it('links a directory once, however many first requests come', async () => {
    const { directory } = await createScim();
    now += 1_000;
    // All connections must be open already, or the first one is done before the others start.
    await Promise.all(Array.from({ length: 8 }, () => test.pool.query('SELECT pg_sleep(0.05)')));
    const linked = await Promise.all(Array.from({ length: 8 }, () => directories.markConnected(directory)));
    expect(new Set(linked.map(({ state }) => state))).toEqual(new Set(['linked']));
    const stored = await directories.get(environmentId, directory.id);
    expect(stored).toEqual({ ...directory, state: 'linked', updatedAt: new Date(now).toISOString() });
    const { domains } = await organizations.get(environmentId, organizationId);
    const events = await eventsOf(directory.id);
    expect(events.map(({ event }) => event)).toEqual(['dsync.token.created', 'dsync.activated']);
    expect(events[1]?.data).toEqual(activatedDirectoryWire(stored, domains));
    expect(events[1]?.data).toMatchObject({ domains: [{ domain: 'first.test' }, { domain: 'second.test' }] });
  });

  it('removes a directory with one event that shows the state before', async () => {
    const { directory } = await createScim();
    const linked = await directories.markConnected(directory);
    await directories.remove(environmentId, directory.id);
    expect((await eventsOf(directory.id)).at(-1)).toMatchObject({
      event: 'dsync.deleted',
      data: eventDirectoryWire(linked),
    });
    await expect(directories.get(environmentId, directory.id)).rejects.toThrow(
      `Directory not found: '${directory.id}'.`,
    );
    await expect(directories.remove(environmentId, directory.id)).rejects.toThrow(NotFoundError);
    await expect(directories.markConnected(directory)).rejects.toThrow(NotFoundError);
    await expect(directories.update(environmentId, directory.id, { name: 'X' })).rejects.toThrow(
      NotFoundError,
    );
    expect((await directories.list(environmentId, page)).data).toEqual([]);
    const { rows } = await test.pool.query(
      'SELECT state, revoked_at FROM directories JOIN directory_tokens t ON t.directory_id = directories.id WHERE directories.id = $1',
      [directory.id],
    );
    expect(rows).toEqual([{ state: 'deleting', revoked_at: new Date(now).toISOString() }]);
  });

  it('purges what a worker was still writing when the directory went', async () => {
    const { directory } = await createScim();
    await directories.remove(environmentId, directory.id);
    const worker = await test.pool.connect();
    try {
      await worker.query('BEGIN');
      await worker.query(
        'INSERT INTO sync_schedules (environment_id, directory_id, needs_approval) VALUES ($1, $2, false)',
        [environmentId, directory.id],
      );
      await worker.query('COMMIT');
      await worker.query('BEGIN');
      await worker.query('SELECT FROM sync_schedules WHERE directory_id = $1 FOR KEY SHARE', [directory.id]);
      const purged = directories.purgeDeleted(1_000);
      await worker.query(
        `INSERT INTO source_members (environment_id, directory_id, group_id, member_kind, member_id)
          VALUES ($1, $2, 'g', 'user', 'u')`,
        [environmentId, directory.id],
      );
      await untilWaiting(1);
      await worker.query('COMMIT');
      expect(await purged).toBe(false);
    } finally {
      await worker.query('ROLLBACK');
      worker.release();
    }
    const { rows } = await test.pool.query('SELECT FROM source_members WHERE directory_id = $1', [
      directory.id,
    ]);
    expect(rows).toEqual([]);
  });

  it('counts and purges what a directory holds, bit by bit', async () => {
    await directories.purgeDeleted(1_000);
    const { directory } = await createScim();
    const { directory: kept } = await createScim('Kept');
    for (const { id } of [directory, kept]) await fill(id);
    expect(await directories.counts(environmentId, directory.id)).toEqual({
      activeUsers: 2,
      inactiveUsers: 1,
      groups: 1,
    });
    expect(await directories.purgeDeleted(100)).toBe(false);
    await directories.remove(environmentId, directory.id);
    let rounds = 1;
    while (await directories.purgeDeleted(2)) rounds += 1;
    // 2 edges and 1 record of the source, 3 memberships, 1 pending, 4 users, 2 groups, 2 run items, 3 requests, the directory.
    expect(rounds).toBe(10);
    const { rows } = await test.pool.query(
      `SELECT (SELECT count(*) FROM directories WHERE id = $1) AS directories,
        (SELECT count(*) FROM directory_tokens WHERE directory_id = $1) AS tokens,
        (SELECT count(*) FROM directory_users WHERE directory_id = $1) AS users,
        (SELECT count(*) FROM scim_requests WHERE directory_id = $1) AS requests,
        (SELECT count(*) FROM scim_requests WHERE directory_id = $2) AS kept,
        (SELECT count(*) FROM source_members WHERE directory_id = $2) AS edges,
        (SELECT count(*) FROM sync_run_items WHERE directory_id = $2) AS items,
        (SELECT count(*) FROM streams WHERE stream_id = $1) AS streams`,
      [directory.id, kept.id],
    );
    expect(rows).toEqual([
      { directories: 0, tokens: 0, users: 0, requests: 0, kept: 3, edges: 2, items: 2, streams: 1 },
    ]);
    expect(await eventsOf(directory.id)).toHaveLength(2);
    expect((await directories.counts(environmentId, kept.id)).activeUsers).toBe(2);
  });

  it('tells the first domain of each organization', async () => {
    const { id: bare } = await organizations.create(environmentId, { name: 'bare' });
    const domains = await directories.firstDomains(environmentId, [organizationId, bare]);
    expect([...domains]).toEqual([[organizationId, 'first.test']]);
    expect(await directories.firstDomains(environmentId, [])).toEqual(new Map());
  });

  it('shows nothing of another environment', async () => {
    const { directory } = await createScim();
    const { id: other } = await new Environments(test.dataSource, clock).create('other');
    await expect(directories.get(other, directory.id)).rejects.toThrow(NotFoundError);
    await expect(directories.remove(other, directory.id)).rejects.toThrow(NotFoundError);
    await expect(directories.counts(other, directory.id)).rejects.toThrow(NotFoundError);
    expect((await directories.list(other, page)).data).toEqual([]);
  });

  /** Three users and one group that exist, one of each that is a tombstone, their memberships, and three requests. */
  async function fill(directoryId: string): Promise<void> {
    // In three partitions, so that only a key tells them apart.
    await test.pool.query(
      `INSERT INTO scim_requests (environment_id, directory_id, id, request_id, scim_version, method, path, status,
          duration_ms, summary, headers, created_at)
        SELECT $1, $2, 'r' || n, 'r', '2.0', 'GET', '/Users', 200, 1, 'read', '{}', now() + n * interval '1 week'
        FROM generate_series(0, 2) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO sync_run_items (environment_id, directory_id, run_id, id, kind, detail, created_at)
        SELECT $1, $2, 'run', 'i' || n, 'change', '{}', now() + n * interval '1 week' FROM generate_series(0, 1) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO source_records (environment_id, directory_id, kind, source_id, entity_id, digest)
        VALUES ($1, $2, 'user', 's1', 'u1', 'd')`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO source_members (environment_id, directory_id, group_id, member_kind, member_id)
        SELECT $1, $2, 's' || n, 'user', 's1' FROM generate_series(2, 3) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO directory_users (environment_id, directory_id, id, user_name, user_name_key, emails, active,
          asserted_active, raw, folded, custom_attributes, version, created_at, updated_at, deleted_at, asserted_deleted_at)
        SELECT $1, $2, 'u' || n, 'u' || n, 'u' || n, '[]', n <> 3, n <> 3, '{}', '{}', '{}', 1, now(), now(),
          CASE WHEN n = 4 THEN now() END, CASE WHEN n = 4 THEN now() END
        FROM generate_series(1, 4) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO directory_groups (environment_id, directory_id, id, name, name_key, raw, folded, version,
          created_at, updated_at, last_modified, deleted_at)
        SELECT $1, $2, 'g' || n, 'g' || n, 'g' || n, '{}', '{}', 1, now(), now(), now(), CASE WHEN n = 2 THEN now() END
        FROM generate_series(1, 2) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO memberships (environment_id, directory_id, group_id, user_id, created_at)
        SELECT $1, $2, 'g1', 'u' || n, now() FROM generate_series(1, 3) AS n`,
      [environmentId, directoryId],
    );
    await test.pool.query(
      `INSERT INTO pending_memberships (environment_id, directory_id, group_id, value, created_at)
        VALUES ($1, $2, 'g1', 'nobody', now())`,
      [environmentId, directoryId],
    );
  }
});
