import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CONTROL_ENTITIES,
  Directories,
  DirectoryAccess,
  DirectoryReader,
  DirectoryStore,
  Environments,
  Organizations,
} from '#directory';
import { NotFoundError, systemClock, type JsonObject } from '#kernel';
import type { Directory } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { ScimServer } from '../http/scim-server.js';
import { RequestLogReader, type RequestLogFilter } from './request-log-reader.js';
import { RequestLog } from './request-log.js';

const PEER = '203.0.113.7';
const CANARY = 'hunter2-CANARY';

let db: TestDatabase;
let server: ScimServer;
let requestLog: RequestLog;
let reader: RequestLogReader;
let directories: Directories;
let owner: { readonly environmentId: string; readonly organizationId: string };
let directory: Directory;
let token: string;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  directories = new Directories(db.dataSource, systemClock);
  reader = new RequestLogReader(db.database);
  const { id: environmentId } = await new Environments(db.dataSource, systemClock).create('test');
  const organizations = new Organizations(db.dataSource, systemClock);
  owner = { environmentId, organizationId: (await organizations.create(environmentId, { name: 'Acme' })).id };
});

afterAll(() => db.drop());

beforeEach(() => connect({}));

async function connect(config: JsonObject): Promise<void> {
  const { environmentId, organizationId } = owner;
  const input = {
    organizationId,
    name: 'Okta',
    type: 'okta scim v2.0',
    dialect: 'okta',
    provider: null,
    config,
  };
  const created = await directories.create(environmentId, input);
  directory = created.directory;
  token = created.token?.secret ?? '';
  const metrics = { written: () => undefined, dropped: () => undefined, waiting: () => undefined };
  requestLog = new RequestLog({ database: db.database, metrics, log: console });
  const store = new DirectoryStore({ database: db.database, clock: systemClock });
  const access = new DirectoryAccess(db.dataSource, systemClock);
  server = new ScimServer(
    { store, reader: new DirectoryReader(db.database), access },
    { publicUrl: 'https://rollcall.example.com', requestLog },
  );
}

async function send(method: string, address: string, json?: unknown): Promise<JsonObject> {
  const [path = '', query = ''] = address.split('?');
  const response = await server.handle({
    version: '2.0',
    externalKey: directory.externalKey,
    method,
    path,
    query,
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'Okta SCIM Client', cookie: CANARY },
    body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
    peer: PEER,
    requestId: `request-${method}-${path.slice(0, 7)}`,
  });
  return JSON.parse(response.body ?? '{}') as JsonObject;
}

async function lines(filter: RequestLogFilter = {}, more = {}): Promise<string[]> {
  const { data } = await reader.list(where(), filter, { limit: 100, order: 'asc', ...more });
  return data.map((entry) => entry.summary);
}

const where = (): { environmentId: string; directoryId: string } => ({
  environmentId: owner.environmentId,
  directoryId: directory.id,
});

/** A day of an IdP; resolves when all of it is in the log. */
async function aDay(): Promise<{ readonly jane: string; readonly crew: string }> {
  await send('GET', '/Users?filter=userName%20eq%20%22jane@acme.test%22');
  const jane = (
    await send('POST', '/Users', {
      userName: 'jane@acme.test',
      active: true,
      password: CANARY,
      emails: [{ value: 'Jane.Doe@acme.test', type: 'work' }],
    })
  )['id'] as string;
  await send('POST', '/Users', { userName: 'JANE@acme.test' });
  const crew = (await send('POST', '/Groups', { displayName: 'Crew' }))['id'] as string;
  await send('PATCH', `/Groups/${crew}`, {
    Operations: [{ op: 'add', path: 'members', value: [{ value: jane }, { value: 'nobody' }] }],
  });
  await send('PATCH', `/Users/${jane}`, { Operations: [{ op: 'replace', value: { active: false } }] });
  await send('PATCH', `/Users/${jane}`, { Operations: [{ op: 'replace', value: { active: false } }] });
  await send('DELETE', '/Users/directory_user_gone');
  await requestLog.stop();
  return { jane, crew };
}

const JANE_TWICE = 'Okta tried to create JANE@acme.test → refused (409 uniqueness)';

describe('the request log', () => {
  it('tells a day in plain words, with the numbers of the events', async () => {
    await aDay();
    expect(await lines()).toEqual([
      'Okta looked up users by userName jane@acme.test → 0 found',
      'Okta created jane@acme.test → event 3',
      JANE_TWICE,
      'Okta created the group Crew → event 4',
      'Okta added 2 members to Crew → event 5',
      'Okta set active=false for jane@acme.test → deactivated, event 6',
      'Okta sent jane@acme.test as it already was → nothing new, no event',
      'Okta tried to delete the user directory_user_gone → refused (404)',
    ]);
    const { rows } = await db.pool.query<{ sequence: number; type: string }>(
      'SELECT sequence, type FROM events WHERE stream_id = $1 AND sequence IN (3, 5) ORDER BY sequence',
      [directory.id],
    );
    expect(rows).toEqual([
      { sequence: 3, type: 'dsync.user.created' },
      { sequence: 5, type: 'dsync.group.user_added' },
    ]);
  });

  it('finds by status, method, resource, person, request and time', async () => {
    const before = new Date();
    const { jane, crew } = await aDay();
    expect(await lines({ status: 'refused' })).toHaveLength(2);
    expect(await lines({ status: 409 })).toEqual([JANE_TWICE]);
    expect(await lines({ status: 'error' })).toEqual([]);
    expect(await lines({ status: 'ok' })).toHaveLength(6);
    expect(await lines({ method: 'DELETE' })).toHaveLength(1);
    expect(await lines({ resourceType: 'Group' })).toHaveLength(2);
    expect(await lines({ resourceId: crew })).toHaveLength(2);
    expect(await lines({ resourceId: jane, method: 'PATCH' })).toHaveLength(2);
    // By e-mail: the summary names the userName only.
    expect(await lines({ user: 'jane.doe@ACME' })).toHaveLength(3);
    expect(await lines({ user: 'jane@acme.test' })).toHaveLength(5);
    expect(await lines({ user: '%' })).toEqual([]);
    expect(await lines({ requestId: 'request-DELETE-/Users/' })).toHaveLength(1);
    expect(await lines({ since: before })).toHaveLength(8);
    expect(await lines({ until: before })).toEqual([]);
  });

  it('pages in both directions without losing or repeating an entry', async () => {
    await aDay();
    const all = (await reader.list(where(), {}, { limit: 100, order: 'desc' })).data.map(({ id }) => id);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await reader.list(
        where(),
        {},
        { limit: 3, order: 'desc', ...(after === null ? {} : { after }) },
      );
      seen.push(...page.data.map(({ id }) => id));
      ({ after } = page);
    } while (after !== null && seen.length < 20);
    expect(seen).toEqual(all);
    const back = await reader.list(where(), {}, { limit: 3, order: 'desc', before: all.at(4) ?? '' });
    expect(back.data.map(({ id }) => id)).toEqual(all.slice(1, 4));
  });

  it('keeps the bodies, and no secret in any column', async () => {
    await aDay();
    const [created] = (await reader.list(where(), { user: 'Okta created jane' }, { limit: 1, order: 'asc' }))
      .data;
    const detail = await reader.get(where(), created?.id ?? '');
    expect(detail).toMatchObject({
      method: 'POST',
      path: '/Users',
      status: 201,
      userAgent: 'Okta SCIM Client',
      reason: null,
      resourceType: 'User',
      headers: {},
    });
    expect(detail.tokenId).toMatch(/^directory_token_/);
    expect(JSON.parse(detail.requestBody ?? '')).toMatchObject({
      userName: 'jane@acme.test',
      password: '[masked]',
    });
    expect(JSON.parse(detail.responseBody ?? '')).toMatchObject({ id: detail.resourceId });
    const { rows } = await db.pool.query<{ row: string }>('SELECT r::text AS row FROM scim_requests r');
    expect(rows.length).toBeGreaterThan(7);
    for (const { row } of rows) {
      expect(row).not.toContain('CANARY');
      expect(row).not.toContain(token);
    }
  });

  it('says why something was refused, and what to do', async () => {
    await aDay();
    const [entry] = (await reader.list(where(), { status: 409 }, { limit: 1, order: 'asc' })).data;
    expect(entry).toMatchObject({ scimType: 'uniqueness', resourceId: null });
    expect(entry?.reason).toContain('JANE@acme.test');
    expect(entry?.fix).toContain('Two people at the IdP have the same user name');
  });

  it('keeps no bodies for a directory that wants none', async () => {
    await connect({ request_log_bodies: false });
    await aDay();
    const { rows } = await db.pool.query(
      'SELECT FROM scim_requests WHERE directory_id = $1 AND (request_body IS NOT NULL OR response_body IS NOT NULL)',
      [directory.id],
    );
    expect(rows).toEqual([]);
    expect(await lines()).toHaveLength(8);
  });

  it('shows at the directory that logins are refused, once, and keeps nothing of them', async () => {
    token = `wrong-${CANARY}`;
    for (let i = 0; i < 5; i += 1) await send('POST', '/Users', { userName: CANARY });
    await requestLog.stop();
    const { data } = await reader.list(where(), {}, { limit: 10, order: 'desc' });
    expect(data).toMatchObject([
      { status: 401, summary: 'Somebody at 203.0.113.7 sent a wrong token → refused (401)', peer: PEER },
    ]);
    expect(data[0]?.reason).toContain('not valid for this directory');
    expect(data[0]?.fix).toContain('Create a token');
    expect(await reader.get(where(), data[0]?.id ?? '')).toMatchObject({ requestBody: null, tokenId: null });
  });

  it('shows the operator whoever is not let in, and no directory what is none of its business', async () => {
    const since = new Date();
    const { externalKey } = directory;
    token = `wrong-${CANARY}`;
    await send('GET', '/Users?filter=userName%20eq%20%22jane@acme.test%22');
    directory = { ...directory, externalKey: 'nosuchdirectory' };
    await send('GET', '/Users?filter=userName%20eq%20%22jane@acme.test%22');
    directory = { ...directory, externalKey: `x${'y'.repeat(500)}` };
    token = CANARY;
    await send('GET', '/Users');
    await requestLog.stop();
    const page = { limit: 2, order: 'asc' } as const;
    const first = await reader.listRefusedLogins({ since }, page);
    const rest = await reader.listRefusedLogins({ since }, { ...page, after: first.after ?? '' });
    expect([...first.data, ...rest.data]).toMatchObject([
      {
        summary: 'Somebody at 203.0.113.7 sent a wrong token → refused (401)',
        addressKey: externalKey,
        directoryId: directory.id,
        environmentId: owner.environmentId,
        peer: PEER,
        query: null,
      },
      {
        summary:
          'Somebody at 203.0.113.7 called the address of a directory that does not exist → refused (404)',
        addressKey: 'nosuchdirectory',
        directoryId: null,
        environmentId: null,
        query: null,
        fix: expect.stringContaining('belongs to no directory'),
      },
      { addressKey: `x${'y'.repeat(63)}`, status: 404 },
    ]);
    expect((await reader.listRefusedLogins({ since, peer: '192.0.2.1' }, page)).data).toEqual([]);
    expect((await reader.listRefusedLogins({ since, peer: PEER, until: since }, page)).data).toEqual([]);
    // The directory sees the one that named it.
    expect(await lines()).toHaveLength(1);
    const { rows } = await db.pool.query<{ row: string }>('SELECT r::text AS row FROM scim_requests r');
    for (const { row } of rows) expect(row).not.toContain('CANARY');
  });

  it('shows one directory nothing of another', async () => {
    await aDay();
    const [entry] = (await reader.list(where(), {}, { limit: 1, order: 'asc' })).data;
    await connect({});
    expect(await lines()).toEqual([]);
    await expect(reader.get(where(), entry?.id ?? '')).rejects.toThrow(NotFoundError);
    await expect(reader.get(where(), 'nonsense')).rejects.toThrow(NotFoundError);
  });
});
