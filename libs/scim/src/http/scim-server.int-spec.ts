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
import { systemClock, type JsonObject } from '#kernel';
import type { Directory } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import type { ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

let db: TestDatabase;
let server: ScimServer;
let directories: Directories;
let owner: { readonly environmentId: string; readonly organizationId: string };
let directory: Directory;
let token: string;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  directories = new Directories(db.dataSource, systemClock);
  const { id: environmentId } = await new Environments(db.dataSource, systemClock).create('test');
  const organizations = new Organizations(db.dataSource, systemClock);
  owner = { environmentId, organizationId: (await organizations.create(environmentId, { name: 'Acme' })).id };
  const store = new DirectoryStore({ database: db.database, clock: systemClock });
  const access = new DirectoryAccess(db.dataSource, systemClock);
  const reader = new DirectoryReader(db.database);
  server = new ScimServer({ store, reader, access }, { publicUrl: 'https://rollcall.example.com' });
});

afterAll(() => db.drop());

beforeEach(() => connect('generic'));

async function connect(dialect: string): Promise<void> {
  const { environmentId, organizationId } = owner;
  const input = { organizationId, name: dialect, type: 'generic scim v2.0', dialect, provider: null };
  const created = await directories.create(environmentId, input);
  directory = created.directory;
  token = created.token?.secret ?? '';
}

type Version = '1.1' | '2.0';

function send(method: string, address: string, json?: unknown): Promise<ScimResponse> {
  return sendAs('2.0', { method, address, json });
}

function sendAs(
  version: Version,
  { method, address, json }: { readonly method: string; readonly address: string; readonly json?: unknown },
): Promise<ScimResponse> {
  const [path = '', query = ''] = address.split('?');
  return server.handle({
    version,
    externalKey: directory.externalKey,
    method,
    path,
    query,
    headers: { authorization: `Bearer ${token}` },
    body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
    requestId: 'request-1',
  });
}

function bodyOf(response: ScimResponse): JsonObject {
  return JSON.parse(response.body ?? 'null') as JsonObject;
}

async function create(path: '/Users' | '/Groups', json: JsonObject): Promise<string> {
  const response = await send('POST', path, json);
  expect({ status: response.status, body: response.body }).toMatchObject({ status: 201 });
  return bodyOf(response)['id'] as string;
}

function crewOf(...bulkIds: string[]): JsonObject {
  return { displayName: 'Crew', members: bulkIds.map((bulkId) => ({ value: `bulkId:${bulkId}` })) };
}

function reportTo(userName: string, manager: string): JsonObject {
  return { userName, [ENTERPRISE]: { department: 'Deck', manager: { value: `bulkId:${manager}` } } };
}

async function eventTypes(): Promise<string[]> {
  const { rows } = await db.pool.query<{ type: string }>(
    'SELECT type FROM events WHERE stream_id = $1 ORDER BY sequence',
    [directory.id],
  );
  return rows.map(({ type }) => type);
}

describe('a directory that is provisioned', () => {
  it('is linked by its first request, and every real change is one event', async () => {
    const id = await create('/Users', { userName: 'ada@example.com', active: true });
    const group = await create('/Groups', { displayName: 'Crew', members: [{ value: id }] });
    const again = { Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }] };
    expect((await send('PATCH', `/Groups/${group}`, again)).status).toBe(200);
    const off = { Operations: [{ op: 'replace', value: { active: false } }] };
    expect(bodyOf(await send('PATCH', `/Users/${id}`, off))).toMatchObject({
      active: false,
      groups: [{ value: group, display: 'Crew' }],
    });
    expect(await eventTypes()).toEqual([
      'dsync.token.created',
      'dsync.activated',
      'dsync.user.created',
      'dsync.group.created',
      'dsync.group.user_added',
      'dsync.user.updated',
    ]);
  });

  it('returns what was stored unchanged, and shows it in lists', async () => {
    const fields = {
      userName: 'Ünal@Example.com',
      externalId: 'E-1',
      emails: [{ value: ' Unal@Example.com', type: 'work', primary: true }],
      phoneNumbers: [{ value: 'tel:+49-30-0', type: 'work' }],
      'urn:example:custom:1.0:User': { badge: '007' },
    };
    const id = await create('/Users', fields);
    expect(bodyOf(await send('GET', `/Users/${id}`))).toMatchObject({ id, ...fields });
    const filter = encodeURIComponent(
      'userName eq "üNAL@EXAMPLE.COM" and emails[type eq "work"].value co "unal"',
    );
    expect(bodyOf(await send('GET', `/Users?filter=${filter}`))).toMatchObject({
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [{ id, ...fields }],
    });
  });

  it('pages through everybody in a stable order', async () => {
    const ids = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push(await create('/Users', { userName: name }));
    const pageOf = async (start: number): Promise<unknown[]> =>
      bodyOf(await send('GET', `/Users?startIndex=${start}&count=2`))['Resources'] as unknown[];
    const pages = [...(await pageOf(1)), ...(await pageOf(3)), ...(await pageOf(5)), ...(await pageOf(7))];
    expect(pages).toEqual(ids.map((id) => expect.objectContaining({ id })));
    expect(bodyOf(await send('GET', '/Users?count=0'))).toMatchObject({ totalResults: 5, Resources: [] });
  });

  it('refuses a second person with the name of the first, by create and by rename', async () => {
    await create('/Users', { userName: 'ada' });
    const other = await create('/Users', { userName: 'bob' });
    const refused = await send('POST', '/Users', { userName: 'ADA' });
    expect(refused.status).toBe(409);
    expect(bodyOf(refused)).toMatchObject({ scimType: 'uniqueness' });
    expect(bodyOf(refused)['detail']).toMatch(/userName "ADA".*update it/);
    expect((await send('PUT', `/Users/${other}`, { userName: 'Ada' })).status).toBe(409);
  });

  it('brings back who was deleted, with the same id', async () => {
    const id = await create('/Users', { userName: 'ada', externalId: 'x' });
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await send('GET', `/Users/${id}`)).status).toBe(404);
    expect(await create('/Users', { userName: 'ada', externalId: 'x' })).toBe(id);
  });

  it('shows the groups of somebody for whom a group had been waiting', async () => {
    const first = await create('/Users', { userName: 'ada', externalId: 'x' });
    await send('DELETE', `/Users/${first}`);
    const group = await create('/Groups', { displayName: 'Crew', members: [{ value: first }] });
    const response = await send('POST', '/Users', { userName: 'ada', externalId: 'x' });
    expect(bodyOf(response)).toMatchObject({ id: first, groups: [{ value: group }] });
  });

  it('finds groups by member and shows no members that are excluded', async () => {
    const id = await create('/Users', { userName: 'ada' });
    const group = await create('/Groups', {
      displayName: 'Crew',
      members: [{ value: id }, { value: 'later' }],
    });
    await create('/Groups', { displayName: 'Deck' });
    const filter = encodeURIComponent(`id eq "${group}" and members eq "${id}"`);
    const found = await send('GET', `/Groups?filter=${filter}&excludedAttributes=members`);
    expect(bodyOf(found)).toMatchObject({ totalResults: 1, Resources: [{ id: group }] });
    expect(found.body).not.toContain('"members"');
    expect(bodyOf(await send('GET', `/Groups/${group}`))['members']).toHaveLength(2);
  });

  it('answers on both versions with one key', async () => {
    const id = await create('/Users', { userName: 'ada', title: 'Cook' });
    const json = { meta: { attributes: ['title'] }, active: false };
    const response = await sendAs('1.1', { method: 'PATCH', address: `/Users/${id}`, json });
    expect(bodyOf(response)).toMatchObject({
      schemas: ['urn:scim:schemas:core:1.0'],
      active: false,
      meta: { location: `https://rollcall.example.com/scim/v1.1/${directory.externalKey}/Users/${id}` },
    });
    expect(bodyOf(await send('GET', `/Users/${id}`))).not.toHaveProperty('title');
  });

  it('takes a whole company in one bulk request', async () => {
    await create('/Users', { userName: 'eve' });
    const response = await send('POST', '/Bulk', {
      Operations: [
        { method: 'POST', path: '/Groups', bulkId: 'g', data: crewOf('ada', 'bob') },
        { method: 'POST', path: '/Users', bulkId: 'ada', data: reportTo('ada', 'bob') },
        { method: 'POST', path: '/Users', bulkId: 'bob', data: reportTo('bob', 'ada') },
        { method: 'POST', path: '/Users', bulkId: 'eve', data: { userName: 'EVE' } },
      ],
    });
    const entries = bodyOf(response)['Operations'] as JsonObject[];
    expect(entries.map(({ status }) => status)).toEqual(['201', '201', '201', '409']);
    const [crew, ada, bob] = entries.map(({ location }) =>
      (location as string | undefined)?.split('/').at(-1),
    );
    expect(bodyOf(await send('GET', `/Users/${ada}`))).toMatchObject({
      [ENTERPRISE]: { department: 'Deck', manager: { value: bob } },
      meta: { version: entries[1]?.['version'] },
    });
    expect(bodyOf(await send('GET', `/Users/${bob}`))).toMatchObject({
      [ENTERPRISE]: { department: 'Deck', manager: { value: ada } },
      groups: [{ value: crew }],
    });
  });

  it('keeps every change of parallel PATCHes of one group', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create('/Users', { userName: `user-${index}` })),
    );
    const group = await create('/Groups', { displayName: 'Crew' });
    const add = (value: string): Promise<ScimResponse> =>
      send('PATCH', `/Groups/${group}`, { Operations: [{ op: 'add', path: 'members', value: [{ value }] }] });
    await Promise.all(ids.map(add));
    expect(bodyOf(await send('GET', `/Groups/${group}`))['members']).toHaveLength(20);
  });
});

describe('text that databases and scripts stumble over', () => {
  it.each(["'; DROP TABLE directory_users; --", '<script>', '%_\\', '\u202Eabc', '👩‍🚀', 'a\nb', '${jndi:x}'])(
    'stores %j as it is and finds it again',
    async (text) => {
      const id = await create('/Users', { userName: text, displayName: text });
      expect(bodyOf(await send('GET', `/Users/${id}`))).toMatchObject({ userName: text, displayName: text });
      const filter = encodeURIComponent(`displayName eq ${JSON.stringify(text)}`);
      expect(bodyOf(await send('GET', `/Users?filter=${filter}`))).toMatchObject({ totalResults: 1 });
    },
  );

  it.each([
    ['a NUL in a filter', 'GET', '/Users?filter=userName%20eq%20%22%5Cu0000%22'],
    ['a lone surrogate in a filter', 'GET', '/Users?filter=userName%20eq%20%22%5Cud800%22'],
    ['a NUL in a contains filter', 'GET', '/Users?filter=title%20co%20%22a%5Cu0000b%22'],
    ['an enormous start', 'GET', '/Users?startIndex=99999999999999999999999'],
    ['an unknown sort', 'GET', '/Users?sortBy=nothing'],
    ['a sort by password', 'GET', '/Users?sortBy=password'],
    ['a filter on password', 'GET', '/Users?filter=password%20sw%20%22a%22'],
  ])('never fails with 500 over %s', async (_case, method, address) => {
    expect((await send(method, address)).status).toBeLessThan(500);
  });

  it('knows nobody of another directory', async () => {
    const id = await create('/Users', { userName: 'ada' });
    await connect('generic');
    const refused = await send('GET', `/Users/${id}`);
    const unknown = await send('GET', `/Users/${id.slice(0, -4)}0000`);
    expect([refused.status, unknown.status]).toEqual([404, 404]);
    const ops = { Operations: [{ op: 'replace', path: 'active', value: false }] };
    expect((await send('PATCH', `/Users/${id}`, ops)).status).toBe(404);
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(404);
  });
});
