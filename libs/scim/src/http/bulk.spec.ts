import { beforeEach, describe, expect, it } from '@jest/globals';
import { RetryableError, type JsonObject } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimExchange, ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const BULK_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Without a body, as the generic dialect has it. */
const GROUP_PATCHED = '200';

let store: InMemoryDirectory;
let server: ScimServer;
let exchanges: ScimExchange[];

beforeEach(() => {
  start({});
});

function start(directory: ConstructorParameters<typeof InMemoryDirectory>[0]): void {
  store = new InMemoryDirectory(directory);
  exchanges = [];
  server = new ScimServer(store, {
    publicUrl: 'https://rollcall.example.com',
    onExchange: (exchange) => exchanges.push(exchange),
  });
}

function send(body: unknown, version: '2.0' | '1.1' = '2.0'): Promise<ScimResponse> {
  return server.handle({
    version,
    externalKey: 'acme',
    method: 'POST',
    path: '/Bulk',
    query: '',
    // What the bulk request says of itself is not said of its operations.
    headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}`, 'if-match': 'W/"99"' },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    requestId: 'request-1',
  });
}

async function bulk(Operations: readonly unknown[], more: JsonObject = {}): Promise<JsonObject[]> {
  const response = await send({ schemas: [BULK_REQUEST], Operations, ...more });
  expect({ status: response.status, body: response.body }).toMatchObject({ status: 200 });
  return (JSON.parse(response.body ?? '') as { Operations: JsonObject[] }).Operations;
}

function user(bulkId: string, data: JsonObject = {}): JsonObject {
  return { method: 'POST', path: '/Users', bulkId, data: { userName: bulkId, ...data } };
}

function group(bulkId: string, ...members: string[]): JsonObject {
  const data = { displayName: bulkId, members: members.map((member) => ({ value: `bulkId:${member}` })) };
  return { method: 'POST', path: '/Groups', bulkId, data };
}

function managedBy(bulkId: string): JsonObject {
  return { [ENTERPRISE]: { department: 'Deck', manager: { value: `bulkId:${bulkId}` } } };
}

function statuses(entries: readonly JsonObject[]): unknown[] {
  return entries.map(({ status }) => status);
}

function idOf(entry: JsonObject | undefined): string {
  return (entry?.['location'] as string | undefined)?.split('/').at(-1) ?? '';
}

function membersOf(entry: JsonObject | undefined): string[] {
  return [...(store.members.get(idOf(entry)) ?? [])];
}

describe('a bulk request', () => {
  it('runs every verb, in any letters, as the request it stands for', async () => {
    const [created] = await bulk([user('ada')]);
    const path = `/Users/${idOf(created)}`;
    const entries = await bulk([
      { method: 'put', path, version: 'W/"1"', data: { userName: 'ada', title: 'Cook' } },
      { method: 'Patch', path, data: { schemas: [PATCH_OP], Operations: [titled('Chef')] } },
      { method: 'PATCH', path, data: [titled('Mate')] },
      { method: 'delete', path, bulkId: 'bye' },
      { method: 'DELETE', path },
    ]);
    expect(statuses(entries)).toEqual(['200', '200', '200', '204', '404']);
    const location = `https://rollcall.example.com/scim/v2.0/acme${path}`;
    expect(entries[0]).toEqual({ method: 'PUT', version: 'W/"2"', location, status: '200' });
    expect(entries[3]).toEqual({ method: 'DELETE', bulkId: 'bye', location, status: '204' });
    expect(entries[4]).toMatchObject({ method: 'DELETE', location, response: { status: '404' } });
  });

  it('answers an entry per operation and says what each failure is', async () => {
    const response = await send({ Operations: [user('ada'), user('bob', { userName: 'ADA' }), user('eve')] });
    expect(JSON.parse(response.body ?? '')).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
      Operations: [
        expect.objectContaining({ method: 'POST', bulkId: 'ada', status: '201', version: 'W/"1"' }),
        {
          method: 'POST',
          bulkId: 'bob',
          status: '409',
          response: expect.objectContaining({ status: '409', scimType: 'uniqueness' }),
        },
        expect.objectContaining({ bulkId: 'eve', status: '201' }),
      ],
    });
    expect(store.users.size).toBe(2);
  });

  it('honours the version of an operation', async () => {
    const [created] = await bulk([user('ada')]);
    const path = `/Users/${idOf(created)}`;
    const data = { userName: 'ada', title: 'Cook' };
    const entries = await bulk([
      { method: 'PUT', path, version: 'W/"7"', data },
      { method: 'PUT', path, version: 7, data },
      { method: 'DELETE', path, version: 'W/"1"' },
    ]);
    expect(statuses(entries)).toEqual(['412', '400', '204']);
  });

  it('reads null and empty text as the single request does', async () => {
    const data = { externalId: '7', [ENTERPRISE]: { department: null, division: '' } };
    const [entry] = await bulk([{ ...user('ada', data), version: '' }], { failOnErrors: null });
    expect(entry).toMatchObject({ status: '201' });
    expect(store.users.get(idOf(entry))?.raw).toMatchObject({ userName: 'ada', externalId: '7' });
  });

  it('speaks the dialect and strictness of the directory', async () => {
    start({ config: { scim_strict: true } });
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    expect(statuses(await bulk([user('ada'), user('bob', { schemas })]))).toEqual(['400', '201']);
    expect((await send({ Operations: [] })).status).toBe(400);
  });

  it('loads no memberships that nobody will see', async () => {
    await bulk([user('ada'), group('Crew', 'ada'), group('Deck', 'Crew')]);
    expect(store.reads).toEqual([]);
  });
});

function titled(value: string): JsonObject {
  return { op: 'replace', path: 'title', value };
}

describe('references', () => {
  it('are resolved whatever the order', async () => {
    const entries = await bulk([group('Crew', 'ada', 'bob'), user('ada', managedBy('bob')), user('bob')]);
    expect(statuses(entries)).toEqual(['201', '201', '201']);
    expect(membersOf(entries[0])).toEqual([idOf(entries[1]), idOf(entries[2])]);
    expect(store.users.get(idOf(entries[1]))?.raw).toMatchObject({
      [ENTERPRISE]: { manager: { value: idOf(entries[2]) } },
    });
  });

  it('are resolved in addresses and filters, and operations on one resource keep their order', async () => {
    const patch = (operation: JsonObject): JsonObject => ({
      method: 'PATCH',
      path: '/Groups/bulkId:Crew',
      data: { Operations: [operation] },
    });
    const entries = await bulk([
      patch({ op: 'add', path: 'members', value: [{ value: 'bulkId:ada' }, { value: 'bulkId:bob' }] }),
      patch({ op: 'remove', path: 'members[value eq "bulkId:ada"]' }),
      group('Crew'),
      user('ada', { title: 'see "bulkId:nothing" and bulkId:ada' }),
      user('bob'),
      { method: 'PUT', path: '/Users/bulkId%3Abob', data: { userName: 'bob', title: 'Mate' } },
    ]);
    expect(statuses(entries)).toEqual([GROUP_PATCHED, GROUP_PATCHED, '201', '201', '201', '200']);
    expect(membersOf(entries[2])).toEqual([idOf(entries[4])]);
    expect(store.users.get(idOf(entries[3]))?.jobTitle).toBe('see "bulkId:nothing" and bulkId:ada');
    expect(store.users.get(idOf(entries[4]))?.jobTitle).toBe('Mate');
  });

  it('that form a cycle are filled in afterwards, and nothing else is lost', async () => {
    const entries = await bulk([
      user('ada', { title: 'Cook', ...managedBy('bob') }),
      user('bob', managedBy('ada')),
      user('eve', managedBy('eve')),
      group('Crew', 'Deck', 'ada'),
      group('Deck', 'Crew', 'bob'),
    ]);
    expect(statuses(entries)).toEqual(['201', '201', '201', '201', '201']);
    const [ada, bob, eve, crew, deck] = entries.map(idOf) as [string, string, string, string, string];
    const enterprise = (id: string): unknown => store.users.get(id)?.raw[ENTERPRISE];
    expect(enterprise(ada)).toMatchObject({ department: 'Deck', manager: { value: bob } });
    expect(enterprise(bob)).toMatchObject({ department: 'Deck', manager: { value: ada } });
    expect(enterprise(eve)).toMatchObject({ department: 'Deck', manager: { value: eve } });
    expect(store.users.get(ada)?.jobTitle).toBe('Cook');
    expect(entries[0]).toMatchObject({ version: `W/"${store.users.get(ada)?.version}"` });
    expect(membersOf(entries[3]).sort()).toEqual([ada, deck].sort());
    expect(membersOf(entries[4]).sort()).toEqual([bob, crew].sort());
  });

  it('that cannot be resolved are 409 for those who need them, and for nobody else', async () => {
    const entries = await bulk([
      user('ada', { userName: '' }),
      group('Crew', 'ada'),
      group('Deck', 'nobody'),
      { method: 'DELETE', path: '/Users/bulkId:ada' },
      user('bob'),
    ]);
    expect(statuses(entries)).toEqual(['400', '409', '409', '409', '201']);
    expect(entries[1]).toEqual({
      method: 'POST',
      bulkId: 'Crew',
      status: '409',
      response: expect.objectContaining({ detail: expect.stringContaining('"bulkId:ada"') }),
    });
    expect(entries[3]).not.toHaveProperty('location');
    expect(store.groups.size).toBe(0);
  });

  it('that make a cycle of names are 409', async () => {
    const entries = await bulk([
      user('ada', { userName: 'bulkId:bob' }),
      user('bob', { userName: 'bulkId:ada' }),
    ]);
    expect(statuses(entries)).toEqual(['409', '409']);
    expect(store.users.size).toBe(0);
  });

  it('that stay open after a cycle are 409, with the address of what was created', async () => {
    const entries = await bulk([
      user('ada', managedBy('bob')),
      user('bob', { ...managedBy('ada'), active: [] }),
    ]);
    expect(statuses(entries)).toEqual(['409', '400']);
    expect(entries[0]).toMatchObject({ location: expect.any(String), version: 'W/"1"' });
    expect(store.users.get(idOf(entries[0]))?.userName).toBe('ada');
  });
});

describe('what is wrong with one operation', () => {
  it('is answered in its place', async () => {
    const entries = await bulk([
      'nonsense',
      { method: 'GET', path: '/Users' },
      { method: 'POST', path: '/Users', data: { userName: 'ada' } },
      { ...user('ada'), bulkId: '' },
      user('twice', { userName: 'one' }),
      user('twice', { userName: 'two' }),
      group('Crew', 'twice'),
      { method: 'POST', path: '/Users', bulkId: 'x' },
      { method: 'POST', path: '/Users/1', bulkId: 'y', data: {} },
      { method: 'POST', path: '/Bulk', bulkId: 'z', data: { Operations: [] } },
      { method: 'POST', path: '/Users/.search', bulkId: 'w', data: {} },
      { method: 'DELETE', path: '/Users/%E0%A4%A' },
      { method: 'DELETE', path: null },
      user('long', { userName: 'x'.repeat(70_000) }),
      user('fine'),
    ]);
    const expected = [400, 400, 400, 400, 400, 400, 409, 400, 405, 404, 404, 400, 400, 400, 201];
    expect(statuses(entries)).toEqual(expected.map(String));
    expect(entries[2]?.['response']).toMatchObject({ detail: expect.stringContaining('bulkId') });
    expect(store.users.size).toBe(1);
  });

  it('is our fault at times: 500 in its place, and a failure in the log', async () => {
    const apply = store.apply.bind(store);
    store.apply = (ref, change) =>
      change.kind === 'delete_user' ? Promise.reject(new Error('secret')) : apply(ref, change);
    const entries = await bulk([user('ada'), { method: 'DELETE', path: '/Users/u-1' }, user('bob')]);
    expect(statuses(entries)).toEqual(['201', '500', '201']);
    expect(JSON.stringify(entries)).not.toContain('secret');
    expect(exchanges[0]).toMatchObject({ status: 200, path: '/Bulk', failure: new Error('secret') });
  });

  it('is not tried a thousand times while the store is away', async () => {
    let attempts = 0;
    store.apply = () => {
      attempts += 1;
      return Promise.reject(new RetryableError('Too busy.', { retryAfterSeconds: 1 }));
    };
    const entries = await bulk(Array.from({ length: 1_000 }, (_each, index) => user(`user-${index}`)));
    expect(new Set(statuses(entries))).toEqual(new Set(['503']));
    expect([entries.length, attempts]).toEqual([1_000, 3]);
  });
});

describe('failOnErrors', () => {
  const operations = [user('a'), user('A'), user('b'), user('B'), user('c')];

  it.each([
    [1, ['201', '409']],
    [2, ['201', '409', '201', '409']],
    ['2', ['201', '409', '201', '409']],
    [3, ['201', '409', '201', '409', '201']],
    [0, ['201', '409', '201', '409', '201']],
    [null, ['201', '409', '201', '409', '201']],
  ])('of %j stops in time', async (failOnErrors, expected) => {
    expect(statuses(await bulk(operations, { failOnErrors }))).toEqual(expected);
  });

  it.each([-1, 1.5, 'many', true])('of %j is refused', async (failOnErrors) => {
    expect((await send({ Operations: operations, failOnErrors })).status).toBe(400);
    expect(store.users.size).toBe(0);
  });

  it('says what is left half done, and where', async () => {
    const nameless = { method: 'POST', path: '/Groups', bulkId: 'g', data: { externalId: 'bulkId:ada' } };
    const cycle = [user('ada', managedBy('bob')), nameless, user('bob', managedBy('ada'))];
    const entries = await bulk(cycle, { failOnErrors: 1 });
    expect(statuses(entries)).toEqual(['409', '400']);
    expect(store.users.has(idOf(entries[0]))).toBe(true);
  });
});

describe('limits', () => {
  it.each([1, 1_000])('takes %d operations', async (count) => {
    const entries = await bulk(Array.from({ length: count }, (_each, index) => user(`user-${index}`)));
    expect(entries).toHaveLength(count);
    expect(store.users.size).toBe(count);
  });

  it('refuses 1001 operations and runs none of them', async () => {
    const Operations = Array.from({ length: 1_001 }, (_each, index) => user(`user-${index}`));
    const response = await send({ Operations });
    expect(response.status).toBe(413);
    expect(response.body).toMatch(/Operations.*1000.*maxOperations/);
    expect(store.users.size).toBe(0);
  });

  it('are those that ServiceProviderConfig names', async () => {
    const config = await readConfig('2.0');
    expect(config['bulk']).toEqual({ supported: true, maxOperations: 1_000, maxPayloadSize: 20_971_520 });
    expect((await readConfig('1.1'))['bulk']).toEqual(config['bulk']);
    const frame = JSON.stringify({ Operations: [], pad: '' }).length;
    expect((await send({ Operations: [], pad: 'x'.repeat(20_971_520 - frame) })).status).toBe(200);
    expect((await send({ Operations: [], pad: 'x'.repeat(20_971_521 - frame) })).status).toBe(413);
  });

  it('hold for each operation as for a single request', async () => {
    const phoneNumbers = Array.from({ length: 40 }, (_each, index) => ({
      value: `${index}${'0'.repeat(30_000)}`,
    }));
    expect(statuses(await bulk([user('big', { phoneNumbers }), user('ada')]))).toEqual(['413', '201']);
  });

  it.each([{}, { Operations: 'x' }, { schemas: [PATCH_OP], Operations: [] }, [], 'test'])(
    'refuses the envelope %j',
    async (body) => {
      expect((await send(body)).status).toBe(400);
    },
  );
});

async function readConfig(version: '2.0' | '1.1'): Promise<JsonObject> {
  const response = await server.handle({
    version,
    externalKey: 'acme',
    method: 'GET',
    path: '/ServiceProviderConfig',
    query: '',
    headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}` },
    body: undefined,
    requestId: 'request-1',
  });
  return JSON.parse(response.body ?? '') as JsonObject;
}

describe('on 1.1', () => {
  const LEGACY = 'urn:scim:schemas:extension:enterprise:1.0';
  const reportTo = (bulkId: string): JsonObject => ({
    [LEGACY]: { department: 'Deck', manager: { managerId: `bulkId:${bulkId}` } },
  });

  it('speaks 1.1, also inside and when it completes a cycle', async () => {
    const Operations = [
      group('Crew', 'Deck', 'bob'),
      group('Deck', 'Crew'),
      user('ada', reportTo('bob')),
      user('bob', reportTo('ada')),
      { method: 'PATCH', path: '/Users/bulkId:ada', data: { title: 'Cook', meta: { attributes: [] } } },
      user('twice', { userName: 'EVE' }),
    ];
    await bulk([user('eve')]);
    const response = await send({ schemas: ['urn:scim:schemas:core:1.0'], Operations }, '1.1');
    const body = JSON.parse(response.body ?? '') as { schemas: string[]; Operations: JsonObject[] };
    const entries = body.Operations;
    expect(body.schemas).toEqual(['urn:scim:schemas:core:1.0']);
    expect(statuses(entries).slice(0, 5)).toEqual(
      [201, 201, 201, 201, 200].map((code) => ({ code: String(code) })),
    );
    expect(entries[5]).toMatchObject({
      method: 'POST',
      bulkId: 'twice',
      status: { code: '409', description: expect.stringContaining('userName') },
      response: { Errors: [{ code: '409' }] },
    });
    const ada = store.users.get(idOf(entries[2]));
    expect(ada?.raw[ENTERPRISE]).toMatchObject({ department: 'Deck', manager: { value: idOf(entries[3]) } });
    expect(ada?.jobTitle).toBe('Cook');
    expect(membersOf(entries[0]).sort()).toEqual([idOf(entries[1]), idOf(entries[3])].sort());
    expect(entries[0]?.['location']).toMatch('/scim/v1.1/acme/Groups/');
  });
});
