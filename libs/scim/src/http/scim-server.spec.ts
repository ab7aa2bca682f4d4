import { beforeEach, describe, expect, it } from '@jest/globals';
import { RetryableError, type JsonObject } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimExchange, ScimRequest, ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BASE = 'https://rollcall.example.com/scim/v2.0/acme';

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
    publicUrl: 'https://rollcall.example.com/',
    onExchange: (exchange) => exchanges.push(exchange),
  });
}

type Sent = Partial<Omit<ScimRequest, 'body'>> & { readonly json?: unknown; readonly text?: string };

function send(
  method: string,
  path: string,
  { json, text, headers, ...rest }: Sent = {},
): Promise<ScimResponse> {
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const [pathname = '', query = ''] = path.split('?');
  return server.handle({
    version: '2.0',
    externalKey: 'acme',
    method,
    path: pathname,
    query,
    headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}`, ...headers },
    body: body === undefined ? undefined : Buffer.from(body),
    requestId: 'request-1',
    ...rest,
  });
}

function bodyOf(response: ScimResponse): JsonObject {
  return JSON.parse(response.body ?? 'null') as JsonObject;
}

async function createUser(fields: JsonObject = {}): Promise<string> {
  const response = await send('POST', '/Users', { json: { schemas: [USER], userName: 'ada', ...fields } });
  return bodyOf(response)['id'] as string;
}

async function createGroup(displayName: string, members: readonly string[] = []): Promise<string> {
  const json = { displayName, members: members.map((value) => ({ value })) };
  return bodyOf(await send('POST', '/Groups', { json }))['id'] as string;
}

describe('creating', () => {
  it('answers 201 with the whole user, its address and its version', async () => {
    const response = await send('POST', '/Users', {
      json: { schemas: [USER], userName: 'ada', password: 'x' },
    });
    const body = bodyOf(response);
    expect(response.status).toBe(201);
    expect(response.headers).toEqual({
      'content-type': 'application/scim+json',
      etag: 'W/"1"',
      location: `${BASE}/Users/${body['id'] as string}`,
    });
    expect(body).toMatchObject({
      schemas: [USER],
      userName: 'ada',
      meta: { resourceType: 'User', version: 'W/"1"' },
    });
    expect(body).not.toHaveProperty('password');
  });

  it('refuses a second user with the same name in other letters', async () => {
    await createUser();
    const response = await send('POST', '/Users', { json: { userName: 'ADA' } });
    expect(response.status).toBe(409);
    expect(bodyOf(response)).toMatchObject({ status: '409', scimType: 'uniqueness' });
    expect(bodyOf(response)['detail']).toContain('userName');
  });

  it('asks for no memberships of somebody new', async () => {
    await createUser();
    expect(store.reads).toEqual([]);
  });
});

describe('changing', () => {
  it('keeps the version and the state when nothing changes', async () => {
    const id = await createUser({ active: true });
    const json = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: true }] };
    const response = await send('PATCH', `/Users/${id}`, { json });
    expect(response.status).toBe(200);
    expect(response.headers['etag']).toBe('W/"1"');
  });

  it('refuses a change of another version and accepts one of the current version', async () => {
    const id = await createUser();
    const json = { Operations: [{ op: 'replace', path: 'title', value: 'Cook' }] };
    expect((await send('PATCH', `/Users/${id}`, { json, headers: { 'if-match': 'W/"7"' } })).status).toBe(
      412,
    );
    expect((await send('PATCH', `/Users/${id}`, { json, headers: { 'if-match': '*' } })).status).toBe(200);
    expect((await send('DELETE', `/Users/${id}`, { headers: { 'if-match': 'W/"2"' } })).status).toBe(204);
  });

  it('rolls back a PATCH whose last operation is refused', async () => {
    const id = await createUser({ title: 'Cook' });
    const json = {
      Operations: [
        { op: 'replace', path: 'title', value: 'Chef' },
        { op: 'remove', path: 'userName' },
      ],
    };
    expect((await send('PATCH', `/Users/${id}`, { json })).status).toBe(400);
    expect(store.users.get(id)?.jobTitle).toBe('Cook');
  });

  it('leaves the members alone when a PUT does not name them, and clears them when it names none', async () => {
    const user = await createUser();
    const id = await createGroup('Crew', [user]);
    await send('PUT', `/Groups/${id}`, { json: { displayName: 'Crew' } });
    expect([...(store.members.get(id) ?? [])]).toEqual([user]);
    await send('PUT', `/Groups/${id}`, { json: { displayName: 'Crew', members: [] } });
    expect([...(store.members.get(id) ?? [])]).toEqual([]);
  });

  it('never creates with PUT', async () => {
    expect((await send('PUT', '/Users/directory_user_x', { json: { userName: 'ada' } })).status).toBe(404);
  });

  it('answers 404 to a second DELETE', async () => {
    const id = await createUser();
    expect(await send('DELETE', `/Users/${id}`, { text: 'ignored' })).toMatchObject({
      status: 204,
      body: undefined,
    });
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(404);
    expect((await send('GET', `/Users/${id}`)).status).toBe(404);
  });
});

describe('reading', () => {
  it('answers 304 to whoever has the current version', async () => {
    const id = await createUser();
    const response = await send('GET', `/Users/${id}`, { headers: { 'if-none-match': 'W/"1"' } });
    expect(response).toMatchObject({ status: 304, body: undefined, headers: { etag: 'W/"1"' } });
  });

  it('loads no members for a list that excludes them', async () => {
    await createGroup('Crew', [await createUser()]);
    store.reads.length = 0;
    const response = await send(
      'GET',
      '/Groups?excludedAttributes=members&filter=displayName%20eq%20%22crew%22',
    );
    expect(bodyOf(response)).toMatchObject({ totalResults: 1, Resources: [{ displayName: 'Crew' }] });
    expect(response.body).not.toContain('members');
    expect(store.reads).toEqual(['searchGroups']);
  });

  it('loads the members of all groups of a page at once', async () => {
    const user = await createUser();
    await createGroup('Crew', [user]);
    await createGroup('Deck', [user]);
    store.reads.length = 0;
    const body = bodyOf(await send('GET', '/Groups'));
    expect(body).toMatchObject({
      Resources: [{ members: [{ value: user }] }, { members: [{ value: user }] }],
    });
    expect(store.reads).toEqual(['searchGroups', 'membersOf']);
  });

  it('shows only what `attributes` names, and the id', async () => {
    const id = await createUser({ title: 'Cook' });
    const body = bodyOf(await send('GET', `/Users/${id}?attributes=title`));
    expect(body).toMatchObject({ id, title: 'Cook' });
    expect(body).not.toHaveProperty('userName');
  });

  it('searches with POST as with GET', async () => {
    await createUser();
    const json = { filter: 'userName eq "ADA"', count: 1 };
    expect(bodyOf(await send('POST', '/Users/.search', { json }))).toMatchObject({
      totalResults: 1,
      itemsPerPage: 1,
    });
  });

  it('understands a filter that was encoded twice', async () => {
    await createUser();
    const response = await send('GET', '/Users/?filter=userName%2520eq%2520%2522ada%2522&');
    expect(bodyOf(response)).toMatchObject({ totalResults: 1 });
  });

  it('answers with plain JSON to whoever accepts nothing else', async () => {
    const accepting = async (accept: string): Promise<string | undefined> =>
      (await send('GET', '/Users', { headers: { accept } })).headers['content-type'];
    expect(await accepting('application/json')).toBe('application/json');
    expect(await accepting('application/json, */*')).toBe('application/scim+json');
    expect(await accepting('text/html')).toBe('application/scim+json');
  });
});

describe('what the dialect decides', () => {
  it('answers a PATCH of a huge group without its members, unless they are asked for', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `m${index}`);
    const url = `/Groups/${await createGroup('All', many)}`;
    const add = (value: string): JsonObject => ({
      Operations: [{ op: 'add', path: 'members', value: [{ value }] }],
    });
    expect(await send('PATCH', url, { json: add('m0') })).toMatchObject({ status: 200 });
    const huge = await send('PATCH', url, { json: add('one-more') });
    expect(huge).toMatchObject({ status: 204, headers: { etag: 'W/"2"' } });
    const without = await send('PATCH', `${url}?excludedAttributes=members`, { json: add('another') });
    expect(bodyOf(without)).toMatchObject({ displayName: 'All' });
    const asked = await send('PATCH', `${url}?attributes=members`, { json: add('last') });
    expect(bodyOf(asked)['members']).toHaveLength(1_003);
  });

  it('answers a group PATCH with 204, unless attributes are asked for', async () => {
    start({ dialect: 'entra' });
    const id = await createGroup('Crew');
    store.reads.length = 0;
    const json = { Operations: [{ op: 'Replace', path: 'displayName', value: 'Deck' }] };
    expect(await send('PATCH', `/Groups/${id}`, { json })).toMatchObject({
      status: 204,
      headers: { etag: 'W/"2"' },
    });
    expect(store.reads).toEqual([]);
    expect((await send('PATCH', `/Groups/${id}?attributes=displayName`, { json })).status).toBe(200);
  });

  it('takes a directory at its word that wants the letter of the RFCs', async () => {
    start({ config: { scim_strict: true } });
    expect((await send('POST', '/Users', { json: { userName: 'ada' } })).status).toBe(400);
    expect((await send('POST', '/Users', { json: { schemas: [USER], userName: 'ada' } })).status).toBe(201);
  });

  it('ignores a method override on 2.0', async () => {
    const id = await createUser();
    const response = await send('POST', `/Users/${id}`, { headers: { 'x-http-method-override': 'DELETE' } });
    expect(response).toMatchObject({ status: 405, headers: { allow: 'GET, PUT, PATCH, DELETE' } });
    expect(store.users.has(id)).toBe(true);
  });
});

describe('discovery', () => {
  it.each([
    ['/ServiceProviderConfig', 'patch'],
    ['/ServiceProviderConfigs', 'bulk'],
    ['/Schemas', 'Resources'],
    [`/Schemas/${USER.toLowerCase()}`, 'attributes'],
    ['/ResourceTypes', 'Resources'],
    ['/ResourceTypes/Group', 'endpoint'],
  ])('answers %s', async (path, attribute) => {
    const response = await send('GET', path);
    expect(response.status).toBe(200);
    expect(bodyOf(response)).toHaveProperty(attribute);
  });

  it('refuses a filter', async () => {
    expect((await send('GET', '/Schemas?filter=id%20pr')).status).toBe(403);
  });

  it.each([
    ['POST', '/ServiceProviderConfig', 405],
    ['GET', '/Schemas/urn:nothing', 404],
    ['GET', '/ResourceTypes/Robot', 404],
    ['GET', '/Me', 501],
    ['POST', '/Bulk', 400],
    ['POST', '/.search', 400],
  ])('answers %s %s with %d', async (method, path, status) => {
    const response = await send(method, path, { text: 'test' });
    expect(response.status).toBe(status);
    expect(bodyOf(response)).toMatchObject({ status: String(status) });
  });
});

describe('refusals', () => {
  it('asks for a token before it tells anything', async () => {
    const response = await send('GET', '/Nothing', { headers: { authorization: undefined } });
    expect(response).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="scim"' } });
    expect(bodyOf(response)).toMatchObject({ status: '401' });
    const wrong = await send('GET', '/Users', { headers: { authorization: 'Bearer wrong' } });
    expect(wrong.status).toBe(401);
  });

  it('says that an address belongs to no directory', async () => {
    expect((await send('GET', '/Users', { externalKey: 'other' })).status).toBe(404);
  });

  it('says which methods an address has', async () => {
    expect(await send('HEAD', '/Users')).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
    expect((await send('constructor', '/Users')).status).toBe(405);
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'refuses %s',
    async (type) => {
      const response = await send('POST', '/Users', { text: '{}', headers: { 'content-type': type } });
      expect(response.status).toBe(415);
    },
  );

  it('refuses a compressed body', async () => {
    const response = await send('POST', '/Users', { text: '{}', headers: { 'content-encoding': 'gzip' } });
    expect(response.status).toBe(415);
  });

  it('refuses a user of more than a mebibyte, but not a group', async () => {
    const text = JSON.stringify({ userName: 'ada', displayName: 'Crew', x: Array(300_000).fill('abcd') });
    expect((await send('POST', '/Users', { text })).status).toBe(413);
    expect((await send('POST', '/Groups', { text })).status).toBe(201);
  });

  it.each([
    ['nothing', '', 'invalidSyntax', 'empty'],
    ['text that is no JSON', '{"userName": tru', 'invalidSyntax', 'JSON'],
    ['an array', '[]', 'invalidSyntax', 'object'],
    ['no resource', '{}', 'invalidValue', 'userName'],
    ['NUL', '{"userName":"a\\u0000b"}', 'invalidValue', 'userName'],
    ['a lone surrogate', '{"userName":"ada","nickName":"\\ud800"}', 'invalidValue', 'nickName'],
    ['__proto__', '{"userName":"ada","__proto__":{"admin":true}}', 'invalidValue', '__proto__'],
    ['a boolean that is none', '{"userName":"ada","active":"perhaps"}', 'invalidValue', 'active'],
    ['null for a required attribute', '{"userName":null}', 'invalidValue', 'userName'],
    ['deep nesting', `{"userName":"ada","x":${'['.repeat(50)}${']'.repeat(50)}}`, 'invalidValue', 'x'],
    ['a number beyond all bounds', '{"userName":"ada","x":1e999}', 'invalidValue', 'x'],
  ])('refuses a user made of %s', async (...[, text, scimType, named]) => {
    const response = await send('POST', '/Users', { text });
    expect(response.status).toBe(400);
    expect(bodyOf(response)).toMatchObject({ status: '400', scimType });
    expect(bodyOf(response)['detail']).toContain(named);
    expect(store.users.size).toBe(0);
  });

  it.each(['VALUE', 'userName eq', 'userName xx "a"', '(', 'userName eq "a', '', '('.repeat(5_000), 'not'])(
    'refuses the filter %j instead of listing everybody',
    async (filter) => {
      await createUser();
      const response = await send('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      expect(response.status).toBe(400);
      expect(bodyOf(response)).toMatchObject({ scimType: 'invalidFilter' });
    },
  );

  it.each(['%00', '%ff%fe'])('refuses a query with %s', async (bytes) => {
    expect((await send('GET', `/Users?filter=userName%20eq%20%22${bytes}%22`)).status).toBe(400);
  });

  it.each(['%00', 'a%2Fb', '\u{1f600}', 'x'.repeat(300)])('knows nobody with id %j', async (id) => {
    expect((await send('GET', `/Users/${id}`)).status).toBe(404);
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(404);
  });

  it('refuses ten thousand operations in one PATCH', async () => {
    const id = await createUser();
    const Operations = Array.from({ length: 10_000 }, () => ({ op: 'replace', path: 'title', value: 'x' }));
    const response = await send('PATCH', `/Users/${id}`, { json: { schemas: [PATCH_OP], Operations } });
    expect([400, 413]).toContain(response.status);
    expect(bodyOf(response)['detail']).toContain('Operations');
  });

  it.each(['constructor', 'constructor.prototype.polluted', '__proto__.polluted'])(
    'lets the PATCH path %s reach no prototype',
    async (path) => {
      const id = await createUser();
      const response = await send('PATCH', `/Users/${id}`, {
        json: { Operations: [{ op: 'add', path, value: 'yes' }] },
      });
      expect(response.status).toBeLessThan(500);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('asks a 1.1 body on the 2.0 address to use the other one', async () => {
    const id = await createUser();
    const response = await send('PATCH', `/Users/${id}`, { json: { active: false } });
    expect(response.status).toBe(400);
    expect(bodyOf(response)['detail']).toMatch(/1\.1/);
  });
});

describe('failures of our own', () => {
  it('tells the request id and nothing else', async () => {
    store.apply = () => Promise.reject(new Error('secret detail'));
    const response = await send('POST', '/Users', { json: { userName: 'ada' } });
    expect(response.status).toBe(500);
    expect(response.body).toContain('request-1');
    expect(response.body).not.toContain('secret');
    expect(exchanges[0]).toMatchObject({ status: 500, path: '/Users', failure: new Error('secret detail') });
  });

  it('asks to come back when it is only for now', async () => {
    store.apply = () => Promise.reject(new RetryableError('Too busy.', { retryAfterSeconds: 1.5 }));
    const response = await send('POST', '/Users', { json: { userName: 'ada' } });
    expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  });
});

describe('the exchange hook', () => {
  it('tells what happened and nothing personal', async () => {
    await createUser({ userName: 'canary@example.com' });
    await send('POST', '/Users', { json: { userName: 'canary@example.com' } });
    expect(exchanges).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/Users',
        status: 201,
        directoryId: store.directory.id,
      }),
      expect.objectContaining({ status: 409, reason: 'uniqueness', dialect: 'generic' }),
    ]);
    expect(JSON.stringify(exchanges)).not.toMatch(/canary|in-memory-token/);
  });

  it('cannot spoil the answer', async () => {
    const loud = new ScimServer(store, {
      publicUrl: 'https://rollcall.example.com',
      onExchange: () => {
        throw new Error('log is full');
      },
    });
    server = loud;
    expect((await send('GET', '/Users')).status).toBe(200);
  });
});
