import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database, JsonObject } from '#kernel';
import {
  createTestDatabase,
  fakeGusto as fake,
  fakeTime,
  FakeTenant,
  startFakeGusto,
  type FakeGusto,
  type TestDatabase,
} from '#testing';
import { DyingDatabase } from '../../../test-support/dying-database.js';
import { SyncWorld } from '../../../test-support/sync-world.js';
import { RunControl } from '../../engine/interrupted.js';
import { executeRun } from '../../engine/run-executor.js';
import { RunStore } from '../../engine/run-store.js';
import { UploadBox } from '../../uploads/upload-box.js';
import { createPortsFactory } from '../../engine/source-ports.js';
import type { Connector } from '../../sdk/contract.js';
import { createSourceHttp } from '../../sdk/http/create-source-http.js';
import gusto from './index.js';

const ORIGIN = 'https://api.gusto.com';
const GUARD = {
  policy: { isAllowed: () => true },
  resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
};

let db: TestDatabase;
let world: SyncWorld;
let server: FakeGusto;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await new SyncWorld(db.database, [gusto as Connector]).create();
});
afterEach(() => world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']));

/** A directory, and a Gusto of its own. */
async function connected(): Promise<string> {
  const tenant = new FakeTenant({ users: 4, groups: 0, membersPerGroup: 0 }, fakeTime().clock);
  server = await startFakeGusto(tenant, { pageSize: 3 });
  const id = await world.directory({ provider: 'gusto' });
  const { client_secret, refresh_token, ...config } = fake.answers(server.url);
  await world.sql('UPDATE directories SET config = $2 WHERE id = $1', [id, JSON.stringify(config)]);
  await world.sql('DELETE FROM directory_credentials WHERE directory_id = $1', [id]);
  for (const [field, value] of Object.entries({ client_secret, refresh_token } as JsonObject))
    await world.sql(
      `INSERT INTO directory_credentials (environment_id, directory_id, field, sealed) VALUES ($1, $2, $3, $4)`,
      [
        world.environmentId,
        id,
        field,
        world.secretBox.seal(value as string, [world.environmentId, id, field]),
      ],
    );
  return id;
}

function partsOf(database: Database): Parameters<typeof executeRun>[0] {
  const ports = createPortsFactory({
    guard: GUARD,
    uploads: (directory) => new UploadBox(database).filesOf(directory),
    http: (options, { signal, log: runLog, clock }) =>
      createSourceHttp(
        { ...options, baseUrl: options.baseUrl.replace(ORIGIN, server.url) },
        { clock, guard: GUARD, signal, log: runLog },
      ),
  });
  return world.parts({ ports, database, store: new RunStore(database) });
}

async function run(database: Database): Promise<void> {
  const [claim] = await world.claim();
  if (!claim) throw new Error('nothing claimed');
  await executeRun(partsOf(database), claim, new RunControl());
}

describe('kill -9 of a run whose refresh token is good for one use', () => {
  it.each([
    ['before', false],
    ['after', true],
  ])(
    '%s any statement locks nobody out',
    async (_, isAfter) => {
      const counting = new DyingDatabase(db.pool);
      const first = await connected();
      await run(counting);
      expect(await world.lastRun(first)).toMatchObject({ status: 'succeeded' });
      expect(server.tokens.exchanges).toBe(1);
      await server.close();
      for (let statement = 1; statement <= counting.statements; statement += 1) {
        await world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']);
        const id = await connected();
        await world.makeDue(id, 'full');
        const dying = new DyingDatabase(db.pool);
        dying.dyingAt = statement;
        dying.isAfter = isAfter;
        await run(dying).catch((error: Error) => expect(error.message).toBe('killed'));
        expect(dying.statements).toBeGreaterThanOrEqual(statement);
        // Whatever was stored, the next worker gets in with it; twice, so that what it stored is good as well.
        for (let round = 0; round < 2; round += 1) {
          await world.expireLease(id);
          await world.makeDue(id, 'full');
          await run(db.database);
          const { status, error_code: code } = await world.lastRun(id);
          expect({ statement, round, status, code }).toEqual({
            statement,
            round,
            status: 'succeeded',
            code: null,
          });
        }
        expect([...(world.door.applied.get(id) ?? [])]).toHaveLength(4);
        await server.close();
      }
    },
    120_000,
  );
});
