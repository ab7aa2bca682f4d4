import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CONTROL_ENTITIES, Directories, Environments, Organizations } from '#directory';
import { SecretBox, systemClock } from '#kernel';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SyncWorld } from '../../test-support/sync-world.js';
import type { Connector, RotatingSecrets } from '../index.js';
import { UploadBox } from '../uploads/upload-box.js';
import { ConnectionCheck } from './connection-check.js';
import { Connections } from './connections.js';
import { Credentials } from './credentials.js';
import { EnteredSecrets } from './entered-secrets.js';
import { fenceOf, LeaseLostError } from './lease-store.js';
import { StoredSecrets } from './stored-secrets.js';

const FIELD = 'api_token';
const KEYS = `new:${Buffer.alloc(32, 2).toString('base64')},k1:${Buffer.alloc(32, 1).toString('base64')}`;

let db: TestDatabase;
let world: SyncWorld;
let connector: Connector;
let connections: Connections;
let credentials: Credentials;
let environmentId: string;
let organizationId: string;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
});
afterAll(() => db.drop());

/** A source whose token rotates: using `t` gives `t'`. */
function rotatingConnector(): Connector {
  const scripted = new ScriptedSource({ streams: { users: [[aSourceUser('ada')]] } }).connector();
  const form = scripted.manifest.form.map((field) =>
    field.key === FIELD ? { ...field, rotates: true } : field,
  );
  return {
    ...scripted,
    manifest: { ...scripted.manifest, form },
    connect: (config, ports) => {
      const source = scripted.connect(config, ports);
      return {
        ...source,
        check: async () => {
          const entered = (config as Record<string, string>)[FIELD] as string;
          const from = (await ports.secrets.current(FIELD)) ?? entered;
          expect(await ports.secrets.replace(FIELD, { from, to: `${from}'` })).toBe(true);
          return { users: 1, groups: 0, samples: [aSourceUser('ada')], warnings: [] };
        },
      };
    },
  };
}

beforeEach(async () => {
  connector = rotatingConnector();
  world = new SyncWorld(db.database, [connector]);
  const { registry, secretBox } = world;
  credentials = new Credentials({ database: db.database, secretBox });
  connections = new Connections({
    registry,
    directories: new Directories(db.dataSource, systemClock),
    credentials,
  });
  environmentId = (await new Environments(db.dataSource, systemClock).create('test')).id;
  const organizations = new Organizations(db.dataSource, systemClock);
  organizationId = (await organizations.create(environmentId, { name: 'Acme' })).id;
});
afterEach(() => world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']));

async function create(token: string): Promise<string> {
  const config = { domain: 'example.com', api_token: token };
  const input = { organizationId, name: 'People', provider: 'scripted', config };
  return (await connections.create(environmentId, input)).directory.id;
}

const key = (directoryId: string): { environmentId: string; directoryId: string } => ({
  environmentId,
  directoryId,
});
const parts = (): { database: typeof db.database; secretBox: SecretBox } => ({
  database: db.database,
  secretBox: world.secretBox,
});
const storedIn = async (directoryId: string): Promise<string | undefined> =>
  (await credentials.open(key(directoryId)))[FIELD];
const entered = (token: string): RotatingSecrets =>
  new EnteredSecrets(parts(), environmentId, new Map([[FIELD, token]]));

async function check(token: string | undefined, directoryId: string | null = null): Promise<void> {
  const ignore = (): void => undefined;
  const answers: Record<string, string> = token === undefined ? {} : { [FIELD]: token };
  const given =
    directoryId === null
      ? { domain: 'example.com', ...answers }
      : (await connections.settingsWith(environmentId, directoryId, answers)).answers;
  const report = await new ConnectionCheck({
    ...parts(),
    clock: systemClock,
    uploads: (directory) => new UploadBox(db.database).filesOf(directory),
    guard: { policy: { isAllowed: () => true }, resolver: { resolve: () => Promise.resolve([]) } },
    http: () => {
      throw new Error('a scripted source asks nobody');
    },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  }).run(connector, { environmentId, organizationId, directoryId, answers: given });
  expect(report.error).toBeNull();
}

describe('a rotating secret of a directory', () => {
  it('is replaced sealed, while the run has its lease', async () => {
    const id = await create('t');
    const [claim] = await world.claim();
    if (!claim) throw new Error('nothing claimed');
    const secrets = new StoredSecrets(parts(), claim, fenceOf(claim));
    expect(await secrets.current(FIELD)).toBe('t');
    expect(await secrets.replace(FIELD, { from: 't', to: 'u' })).toBe(true);
    expect(await secrets.current(FIELD)).toBe('u');
    const rows = await world.sql('SELECT sealed FROM directory_credentials WHERE directory_id = $1', [id]);
    expect(rows).toEqual([{ sealed: expect.stringMatching(/^k1\./) }]);
    await world.expireLease(id);
    await world.makeDue(id);
    expect(await world.claim(1, 'other')).toHaveLength(1);
    await expect(secrets.replace(FIELD, { from: 'u', to: 'v' })).rejects.toThrow(LeaseLostError);
    expect(await storedIn(id)).toBe('u');
  });

  it('is not replaced when somebody has entered another one meanwhile', async () => {
    const id = await create('t');
    const secrets = new StoredSecrets(parts(), key(id));
    await connections.changeCredentials(environmentId, id, { api_token: 'better' });
    expect(await secrets.replace(FIELD, { from: 't', to: 'u' })).toBe(false);
    expect(await storedIn(id)).toBe('better');
  });

  it('is replaced by one of many who have used the same one', async () => {
    const id = await create('t');
    const secrets = new StoredSecrets(parts(), key(id));
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => secrets.replace(FIELD, { from: 't', to: `u${index}` })),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await storedIn(id)).toBe(`u${results.indexOf(true)}`);
  });

  it('is replaced although it was sealed again meanwhile', async () => {
    const id = await create('t');
    const secretBox = new SecretBox(KEYS);
    const secrets = new StoredSecrets({ ...parts(), secretBox }, key(id));
    expect(await secrets.current(FIELD)).toBe('t');
    await new Credentials({ database: db.database, secretBox }).reseal(1_000);
    expect(await secrets.replace(FIELD, { from: 't', to: 'u' })).toBe(true);
    expect(await secrets.current(FIELD)).toBe('u');
    await db.asOwner('DELETE FROM directory_credentials');
  });

  it('is not undone by entering again what it came from', async () => {
    const id = await create('t');
    await new StoredSecrets(parts(), key(id)).replace(FIELD, { from: 't', to: 'u' });
    await connections.changeCredentials(environmentId, id, { api_token: 't' });
    await connections.changeSettings(environmentId, id, {
      config: { domain: 'example.com', api_token: 't' },
    });
    expect(await storedIn(id)).toBe('u');
    await connections.changeCredentials(environmentId, id, { api_token: 'x' });
    expect(await storedIn(id)).toBe('x');
    await connections.changeCredentials(environmentId, id, { api_token: 't' });
    expect(await storedIn(id)).toBe('t');
  });
});

describe('a connection test', () => {
  it('of a directory replaces what is stored there', async () => {
    const id = await create('t');
    await check(undefined, id);
    await check('t', id);
    expect(await storedIn(id)).toBe("t''");
    expect(await world.sql('SELECT digest FROM entered_secrets')).toEqual([]);
  });

  it('of another secret leaves the stored one alone, and hands its successor over when it is entered', async () => {
    const id = await create('t');
    await check('n', id);
    expect(await storedIn(id)).toBe('t');
    await connections.changeCredentials(environmentId, id, { api_token: 'n' });
    expect(await storedIn(id)).toBe("n'");
  });

  it('before the directory exists can be repeated, and does not lock the directory out', async () => {
    await check('t');
    await check('t');
    const rows = await world.sql('SELECT digest, sealed FROM entered_secrets');
    expect(rows).toEqual([
      { digest: expect.not.stringMatching(/^t/), sealed: expect.stringMatching(/^k1\./) },
    ]);
    const id = await create('t');
    expect(await storedIn(id)).toBe("t''");
    // It belongs to that directory now.
    expect(await world.sql('SELECT digest FROM entered_secrets')).toEqual([]);
    await connections.changeCredentials(environmentId, id, { api_token: 't' });
    expect(await storedIn(id)).toBe("t''");
  });

  it('keeps the successor when creating the directory fails', async () => {
    await check('t');
    const refused = connections.create(environmentId, {
      organizationId: 'org_none',
      name: 'People',
      provider: 'scripted',
      config: { domain: 'example.com', api_token: 't' },
    });
    await expect(refused).rejects.toThrow();
    expect(await storedIn(await create('t'))).toBe("t'");
  });

  it('hands over to nobody else: not to another environment, and not after a week', async () => {
    await check('t');
    const mine = environmentId;
    environmentId = (await new Environments(db.dataSource, systemClock).create('other')).id;
    expect(await entered('t').current(FIELD)).toBeNull();
    environmentId = mine;
    expect(await entered('t').current(FIELD)).toBe("t'");
    await world.sql(`UPDATE entered_secrets SET updated_at = now() - interval '8 days'`);
    await check('s');
    expect(await entered('t').current(FIELD)).toBeNull();
  });

  it('at the same time as another one stores one successor', async () => {
    const tries = Array.from({ length: 6 }, (_, index) =>
      entered('t').replace(FIELD, { from: 't', to: `u${index}` }),
    );
    const results = await Promise.all(tries);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await entered('t').current(FIELD)).toBe(`u${results.indexOf(true)}`);
  });

  it('keeps successors that a new key can open', async () => {
    await check('t');
    const rotated = new Credentials({ database: db.database, secretBox: new SecretBox(KEYS) });
    while ((await rotated.reseal(100)) > 0);
    const [row] = await world.sql('SELECT sealed FROM entered_secrets');
    expect(String(row?.['sealed'])).toMatch(/^new\./);
    expect(await credentials.missingKeys()).toContain('new');
    await db.asOwner('DELETE FROM entered_secrets');
    await db.asOwner('DELETE FROM directory_credentials');
  });
});
