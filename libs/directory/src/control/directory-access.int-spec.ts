import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthenticationError, ConflictError, NotFoundError } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Directories, type CreatedDirectory } from './directories.js';
import { DirectoryAccess } from './directory-access.js';
import { DirectoryTokens } from './directory-tokens.js';
import { Environments } from './environments.js';
import { Organizations } from './organizations.js';

describe('tokens of a directory', () => {
  let test: TestDatabase;
  let directories: Directories;
  let tokens: DirectoryTokens;
  let access: DirectoryAccess;
  let environmentId: string;
  let organizationId: string;
  let now = Date.parse('2026-11-23T12:00:00.000Z');
  const clock = { now: () => new Date(now) };

  beforeAll(async () => {
    test = await createTestDatabase({ entities: CONTROL_ENTITIES });
    directories = new Directories(test.dataSource, clock);
    tokens = new DirectoryTokens(test.dataSource, clock);
    environmentId = (await new Environments(test.dataSource, clock).create('test')).id;
    organizationId = (await new Organizations(test.dataSource, clock).create(environmentId, { name: 'A' }))
      .id;
  });

  beforeEach(() => {
    access = new DirectoryAccess(test.dataSource, clock);
  });

  afterAll(() => test.drop());

  async function createScim(): Promise<CreatedDirectory & { secret: string }> {
    const input = { organizationId, name: 'D', type: 'okta scim v2.0', dialect: 'okta', provider: null };
    const created = await directories.create(environmentId, input);
    return { ...created, secret: created.token?.secret ?? '' };
  }

  async function eventTypes(streamId: string): Promise<string[]> {
    const { rows } = await test.pool.query('SELECT type FROM events WHERE stream_id = $1 ORDER BY sequence', [
      streamId,
    ]);
    return rows.map(({ type }) => type);
  }

  describe('DirectoryTokens', () => {
    it('creates, lists and revokes', async () => {
      const { directory, token: first } = await createScim();
      const expiresAt = new Date(now + 60_000).toISOString();
      const created = await tokens.create(environmentId, directory.id, { name: 'next', expiresAt });
      expect(created).toMatchObject({ name: 'next', suffix: created.secret.slice(-4), expiresAt });
      await tokens.revoke(environmentId, directory.id, first?.id ?? '');
      const { id, name, suffix, createdAt } = created;
      expect(await tokens.list(environmentId, directory.id)).toEqual([
        { id, name, suffix, createdAt, expiresAt, lastUsedAt: null, replacedBy: null },
      ]);
      await expect(tokens.revoke(environmentId, directory.id, first?.id ?? '')).rejects.toThrow(
        NotFoundError,
      );
      expect(await eventTypes(directory.id)).toEqual([
        'dsync.token.created',
        'dsync.token.created',
        'dsync.token.revoked',
      ]);
    });

    it('allows three that are live, also to concurrent callers', async () => {
      const { directory } = await createScim();
      const made = await Promise.allSettled(
        [1, 2, 3, 4].map(() => tokens.create(environmentId, directory.id)),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      const fourth = tokens.create(environmentId, directory.id);
      await expect(fourth).rejects.toThrow('at most 3 live credentials');
      await expect(fourth).rejects.toMatchObject({ name: 'InvalidInputError', code: 'too_many_credentials' });
    });

    it('does not count expired ones', async () => {
      const { directory } = await createScim();
      const expiresAt = new Date(now + 1_000).toISOString();
      for (let index = 0; index < 2; index += 1)
        await tokens.create(environmentId, directory.id, { expiresAt });
      now += 1_000;
      await tokens.create(environmentId, directory.id);
      await expect(tokens.create(environmentId, directory.id, { expiresAt })).rejects.toMatchObject({
        problems: [{ field: 'expires_at' }],
      });
    });

    it('has none for polled and removed directories', async () => {
      const polled = { organizationId, name: 'H', type: 'hibob', dialect: null, provider: 'hibob' };
      const { directory } = await directories.create(environmentId, polled);
      await expect(tokens.create(environmentId, directory.id)).rejects.toThrow(ConflictError);
      await directories.remove(environmentId, directory.id);
      await expect(tokens.create(environmentId, directory.id)).rejects.toThrow(NotFoundError);
      await expect(tokens.list(environmentId, directory.id)).rejects.toThrow(NotFoundError);
    });
  });

  describe('DirectoryAccess', () => {
    it('opens a directory by its own tokens only', async () => {
      const mine = await createScim();
      const other = await createScim();
      const { externalKey } = mine.directory;
      const [token] = await tokens.list(environmentId, mine.directory.id);
      expect(await access.authenticate(externalKey, mine.secret)).toEqual({
        ...mine.directory,
        environmentScimRateLimit: null,
        tokenId: token?.id,
      });
      await expect(access.authenticate(externalKey, other.secret)).rejects.toThrow(AuthenticationError);
      await expect(access.authenticate(externalKey, '')).rejects.toThrow(AuthenticationError);
      await expect(access.authenticate('nosuchkey', mine.secret)).rejects.toThrow(NotFoundError);
      await expect(access.authenticate('\u0000', mine.secret)).rejects.toThrow(NotFoundError);
      await expect(access.authenticate('k'.repeat(1_000), mine.secret)).rejects.toThrow(NotFoundError);
    });

    it('never takes an empty token, even if one were stored', async () => {
      const { directory, token } = await createScim();
      await test.pool.query(`UPDATE directory_tokens SET secret_hash = sha256('') WHERE id = $1`, [
        token?.id,
      ]);
      await expect(access.authenticate(directory.externalKey, '')).rejects.toThrow(AuthenticationError);
    });

    it('notices revocation and removal within 3 s, expiry at once', async () => {
      const { directory, secret, token } = await createScim();
      const { externalKey } = directory;
      const brief = await tokens.create(environmentId, directory.id, {
        expiresAt: new Date(now + 1_000).toISOString(),
      });
      await access.authenticate(externalKey, brief.secret);
      now += 1_000;
      await expect(access.authenticate(externalKey, brief.secret)).rejects.toThrow(AuthenticationError);

      await access.authenticate(externalKey, secret);
      await tokens.revoke(environmentId, directory.id, token?.id ?? '');
      now += 3_000;
      await expect(access.authenticate(externalKey, secret)).rejects.toThrow(AuthenticationError);

      const fresh = await tokens.create(environmentId, directory.id);
      await access.authenticate(externalKey, fresh.secret);
      await directories.remove(environmentId, directory.id);
      now += 3_000;
      await expect(access.authenticate(externalKey, fresh.secret)).rejects.toThrow(NotFoundError);
    });

    it('links the directory at its first request, once, and knows it from then on', async () => {
      const { directory, secret } = await createScim();
      const first = await Promise.all(
        Array.from({ length: 10 }, async () =>
          access.markConnected(await access.authenticate(directory.externalKey, secret)),
        ),
      );
      expect(first.every(({ state }) => state === 'linked')).toBe(true);
      const known = await access.authenticate(directory.externalKey, secret);
      expect(known.state).toBe('linked');
      expect(await access.markConnected(known)).toBe(known);
      expect(await eventTypes(directory.id)).toEqual(['dsync.token.created', 'dsync.activated']);
    });

    it('notes when a token was used', async () => {
      const { directory, secret } = await createScim();
      await access.authenticate(directory.externalKey, secret);
      const lastUsed = async (): Promise<string | null | undefined> =>
        (await tokens.list(environmentId, directory.id))[0]?.lastUsedAt;
      for (let round = 0; round < 100 && (await lastUsed()) === null; round += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await lastUsed()).toBe(new Date(now).toISOString());
    });

    it('notes which dialect it hears, once a minute, without touching the directory otherwise', async () => {
      const { directory } = await createScim();
      const { id } = directory;
      const heard = async (): Promise<string | null> =>
        (await directories.get(environmentId, id)).detectedDialect;
      const becomes = async (expected: string): Promise<void> => {
        for (let round = 0; round < 100 && (await heard()) !== expected; round += 1)
          await new Promise((resolve) => setTimeout(resolve, 20));
        expect(await heard()).toBe(expected);
      };
      access.noteDialect(directory, 'okta');
      access.noteDialect(directory, 'entra');
      await becomes('okta');
      expect(await directories.get(environmentId, id)).toEqual({ ...directory, detectedDialect: 'okta' });
      now += 60_000;
      access.noteDialect(directory, 'entra');
      await becomes('entra');
    });
  });
});
