import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  createScimWorld,
  type ClientAnswer,
  type ScimClient,
  type ScimWorld,
  type Sent,
} from '../../test-support/scim-client.js';
import { GROUP_URN, PATCH_OP_URN, USER_URN } from '../protocol/schema/urns.js';

const CORE = 'urn:scim:schemas:core:1.0';
const ENTERPRISE = 'urn:scim:schemas:extension:enterprise:1.0';

let world: ScimWorld;
beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());

describe('SCIM 1.1', () => {
  let client: ScimClient;
  let id: string;
  const send = (method: string, address: string, sent: Sent = {}): Promise<ClientAnswer> =>
    client.send(method, address, { ...sent, version: '1.1' });
  const partial = async (json: JsonObject): Promise<JsonObject> => {
    const { status, body } = await send('PATCH', `/Users/${id}`, { json: { schemas: [CORE], ...json } });
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };

  beforeAll(async () => {
    client = await world.connect({});
    const created = await send('POST', '/Users', {
      json: {
        schemas: [CORE, ENTERPRISE],
        userName: 'bo',
        title: 'Cook',
        name: { givenName: 'Bo', familyName: 'Berg' },
        emails: [{ value: 'bo@example.com', type: 'work' }],
        [ENTERPRISE]: { department: 'Kitchen', manager: { managerId: 'm-1', displayName: 'Ann' } },
      },
    });
    expect(created).toMatchObject({ status: 201, headers: { 'content-type': 'application/json' } });
    id = created.body['id'] as string;
  });

  it('speaks its own words in every answer', async () => {
    const { body } = await send('GET', `/Users/${id}`);
    expect(body).toMatchObject({
      schemas: [CORE, ENTERPRISE],
      [ENTERPRISE]: { department: 'Kitchen', manager: { managerId: 'm-1' } },
    });
    expect(JSON.stringify(body)).not.toContain('urn:ietf');
    expect(body['meta']).not.toHaveProperty('resourceType');
    const list = await send('GET', '/Users?startIndex=1&count=5');
    expect(list.body).toMatchObject({ schemas: [CORE], totalResults: 1, itemsPerPage: 1, startIndex: 1 });
    const missing = await send('GET', '/Users/nobody');
    expect(missing).toMatchObject({
      status: 404,
      body: { Errors: [{ code: '404', description: expect.any(String) }] },
    });
  });

  it.each([
    'userName eq "BO"',
    `${CORE}:userName sw "b"`,
    `${ENTERPRISE}:department eq "kitchen"`,
    `${ENTERPRISE}:manager.managerId eq "m-1"`,
    'emails.value co "example" and title pr',
  ])('finds by %s', async (filter) => {
    const { body } = await send('GET', `/Users?filter=${encodeURIComponent(filter)}`);
    expect(body).toMatchObject({ totalResults: 1, Resources: [{ id }] });
  });

  it('clears, deletes, merges and overwrites in this order', async () => {
    const cleared = await partial({
      meta: { attributes: ['title', 'name.givenName', `${ENTERPRISE}:manager.managerId`] },
      emails: [
        { value: 'bo@example.com', operation: 'delete' },
        { value: 'new@example.com', type: 'work' },
      ],
      nickName: 'B',
    });
    expect(cleared).toMatchObject({
      nickName: 'B',
      name: { familyName: 'Berg' },
      emails: [{ value: 'new@example.com', type: 'work' }],
      [ENTERPRISE]: { department: 'Kitchen' },
    });
    expect(cleared).not.toHaveProperty('title');
    expect(cleared['name']).not.toHaveProperty('givenName');
    expect(cleared[ENTERPRISE]).not.toHaveProperty('manager');
    const merged = await partial({
      emails: [{ value: 'new@example.com', primary: true }],
      name: { givenName: 'B' },
    });
    expect(merged).toMatchObject({
      name: { familyName: 'Berg', givenName: 'B' },
      emails: [{ value: 'new@example.com', type: 'work', primary: true }],
    });
  });

  it('changes nothing when nothing changes', async () => {
    const before = await send('GET', `/Users/${id}`);
    const after = await send('PATCH', `/Users/${id}`, { json: { schemas: [CORE], nickName: 'B' } });
    expect(after.headers['etag']).toBe(before.headers['etag']);
  });

  it.each([
    ['PUT', { userName: 'bo', title: 'Chef' }, 200],
    ['PATCH', { title: 'Head' }, 200],
    ['DELETE', undefined, 200],
  ])('takes a POST with the override %s for it', async (method, json, status) => {
    const { body } = await send('POST', '/Users', { json: { userName: `override-${method}` } });
    const headers = { 'x-http-method-override': method };
    const address = `/Users/${body['id'] as string}`;
    const fields = json === undefined ? undefined : { ...json, userName: `override-${method}` };
    expect((await send('POST', address, { headers, json: fields })).status).toBe(status);
  });

  it('keeps groups in step with partial members', async () => {
    const group = await send('POST', '/Groups', {
      json: { schemas: [CORE], displayName: 'G', members: [{ value: id }] },
    });
    const address = `/Groups/${group.body['id'] as string}`;
    const removal = { members: [{ value: id, operation: 'delete' }] };
    expect((await send('PATCH', address, { json: removal })).body['members']).toEqual([]);
    const again = { meta: { attributes: ['members'] }, members: [{ value: id }] };
    expect((await send('PATCH', address, { json: again })).body).toMatchObject({ members: [{ value: id }] });
    const { body } = await send('GET', `/Users/${id}`);
    expect(body['groups']).toMatchObject([{ display: 'G' }]);
  });

  it('describes itself', async () => {
    for (const address of ['/ServiceProviderConfigs', '/ServiceProviderConfig']) {
      const { body } = await send('GET', address);
      expect(body).toMatchObject({
        schemas: [CORE],
        xmlDataFormat: { supported: false },
        bulk: { supported: true },
      });
    }
    const { body } = await send('GET', `/Schemas/${ENTERPRISE}`);
    const parts = (body['attributes'] as JsonObject[])
      .filter(({ name }) => name === 'manager')
      .flatMap(({ subAttributes }) => subAttributes as JsonObject[]);
    expect(parts.map(({ name }) => name)).toEqual(['managerId', 'displayName']);
    for (const name of ['User', 'Users', 'Group', 'Groups'])
      expect((await send('GET', `/Schemas/${name}`)).status).toBe(200);
  });

  it('runs bulk requests in its own words', async () => {
    const Operations = [
      { method: 'POST', path: '/Users', bulkId: 'u', data: { schemas: [CORE], userName: 'bulk-1' } },
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'g',
        data: { displayName: 'H', members: [{ value: 'bulkId:u' }] },
      },
      { method: 'POST', path: '/Users', bulkId: 'v', data: {} },
    ];
    const { status, body } = await send('POST', '/Bulk', { json: { schemas: [CORE], Operations } });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        schemas: [CORE],
        Operations: [
          { status: { code: '201' } },
          { status: { code: '201' } },
          { status: { code: '400' }, response: { Errors: [{ code: '400' }] } },
        ],
      },
    });
  });

  it.each(['application/xml', 'text/xml;q=0.9, application/xhtml+xml'])('refuses %s', async (accept) => {
    expect(await send('GET', '/Users', { headers: { accept } })).toMatchObject({
      status: 406,
      body: { Errors: [{ code: '406' }] },
    });
    expect((await send('GET', '/Users', { headers: { accept: `${accept}, */*;q=0.1` } })).status).toBe(200);
  });

  it('asks a 2.0 PATCH to use the other address', async () => {
    const json = { schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', path: 'title', value: 'x' }] };
    const { status, body } = await send('PATCH', `/Users/${id}`, { json });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('/scim/v2.0/');
  });
});

describe('to the letter', () => {
  let client: ScimClient;
  let user: string;
  let group: string;

  beforeAll(async () => {
    client = await world.connect({ scim_strict: true });
    user = await client.create('/Users', { schemas: [USER_URN], userName: 'ida' });
    group = await client.create('/Groups', {
      schemas: [GROUP_URN],
      displayName: 'G',
      members: [{ value: user }],
    });
  });

  it.each<[JsonObject, string]>([
    [{ userName: 'x' }, 'invalidSyntax'],
    [{ schemas: [GROUP_URN], userName: 'x' }, 'invalidSyntax'],
    [{ schemas: [USER_URN, 'urn:example:x'], userName: 'x' }, 'invalidSyntax'],
    [{ schemas: [USER_URN], userName: 'x', shoeSize: 44 }, 'invalidSyntax'],
    [{ schemas: [USER_URN], userName: 'x', 'urn:example:x:y': { z: 1 } }, 'invalidSyntax'],
    [{ schemas: [USER_URN], userName: 'x', name: { odd: 1 } }, 'invalidSyntax'],
    [{ schemas: [USER_URN], userName: 'x', active: 'True' }, 'invalidValue'],
    [{ schemas: [USER_URN], userName: 'x', emails: { value: 'a@example.com' } }, 'invalidValue'],
    [{ schemas: [USER_URN] }, 'invalidValue'],
  ])('refuses the user %j', async (json, scimType) => {
    expect(await client.send('POST', '/Users', { json })).toMatchObject({ status: 400, body: { scimType } });
    expect(await client.send('PUT', `/Users/${user}`, { json })).toMatchObject({
      status: 400,
      body: { scimType },
    });
  });

  it.each<[JsonObject, string]>([
    [{ op: 'Replace', path: 'title', value: 'x' }, 'invalidSyntax'],
    [{ op: 'replace', path: 'shoeSize', value: 44 }, 'invalidPath'],
    [{ op: 'replace', path: 'urn:example:x:y:z', value: 44 }, 'invalidPath'],
    [{ op: 'replace', value: { shoeSize: 44 } }, 'invalidPath'],
    [{ op: 'replace', path: 'active', value: 'True' }, 'invalidValue'],
    [{ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '+1' }, 'noTarget'],
    [{ op: 'remove', path: 'phoneNumbers[type eq "work"]' }, 'noTarget'],
    [{ op: 'replace', path: 'groups', value: [] }, 'mutability'],
  ])('refuses the operation %j', async (operation, scimType) => {
    const json = { schemas: [PATCH_OP_URN], Operations: [operation] };
    expect(await client.send('PATCH', `/Users/${user}`, { json })).toMatchObject({
      status: 400,
      body: { scimType },
    });
  });

  it('refuses a member that is nobody, in every way to add one', async () => {
    const members = [{ value: user }, { value: 'directory_user_nobody' }];
    const json = { schemas: [GROUP_URN], displayName: 'H', members };
    const refused = { status: 400, body: { scimType: 'invalidValue' } };
    expect(await client.send('POST', '/Groups', { json })).toMatchObject(refused);
    expect(await client.send('PUT', `/Groups/${group}`, { json })).toMatchObject(refused);
    for (const op of ['add', 'replace']) {
      const patch = { schemas: [PATCH_OP_URN], Operations: [{ op, path: 'members', value: members }] };
      expect(await client.send('PATCH', `/Groups/${group}`, { json: patch })).toMatchObject(refused);
    }
    const { body } = await client.send('GET', `/Groups/${group}`);
    expect(body).toMatchObject({ displayName: 'G', members: [{ value: user }] });
  });

  it('knows a member by its external id where the directory does', async () => {
    const other = await world.connect({ scim_strict: true, match_external_ids: true });
    const person = await other.create('/Users', { schemas: [USER_URN], userName: 'eva', externalId: 'e-1' });
    const json = { schemas: [GROUP_URN], displayName: 'H', members: [{ value: 'e-1' }] };
    const { status, body } = await other.send('POST', '/Groups', { json });
    expect({ status, body }).toMatchObject({ status: 201, body: { members: [{ value: person }] } });
  });

  it('refuses a filter on an unknown attribute', async () => {
    const answer = await client.send('GET', '/Users?filter=shoeSize%20eq%2044');
    expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } });
  });
});
