import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthenticationError, NotFoundError, SecretBox, type JsonObject } from '#kernel';
import type { Directory } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { AccessTokens } from './access-tokens.js';
import { Directories } from './directories.js';
import { DirectoryAccess } from './directory-access.js';
import { DirectoryTokens, type RotatedToken } from './directory-tokens.js';
import { Environments } from './environments.js';
import { ExpiryNotices } from './expiry-notices.js';
import { OAuthClients } from './oauth-clients.js';
import { Organizations } from './organizations.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let test: TestDatabase;
let directories: Directories;
let tokens: DirectoryTokens;
let clients: OAuthClients;
let access: DirectoryAccess;
let environmentId: string;
let organizationId: string;
let directory: Directory;
let firstId: string;
let firstSecret: string;
let now = Date.parse('2026-11-24T12:00:00.000Z');
const clock = { now: () => new Date(now) };
const at = (fromNow: number): string => new Date(now + fromNow).toISOString();

beforeAll(async () => {
  test = await createTestDatabase({ entities: CONTROL_ENTITIES });
  directories = new Directories(test.dataSource, clock);
  tokens = new DirectoryTokens(test.dataSource, clock);
  clients = new OAuthClients(test.dataSource, clock);
});

afterAll(() => test.drop());

beforeEach(async () => {
  access = newAccess();
  environmentId = (await new Environments(test.dataSource, clock).create('test')).id;
  organizationId = (await new Organizations(test.dataSource, clock).create(environmentId, { name: 'A' })).id;
  const created = await createDirectory();
  directory = created.directory;
  firstId = created.token?.id ?? '';
  firstSecret = created.token?.secret ?? '';
});

function newAccess(): DirectoryAccess {
  const box = new SecretBox(`k1:${Buffer.alloc(32, 3).toString('base64')}`);
  return new DirectoryAccess(test.dataSource, clock, { accessTokens: new AccessTokens(box, clock) });
}

function createDirectory(): ReturnType<Directories['create']> {
  const scim = { name: 'D', type: 'okta scim v2.0', dialect: 'okta', provider: null };
  return directories.create(environmentId, { ...scim, organizationId });
}

async function eventsOf(streamId: string): Promise<{ event: string; data: JsonObject }[]> {
  const { rows } = await test.pool.query<{ body: string }>(
    'SELECT body FROM events WHERE environment_id = $1 AND stream_id = $2 ORDER BY sequence',
    [environmentId, streamId],
  );
  return rows.map(({ body }) => JSON.parse(body));
}

function opens(secret: string): Promise<boolean> {
  return newAccess()
    .authenticate(directory.externalKey, secret)
    .then(
      () => true,
      () => false,
    );
}

describe('rotating a token', () => {
  const rotate = (
    fields: { overlapHours?: number; tokenId?: string; expiresAt?: string | null } = {},
  ): Promise<RotatedToken> =>
    tokens.rotate({
      environmentId,
      directoryId: directory.id,
      tokenId: firstId,
      overlapHours: 24,
      ...fields,
    });

  it('lets both work until the overlap ends', async () => {
    const { created, old } = await rotate();
    expect(old).toMatchObject({ id: firstId, expiresAt: at(DAY), replacedBy: created.id });
    expect(created).toMatchObject({ name: 'SCIM token', expiresAt: null });
    expect(await tokens.list(environmentId, directory.id)).toMatchObject([old, { id: created.id }]);
    expect([await opens(firstSecret), await opens(created.secret)]).toEqual([true, true]);
    now += DAY;
    expect([await opens(firstSecret), await opens(created.secret)]).toEqual([false, true]);
    const types = (await eventsOf(directory.id)).map(({ event }) => event);
    expect(types).toEqual(['dsync.token.created', 'dsync.token.created']);
  });

  it('ends the old one at once without overlap, which also works when three are live', async () => {
    await tokens.create(environmentId, directory.id);
    await tokens.create(environmentId, directory.id);
    await expect(rotate()).rejects.toMatchObject({ code: 'too_many_credentials' });
    expect(await opens(firstSecret)).toBe(true);
    await rotate({ overlapHours: 0 });
    expect(await opens(firstSecret)).toBe(false);
  });

  it('gives the new one the lifetime of the old one, and never prolongs the old one', async () => {
    const brief = await tokens.create(environmentId, directory.id, { expiresAt: at(10 * HOUR) });
    now += HOUR;
    const { created, old } = await rotate({ tokenId: brief.id });
    expect([old.expiresAt, created.expiresAt]).toEqual([brief.expiresAt, at(10 * HOUR)]);
    const again = await rotate({ tokenId: created.id, overlapHours: 0, expiresAt: null });
    expect(again.created.expiresAt).toBeNull();
  });

  it('happens once to each token, also for concurrent callers', async () => {
    const outcomes = await Promise.allSettled([rotate(), rotate(), rotate()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(rotate()).rejects.toMatchObject({
      reason: 'state',
      message: expect.stringContaining('Rotate that one'),
    });
    expect(await tokens.list(environmentId, directory.id)).toHaveLength(2);
  });

  it('is refused for revoked, unknown and foreign tokens, and for odd overlaps', async () => {
    const other = await createDirectory();
    await expect(rotate({ tokenId: other.token?.id ?? '' })).rejects.toThrow(NotFoundError);
    const client = await clients.create(environmentId, directory.id);
    await expect(rotate({ tokenId: client.id })).rejects.toThrow(NotFoundError);
    for (const overlapHours of [-1, 721, Number.NaN])
      await expect(rotate({ overlapHours })).rejects.toMatchObject({
        problems: [{ field: 'overlap_hours' }],
      });
    await tokens.revoke(environmentId, directory.id, firstId);
    await expect(rotate()).rejects.toThrow(NotFoundError);
  });
});

describe('OAuth clients', () => {
  const issue = (
    client: { id: string; secret: string },
    key = directory.externalKey,
  ): Promise<{ token: string }> => access.issueAccessToken(key, client);

  it('count as credentials, and are listed apart from tokens', async () => {
    const client = await clients.create(environmentId, directory.id, { name: 'Entra' });
    expect(client).toMatchObject({ id: expect.stringMatching(/^oauth_client_/), name: 'Entra' });
    await tokens.create(environmentId, directory.id);
    for (const service of [tokens, clients])
      await expect(service.create(environmentId, directory.id)).rejects.toMatchObject({
        code: 'too_many_credentials',
      });
    expect((await clients.list(environmentId, directory.id)).map(({ id }) => id)).toEqual([client.id]);
    expect((await tokens.list(environmentId, directory.id)).map(({ id }) => id)).not.toContain(client.id);
    await expect(tokens.revoke(environmentId, directory.id, client.id)).rejects.toThrow(NotFoundError);
    await expect(clients.revoke(environmentId, directory.id, firstId)).rejects.toThrow(NotFoundError);
    await clients.revoke(environmentId, directory.id, client.id);
    const events = await eventsOf(directory.id);
    expect(events.map(({ event }) => event)).toEqual([
      'dsync.token.created',
      'directory.oauth_client_created',
      'dsync.token.created',
      'directory.oauth_client_revoked',
    ]);
    expect(JSON.stringify(events)).not.toContain(client.secret);
  });

  it('open their directory by access token, never by their secret', async () => {
    const client = await clients.create(environmentId, directory.id);
    const { token } = await issue(client);
    expect(await access.authenticate(directory.externalKey, token)).toMatchObject({ id: directory.id });
    await expect(access.authenticate(directory.externalKey, client.secret)).rejects.toThrow(
      AuthenticationError,
    );
    const other = await createDirectory();
    await expect(access.authenticate(other.directory.externalKey, token)).rejects.toThrow(
      AuthenticationError,
    );
    await expect(access.authenticate('nosuchkey', token)).rejects.toThrow(NotFoundError);
    now += HOUR;
    await expect(access.authenticate(directory.externalKey, token)).rejects.toThrow(AuthenticationError);
    for (let round = 0; round < 100; round += 1) {
      const [shown] = await clients.list(environmentId, directory.id);
      if (shown?.lastUsedAt !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await clients.list(environmentId, directory.id))[0]?.lastUsedAt).not.toBeNull();
  });

  it('get the same refusal for a wrong id, secret, directory and a bearer token', async () => {
    const client = await clients.create(environmentId, directory.id);
    const other = await createDirectory();
    const refusals = await Promise.all(
      [
        issue({ ...client, secret: 'wrong' }),
        issue({ ...client, secret: '' }),
        issue({ ...client, id: 'oauth_client_x' }),
        issue(client, other.directory.externalKey),
        issue(client, 'nosuchkey'),
        issue(client, 'k'.repeat(500)),
        issue({ id: firstId, secret: firstSecret }),
      ].map((work) =>
        work.then(
          () => 'issued',
          (error: Error) => `${error.name}: ${error.message}`,
        ),
      ),
    );
    expect(new Set(refusals).size).toBe(1);
    expect(refusals[0]).toContain('AuthenticationError: The client is not known');
  });

  it('take their access tokens with them within 3 s', async () => {
    const client = await clients.create(environmentId, directory.id);
    const { token } = await issue(client);
    await access.authenticate(directory.externalKey, token);
    await clients.revoke(environmentId, directory.id, client.id);
    now += 3_000;
    await expect(access.authenticate(directory.externalKey, token)).rejects.toThrow(AuthenticationError);
    await expect(issue(client)).rejects.toThrow(AuthenticationError);
  });

  it('expire, and their access tokens with them', async () => {
    const client = await clients.create(environmentId, directory.id, { expiresAt: at(10_000) });
    const { token } = await issue(client);
    await access.authenticate(directory.externalKey, token);
    now += 10_000;
    await expect(access.authenticate(directory.externalKey, token)).rejects.toThrow(AuthenticationError);
    await expect(issue(client)).rejects.toThrow(AuthenticationError);
  });

  it('do not hide that the database is away', async () => {
    const client = await clients.create(environmentId, directory.id);
    const broken = new DirectoryAccess(
      { manager: { findOneBy: () => Promise.reject(new Error('away')) }, getRepository: () => ({}) } as never,
      clock,
    );
    await expect(broken.issueAccessToken(directory.externalKey, client)).rejects.toThrow('away');
  });
});

describe('notices of expiry', () => {
  const workers = (): ExpiryNotices[] => [1, 2, 3].map(() => new ExpiryNotices(test.dataSource, clock));
  const announceAll = async (): Promise<number> => {
    const counts = await Promise.all(workers().map((worker) => worker.announce()));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const noticesOf = async (): Promise<unknown[]> =>
    (await eventsOf(environmentId))
      .filter(({ event }) => event.startsWith('directory.token_'))
      .map(({ event, data }) => [event, data['expires_in_days']]);

  // What the tests before left behind is none of these notices' business.
  beforeEach(async () => {
    await test.pool.query('UPDATE directory_tokens SET revoked_at = now() WHERE environment_id <> $1', [
      environmentId,
    ]);
  });

  it('come once for each stage, however many workers look', async () => {
    const { id } = await tokens.create(environmentId, directory.id, {
      name: 'Okta',
      expiresAt: at(30 * DAY),
    });
    expect(await announceAll()).toBe(0);
    for (const days of [16, 7, 6, 1]) {
      now += days * DAY;
      expect([days, await announceAll(), await announceAll()]).toEqual([days, 1, 0]);
    }
    expect(await noticesOf()).toEqual([
      ['directory.token_expiring', 14],
      ['directory.token_expiring', 7],
      ['directory.token_expiring', 1],
      ['directory.token_expired', 0],
    ]);
    const [first] = (await eventsOf(environmentId)).filter(
      ({ event }) => event === 'directory.token_expiring',
    );
    expect(first).toMatchObject({
      data: {
        object: 'directory_token',
        id,
        directory_id: directory.id,
        organization_id: organizationId,
        name: 'Okta',
      },
    });
    expect(first).not.toHaveProperty('directory_id');
    now += 30 * DAY;
    expect(await announceAll()).toBe(0);
  });

  it('that were missed are not made up for', async () => {
    await clients.create(environmentId, directory.id, { expiresAt: at(30 * DAY) });
    now += 29.5 * DAY;
    expect(await announceAll()).toBe(1);
    expect(await noticesOf()).toEqual([['directory.token_expiring', 0]]);
  });

  it('do not repeat what was known when the expiry was set', async () => {
    await tokens.create(environmentId, directory.id, { expiresAt: at(5 * DAY) });
    await tokens.rotate({ environmentId, directoryId: directory.id, tokenId: firstId, overlapHours: 20 });
    expect(await announceAll()).toBe(0);
    now += DAY;
    expect(await announceAll()).toBe(1);
    expect(await noticesOf()).toEqual([['directory.token_expired', 0]]);
  });

  it('are not sent for revoked tokens and deleted directories', async () => {
    const { id } = await tokens.create(environmentId, directory.id, { expiresAt: at(20 * DAY) });
    await tokens.create(environmentId, directory.id, { expiresAt: at(20 * DAY) });
    await tokens.revoke(environmentId, directory.id, id);
    await directories.remove(environmentId, directory.id);
    now += 10 * DAY;
    expect(await announceAll()).toBe(0);
  });
});
