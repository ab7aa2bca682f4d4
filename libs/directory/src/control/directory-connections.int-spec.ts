import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { CONTROL_ENTITIES } from '../entities/index.js';
import { Directories } from './directories.js';
import { DirectoryConnections } from './directory-connections.js';
import { Environments } from './environments.js';
import { Organizations } from './organizations.js';

let db: TestDatabase;
let connections: DirectoryConnections;
let key: { environmentId: string; directoryId: string };

const FAILURE = {
  code: 'invalid_credentials',
  message: 'The token was revoked.',
  remedy: 'Enter a new one.',
};
const open = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  connections = new DirectoryConnections(db.dataSource, systemClock);
});
afterAll(() => db.drop());

beforeEach(async () => {
  const { id: environmentId } = await new Environments(db.dataSource, systemClock).create('test');
  const organization = await new Organizations(db.dataSource, systemClock).create(environmentId, {
    name: 'Acme',
  });
  const { directory } = await new Directories(db.dataSource, systemClock).create(environmentId, {
    organizationId: organization.id,
    name: 'People',
    type: 'bamboohr',
    dialect: null,
    provider: 'bamboohr',
  });
  key = { environmentId, directoryId: directory.id };
});

async function events(): Promise<string[]> {
  const rows = await db.database.query<{ type: string }>({
    text: `SELECT type FROM events WHERE environment_id = $1 AND type NOT LIKE 'organization%' ORDER BY id`,
    values: [key.environmentId],
  });
  return rows.map((row) => row.type);
}

async function state(): Promise<string> {
  const { environmentId, directoryId } = key;
  return (await new Directories(db.dataSource, systemClock).get(environmentId, directoryId)).state;
}

describe('a polled directory', () => {
  it('is activated by the first run that reads it, and says so once', async () => {
    expect(await state()).toBe('validating');
    await connections.succeeded(key, open);
    await connections.succeeded(key, open);
    expect([await state(), await events()]).toEqual(['linked', ['dsync.activated']]);
  });

  it('tells of refused credentials and of their cure once each', async () => {
    await connections.succeeded(key, open);
    for (let again = 0; again < 2; again += 1) await connections.failed(key, FAILURE, open);
    expect(await state()).toBe('invalid_credentials');
    for (let again = 0; again < 2; again += 1) await connections.succeeded(key, open);
    expect(await state()).toBe('linked');
    expect(await events()).toEqual([
      'dsync.activated',
      'directory.connection_failed',
      'directory.connection_recovered',
    ]);
  });

  it('is still activated when its first credentials were wrong', async () => {
    await connections.failed(key, FAILURE, open);
    await connections.succeeded(key, open);
    expect(await events()).toEqual([
      'directory.connection_failed',
      'directory.connection_recovered',
      'dsync.activated',
    ]);
    expect(await state()).toBe('linked');
  });

  it('is left alone by a worker that lost its lease', async () => {
    const lost = (): Promise<void> => Promise.reject(new Error('lost'));
    await expect(connections.failed(key, FAILURE, lost)).rejects.toThrow('lost');
    await expect(connections.succeeded(key, lost)).rejects.toThrow('lost');
    expect([await state(), await events()]).toEqual(['validating', []]);
  });
});
