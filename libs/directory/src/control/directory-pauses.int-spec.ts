import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictError, InvalidInputError, NotFoundError, type JsonObject } from '#kernel';
import type { Directory } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Directories } from './directories.js';
import { DirectoryAccess } from './directory-access.js';
import { Environments } from './environments.js';
import { Organizations } from './organizations.js';

describe('pausing a directory', () => {
  let test: TestDatabase;
  let directories: Directories;
  let environmentId: string;
  let apiKeyId: string;
  let directory: Directory;
  let secret: string;
  let now = Date.parse('2026-11-24T12:00:00.000Z');
  const clock = { now: () => new Date(now) };

  beforeAll(async () => {
    test = await createTestDatabase({ entities: CONTROL_ENTITIES });
    directories = new Directories(test.dataSource, clock);
  });
  afterAll(() => test.drop());

  beforeEach(async () => {
    const environments = new Environments(test.dataSource, clock);
    environmentId = (await environments.create('test')).id;
    apiKeyId = (await environments.createApiKey(environmentId, { name: 'Ops', scopes: [] })).id;
    const { id } = await new Organizations(test.dataSource, clock).create(environmentId, { name: 'A' });
    const scim = { name: 'D', type: 'okta scim v2.0', dialect: 'okta', provider: null };
    const created = await directories.create(environmentId, { ...scim, organizationId: id });
    directory = created.directory;
    secret = created.token?.secret ?? '';
  });

  async function events(): Promise<{ event: string; data: JsonObject }[]> {
    const { rows } = await test.pool.query<{ body: string }>(
      `SELECT body FROM events WHERE stream_id = $1 AND type LIKE 'directory.%' ORDER BY sequence`,
      [directory.id],
    );
    return rows.map(({ body }) => JSON.parse(body));
  }

  it('says who did it and why, keeps the state that SDKs know, and is told in the log', async () => {
    const paused = await directories.pause(environmentId, directory.id, { apiKeyId, reason: 'Migration' });
    const pause = { at: new Date(now).toISOString(), by: 'Ops', reason: 'Migration' };
    expect(paused).toMatchObject({ state: 'unlinked', pause });
    expect(await directories.get(environmentId, directory.id)).toEqual(paused);
    now += 60_000;
    const resumed = await directories.resume(environmentId, directory.id);
    expect(resumed).toEqual({ ...directory, updatedAt: new Date(now).toISOString() });
    expect(await directories.get(environmentId, directory.id)).toEqual(resumed);
    const data = { directory_id: directory.id, paused_at: pause.at, paused_by: 'Ops', reason: 'Migration' };
    expect(await events()).toMatchObject([
      { event: 'directory.paused', data },
      { event: 'directory.resumed', data },
    ]);
  });

  it('takes the name that the caller gives, and refuses what cannot be stored', async () => {
    const bad = directories.pause(environmentId, directory.id, { apiKeyId, by: 'a\u0000' });
    await expect(bad).rejects.toThrow(InvalidInputError);
    const paused = await directories.pause(environmentId, directory.id, { apiKeyId, by: 'Ada Winter' });
    expect(paused.pause).toMatchObject({ by: 'Ada Winter', reason: null });
  });

  it('happens once, and ends once', async () => {
    const pause = (): Promise<Directory> => directories.pause(environmentId, directory.id, { apiKeyId });
    const outcomes = await Promise.allSettled([pause(), pause(), pause()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(pause()).rejects.toThrow(/paused by Ops at .* already/);
    await directories.resume(environmentId, directory.id);
    await expect(directories.resume(environmentId, directory.id)).rejects.toThrow(ConflictError);
    expect(await events()).toHaveLength(2);
  });

  it('is not possible for a stranger, and not for a deleted directory', async () => {
    const { id: other } = await new Environments(test.dataSource, clock).create('other');
    await expect(directories.pause(other, directory.id, { apiKeyId })).rejects.toThrow(NotFoundError);
    await expect(directories.resume(other, directory.id)).rejects.toThrow(NotFoundError);
    await directories.remove(environmentId, directory.id);
    await expect(directories.pause(environmentId, directory.id, { apiKeyId })).rejects.toThrow(NotFoundError);
  });

  it('is noticed by every process within 3 s', async () => {
    const elsewhere = new DirectoryAccess(test.dataSource, clock);
    expect((await elsewhere.authenticate(directory.externalKey, secret)).pause).toBeNull();
    await directories.pause(environmentId, directory.id, { apiKeyId });
    now += 3_000;
    expect((await elsewhere.authenticate(directory.externalKey, secret)).pause).not.toBeNull();
    await directories.resume(environmentId, directory.id);
    now += 3_000;
    expect((await elsewhere.authenticate(directory.externalKey, secret)).pause).toBeNull();
  });

  it('lets the environment limit reach the SCIM side within 3 s', async () => {
    const environments = new Environments(test.dataSource, clock);
    const elsewhere = new DirectoryAccess(test.dataSource, clock);
    const limit = async (): Promise<number | null> =>
      (await elsewhere.authenticate(directory.externalKey, secret)).environmentScimRateLimit;
    expect(await limit()).toBeNull();
    const updated = await environments.update(environmentId, { scimRateLimit: 50 });
    expect(updated).toMatchObject({ name: 'test', scimRateLimit: 50 });
    now += 3_000;
    expect(await limit()).toBe(50);
    await environments.update(environmentId, { name: 'renamed', scimRateLimit: null });
    expect(await environments.get(environmentId)).toMatchObject({ name: 'renamed', scimRateLimit: null });
    await expect(environments.update('environment_x', { name: 'x' })).rejects.toThrow(NotFoundError);
  });
});
