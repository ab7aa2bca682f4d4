import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CONTROL_ENTITIES,
  Directories,
  DirectoryAccess,
  DirectoryReader,
  DirectoryStore,
  Environments,
  Organizations,
} from '#directory';
import { lockStream } from '#events';
import { systemClock } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import type { PoolClient } from 'pg';
import { fairReader } from './fair-reader.js';
import type { ScimReader } from './ports.js';
import { ScimServer } from './scim-server.js';

/** Fewer than the requests that each test lets hang, so that an unfair server would have none left. */
const POOL_SIZE = 8;
const HELD = 4_711;

interface Tenant {
  readonly environmentId: string;
  readonly directoryId: string;
  readonly externalKey: string;
  readonly token: string;
}

let db: TestDatabase;
let server: ScimServer;
let reader: ScimReader;
let slow: Tenant;
let other: Tenant;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES, poolSize: POOL_SIZE });
  const directoryReader = new DirectoryReader(db.database);
  reader = directoryReader;
  server = new ScimServer(
    {
      store: new DirectoryStore({ database: db.database, clock: systemClock }),
      reader: slowedDown(directoryReader),
      access: new DirectoryAccess(db.dataSource, systemClock),
    },
    { publicUrl: 'https://rollcall.example.com' },
  );
  slow = await createTenant('slow');
  other = await createTenant('other');
});

afterAll(() => db.drop());

/** Every list of the slow directory waits in the database until the test lets it go, as one of a huge group would. */
function slowedDown(inner: ScimReader): ScimReader {
  return Object.assign(Object.create(inner) as ScimReader, {
    searchUsers: async (...[ref, search]: Parameters<ScimReader['searchUsers']>) => {
      if (ref.directoryId === slow.directoryId)
        await db.database.query({
          text: `SELECT pg_advisory_lock_shared(${HELD}), pg_advisory_unlock_shared(${HELD})`,
        });
      return inner.searchUsers(ref, search);
    },
    findUser: inner.findUser.bind(inner),
    findGroup: inner.findGroup.bind(inner),
    searchGroups: inner.searchGroups.bind(inner),
    membersOf: inner.membersOf.bind(inner),
    groupsOf: inner.groupsOf.bind(inner),
  });
}

async function createTenant(name: string): Promise<Tenant> {
  const { id: environmentId } = await new Environments(db.dataSource, systemClock).create(name);
  const { id: organizationId } = await new Organizations(db.dataSource, systemClock).create(environmentId, {
    name,
  });
  const { directory, token } = await new Directories(db.dataSource, systemClock).create(environmentId, {
    organizationId,
    name,
    type: 'generic scim v2.0',
    dialect: 'generic',
    provider: null,
  });
  const { id: directoryId, externalKey } = directory;
  return { environmentId, directoryId, externalKey, token: token?.secret ?? '' };
}

async function send(tenant: Tenant, method: string, userName?: string): Promise<number> {
  const response = await server.handle({
    version: '2.0',
    externalKey: tenant.externalKey,
    method,
    path: '/Users',
    query: '',
    headers: { authorization: `Bearer ${tenant.token}` },
    body: userName === undefined ? undefined : Buffer.from(JSON.stringify({ userName })),
    requestId: 'request-1',
  });
  return response.status;
}

/** Runs the test while one connection of its own holds something; `statement` says what. */
async function whileHolding(statement: string, test: () => Promise<void>): Promise<void> {
  const client: PoolClient = await db.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement);
    await test();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** Until as many statements of this database wait for an advisory lock. */
async function untilWaiting(count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const [row] = await db.asOwner(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'`,
    );
    if (row?.['waiting'] === count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Never ${count} statements waited`);
}

describe('a directory whose work is slow', () => {
  it('uses one connection for its writes, whatever arrives, and starves nobody', async () => {
    expect([await send(slow, 'POST', 'first'), await send(other, 'POST', 'first')]).toEqual([201, 201]);
    let writes: Promise<number>[] = [];
    await whileHolding(lockStream(slow.directoryId), async () => {
      writes = Array.from({ length: 40 }, (_, index) => send(slow, 'POST', `user${index}`));
      await untilWaiting(1);
      expect([await send(other, 'POST', 'second'), await send(other, 'GET')]).toEqual([201, 200]);
    });
    expect(new Set(await Promise.all(writes))).toEqual(new Set([201]));
  });

  it('uses four connections for its reads at most, and starves nobody', async () => {
    let reads: Promise<number>[] = [];
    await whileHolding(`SELECT pg_advisory_xact_lock(${HELD})`, async () => {
      reads = Array.from({ length: 40 }, () => send(slow, 'GET'));
      await untilWaiting(4);
      expect([await send(other, 'POST', 'third'), await send(other, 'GET')]).toEqual([201, 200]);
      // Its own writes go on as well.
      expect(await send(slow, 'POST', 'meanwhile')).toBe(201);
    });
    expect(new Set(await Promise.all(reads))).toEqual(new Set([200]));
  });

  it('is told to come again when too many of its reads wait', async () => {
    const fair = fairReader(reader, { running: 1, waiting: 1 });
    const ref = { environmentId: slow.environmentId, directoryId: slow.directoryId };
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => fair.searchUsers(ref, { offset: 0, limit: 10 })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { status: 503, retryAfterSeconds: 5 } });
  });
});
