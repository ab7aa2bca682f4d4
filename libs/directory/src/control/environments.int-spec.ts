import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthenticationError, ConflictError, InvalidInputError, NotFoundError } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Environments } from './environments.js';

describe('Environments', () => {
  let test: TestDatabase;
  let environments: Environments;
  let now = Date.parse('2026-11-23T12:00:00.000Z');
  const clock = { now: () => new Date(now) };

  beforeAll(async () => {
    test = await createTestDatabase({ entities: CONTROL_ENTITIES });
    environments = new Environments(test.dataSource, clock);
  });

  afterAll(() => test.drop());

  it('creates an environment with its stream', async () => {
    const created = await environments.create('  Live ');
    expect(created).toEqual({
      id: created.id,
      name: 'Live',
      scimRateLimit: null,
      createdAt: '2026-11-23T12:00:00.000Z',
    });
    expect(await environments.get(created.id)).toEqual(created);
    expect(await environments.list()).toContainEqual(created);
    const streams = await test.pool.query('SELECT sequence FROM streams WHERE stream_id = $1', [created.id]);
    expect(streams.rows).toEqual([{ sequence: 0 }]);
    await expect(environments.create('  ')).rejects.toThrow(InvalidInputError);
  });

  it('ensures a fixed environment once, by many processes at the same time', async () => {
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) => environments.ensure('environment_default', name)),
    );
    expect(new Set(made.map(({ name }) => name)).size).toBe(1);
    expect(await environments.ensure('environment_default', 'other')).toEqual(made[0]);
  });

  it('does not know what does not exist', async () => {
    await expect(environments.get('environment_x')).rejects.toThrow(
      "Environment not found: 'environment_x'.",
    );
    await expect(environments.get('a\u0000b')).rejects.toThrow(NotFoundError);
    await expect(environments.createApiKey('environment_x', { name: 'k', scopes: [] })).rejects.toThrow(
      NotFoundError,
    );
  });

  describe('API keys', () => {
    let environmentId: string;

    beforeAll(async () => {
      environmentId = (await environments.create('keys')).id;
    });

    it('shows a key once and stores its digest only', async () => {
      const created = await environments.createApiKey(environmentId, {
        name: 'ci',
        scopes: ['events:read', 'events:read'],
      });
      expect(created.key).toMatch(/^sk_[\w-]{43}$/);
      expect(created.scopes).toEqual(['events:read']);
      const listed = await environments.listApiKeys(environmentId);
      expect(listed).toEqual([
        {
          id: created.id,
          name: 'ci',
          scopes: ['events:read'],
          createdAt: created.createdAt,
          expiresAt: null,
          lastUsedAt: null,
        },
      ]);
      const dump = await test.pool.query('SELECT api_keys::text AS row FROM api_keys');
      expect(JSON.stringify(dump.rows)).not.toContain(created.key);
    });

    it('refuses unknown scopes and past expiry', async () => {
      await expect(
        environments.createApiKey(environmentId, { name: 'k', scopes: ['everything'] }),
      ).rejects.toMatchObject({ problems: [{ field: 'scopes' }] });
      await expect(
        environments.createApiKey(environmentId, {
          name: 'k',
          scopes: [],
          expiresAt: '2020-01-01T00:00:00Z',
        }),
      ).rejects.toMatchObject({ problems: [{ field: 'expires_at' }] });
    });

    it('takes a given secret once, whoever comes first', async () => {
      const input = { name: 'bootstrap', scopes: ['instance:admin'], secret: 'sk_given_by_the_operator' };
      const made = await Promise.all([1, 2, 3].map(() => environments.createApiKey(environmentId, input)));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made[0]?.key).toBe('sk_given_by_the_operator');
      const other = await environments.create('other');
      await expect(environments.createApiKey(other.id, input)).rejects.toThrow(ConflictError);
    });

    it('tells who calls and notes it once a minute', async () => {
      const { id, key } = await environments.createApiKey(environmentId, {
        name: 'app',
        scopes: ['events:read'],
      });
      const identity = { environmentId, apiKeyId: id, scopes: ['events:read'] };
      const lastUsed = async (): Promise<string | null | undefined> =>
        (await environments.listApiKeys(environmentId)).find((known) => known.id === id)?.lastUsedAt;
      expect(await environments.authenticate(key)).toEqual(identity);
      const first = new Date(now).toISOString();
      await until(async () => (await lastUsed()) === first);
      now += 59_000;
      await environments.authenticate(key);
      now += 1_000;
      await environments.authenticate(key);
      await until(async () => (await lastUsed()) === new Date(now).toISOString());
    });

    it('refuses what is unknown, empty, expired or revoked', async () => {
      const expiresAt = new Date(now + 2_000).toISOString();
      const brief = await environments.createApiKey(environmentId, { name: 'brief', scopes: [], expiresAt });
      await environments.authenticate(brief.key);
      now += 2_000;
      // Still inside the time that an accepted key is remembered.
      await expect(environments.authenticate(brief.key)).rejects.toThrow(AuthenticationError);
      await expect(environments.authenticate('')).rejects.toThrow(AuthenticationError);
      await expect(environments.authenticate('sk_nobody')).rejects.toThrow(AuthenticationError);

      const gone = await environments.createApiKey(environmentId, { name: 'gone', scopes: [] });
      await environments.authenticate(gone.key);
      await environments.revokeApiKey(environmentId, gone.id);
      await expect(environments.authenticate(gone.key)).rejects.toThrow(AuthenticationError);
      await expect(environments.revokeApiKey(environmentId, gone.id)).rejects.toThrow(NotFoundError);
    });

    it('learns within 3 s of a revocation by another process', async () => {
      const { id, key } = await environments.createApiKey(environmentId, { name: 'far', scopes: [] });
      await environments.authenticate(key);
      await new Environments(test.dataSource, clock).revokeApiKey(environmentId, id);
      now += 3_000;
      await expect(environments.authenticate(key)).rejects.toThrow(AuthenticationError);
    });

    it('keeps environments apart', async () => {
      const { id } = await environments.createApiKey(environmentId, { name: 'mine', scopes: [] });
      const other = await environments.create('other');
      await expect(environments.revokeApiKey(other.id, id)).rejects.toThrow(NotFoundError);
      expect(await environments.listApiKeys(other.id)).toEqual([]);
    });
  });
});

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 100 && !(await isDone()); round += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await isDone()).toBe(true);
}
