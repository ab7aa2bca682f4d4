import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  createScimWorld,
  type ClientAnswer,
  type ScimClient,
  type ScimWorld,
  type Sent,
} from '../../test-support/scim-client.js';
import { BADGE_SETTING, BADGE_URN } from '../../test-support/schema-cases.js';

/*
 * What the UnboundID SCIM SDK 1.8, which checks every answer against the schema of SCIM 1.1, stumbled over.
 */

const CORE = 'urn:scim:schemas:core:1.0';
const ENTERPRISE = 'urn:scim:schemas:extension:enterprise:1.0';

let world: ScimWorld;
beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());

describe.each(['generic', 'strict'])('a 1.1 client of a %s directory', (dialect) => {
  let client: ScimClient;
  let last = 0;
  const send = (method: string, address: string, sent: Sent = {}): Promise<ClientAnswer> =>
    client.send(method, address, { ...sent, version: '1.1' });
  const create = async (more: JsonObject): Promise<string> => {
    const json = { schemas: [CORE, ENTERPRISE], userName: `person-${++last}`, ...more };
    const { status, body } = await send('POST', '/Users', { json });
    expect({ status, body }).toMatchObject({ status: 201 });
    return body['id'] as string;
  };
  const partial = async (id: string, json: JsonObject): Promise<JsonObject> => {
    const { status, body } = await send('PATCH', `/Users/${id}`, { json: { schemas: [CORE], ...json } });
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  const schemas = async (filter?: string): Promise<JsonObject[]> => {
    const { status, body } = await send(
      'GET',
      `/Schemas${filter === undefined ? '' : `?filter=${encodeURIComponent(filter)}`}`,
    );
    expect({ status, body }).toMatchObject({ status: 200 });
    return body['Resources'] as JsonObject[];
  };

  beforeAll(async () => {
    client = await world.connect({ extension_schemas: [BADGE_SETTING] }, dialect);
  });

  it('clears attributes that are listed as values', async () => {
    const id = await create({
      title: 'Cook',
      nickName: 'C',
      roles: [{ value: 'r', type: 't' }],
      addresses: [{ type: 'work', streetAddress: 'Old 1', locality: 'Oslo' }],
      [ENTERPRISE]: { department: 'Kitchen', manager: { managerId: 'm' } },
    });
    const names = ['title', 'roles.value', 'addresses.locality', `${ENTERPRISE}:manager.managerid`];
    const body = await partial(id, {
      meta: { attributes: names.map((value) => ({ value })) },
      addresses: [{ type: 'work', streetAddress: 'New 2', primary: true }],
    });
    expect(body).toMatchObject({ nickName: 'C', [ENTERPRISE]: { department: 'Kitchen' } });
    expect(body['addresses']).toEqual([{ type: 'work', streetAddress: 'New 2', primary: true }]);
    for (const name of ['title', 'roles']) expect(body).not.toHaveProperty(name);
    expect(body[ENTERPRISE]).not.toHaveProperty('manager');
  });

  it('names the parts of a partial update in any letter case', async () => {
    const id = await create({
      title: 'Cook',
      emails: [{ value: 'a@example.com', type: 'work' }, { value: 'b@example.com' }],
      [ENTERPRISE]: { department: 'Kitchen', Manager: { managerid: 'm-1' } },
    });
    const body = await partial(id, {
      Meta: { Attributes: ['title'] },
      emails: [
        { Value: 'b@example.com', Operation: 'DELETE' },
        { Value: 'a@example.com', Type: 'home' },
      ],
    });
    expect(body).not.toHaveProperty('title');
    expect(body).toMatchObject({ [ENTERPRISE]: { manager: { managerId: 'm-1' } } });
    expect(body['emails']).toEqual([{ value: 'a@example.com', type: 'home' }]);
  });

  it('leaves out meta where nothing of it was asked for', async () => {
    const id = await create({});
    const { body } = await send('GET', `/Users/${id}?attributes=userName`);
    expect(Object.keys(body).sort()).toEqual(['id', 'schemas', 'userName']);
    const { body: whole } = await send('GET', `/Users/${id}?attributes=meta.version`);
    expect(whole['meta']).toEqual({ version: 'W/"1"' });
  });

  it('takes no unknown operation for an addition', async () => {
    const id = await create({});
    const group = await send('POST', '/Groups', {
      json: { schemas: [CORE], displayName: 'Kitchen', members: [{ value: id }] },
    });
    const address = `/Groups/${group.body['id'] as string}`;
    const change = (operation: JsonObject[string]): Promise<ClientAnswer> =>
      send('PATCH', address, { json: { schemas: [CORE], members: [{ value: id, operation }] } });
    expect(await change('delete')).toMatchObject({ status: 200 });
    for (const operation of ['remove', 'replace', 5, true, { name: 'delete' }]) {
      const { status, body } = await change(operation);
      expect([status, body['detail']]).toEqual([400, expect.stringContaining('"delete" only')]);
    }
    expect((await send('GET', address)).body['members'] ?? []).toEqual([]);
    for (const operation of [null, 'add', ''])
      expect(await change(operation)).toMatchObject({ body: { members: [{ value: id }] } });
  });

  it.each([['title'], [[7]], [[{ name: 'title' }]]])(
    'is told when meta.attributes is %j',
    async (attributes) => {
      const id = await create({ title: 'Cook' });
      const refused = await send('PATCH', `/Users/${id}`, { json: { meta: { attributes } } });
      expect(refused).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('meta.attributes') },
      });
    },
  );

  it('adds an element with a value that is not there yet', async () => {
    const id = await create({ emails: [{ value: 'a@example.com', type: 'work' }] });
    const { emails } = await partial(id, { emails: [{ value: 'b@example.com', type: 'home' }] });
    expect(emails).toEqual([
      { value: 'a@example.com', type: 'work' },
      { value: 'b@example.com', type: 'home' },
    ]);
  });

  it('sees no word of 2.0 in members, groups and configuration', async () => {
    const user = await create({});
    const members = [{ value: user, type: 'User' }];
    const { body: group } = await send('POST', '/Groups', {
      json: { schemas: [CORE], displayName: `G ${user}`, members },
    });
    expect(group['members']).toEqual(members);
    const { body: person } = await send('GET', `/Users/${user}`);
    expect(person['groups']).toEqual([{ value: group['id'], display: `G ${user}`, type: 'direct' }]);
    const { body: config } = await send('GET', '/ServiceProviderConfigs');
    expect(config['meta']).toEqual({ location: expect.stringContaining('/ServiceProviderConfig') });
    expect(config).not.toHaveProperty('pagination');
    expect(config['authenticationSchemes']).toContainEqual(
      expect.objectContaining({ specUrl: expect.stringContaining('https://') }),
    );
    expect(JSON.stringify(config)).not.toContain('Uri"');
  });

  it('finds one schema for each kind of resource, with extensions in it', async () => {
    const all = await schemas();
    expect(all.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ['User', '/Users'],
      ['Group', '/Groups'],
    ]);
    const attributes = all[0]?.['attributes'] as JsonObject[];
    const named = (name: string): JsonObject | undefined =>
      attributes.find((attribute) => attribute['name'] === name);
    expect(named('userName')).toMatchObject({ schema: CORE, required: true, readOnly: false });
    expect(named('department')).toMatchObject({ schema: ENTERPRISE });
    expect(named('colour')).toMatchObject({ schema: BADGE_URN });
    expect(named('profileUrl')).toMatchObject({ type: 'string' });
    expect(named('emails')).toMatchObject({ multiValued: true, multiValuedAttributeChildName: 'email' });
    expect(named('addresses')).toMatchObject({ multiValuedAttributeChildName: 'address' });
    expect(named('title')).not.toHaveProperty('multiValuedAttributeChildName');
    const parts = attributes.flatMap(({ subAttributes = [] }) => subAttributes as JsonObject[]);
    for (const part of parts) expect(part).not.toHaveProperty('schema');
    expect(parts.map(({ name }) => name)).not.toContain('$ref');
    expect((await send('GET', '/Schemas/Users')).body).toEqual(all[0]);
  });

  it.each([
    ['name eq "User"', ['User']],
    ['endpoint eq "Groups"', ['Group']],
    ['endpoint eq "/Groups"', ['Group']],
    [`schema eq "${CORE}" and name eq "group"`, ['Group']],
    ['name eq "Robot"', []],
    ['colour eq "red"', []],
  ])('looks for a schema with %s', async (filter, names) => {
    expect((await schemas(filter)).map(({ name }) => name)).toEqual(names);
  });

  it('is told what is wrong with the filter of a schema', async () => {
    expect(await send('GET', '/Schemas?filter=name')).toMatchObject({ status: 400 });
    expect((await client.send('GET', '/Schemas?filter=name%20eq%20%22User%22')).status).toBe(403);
  });

  it('may name JSON at the end of an address, but not XML', async () => {
    const id = await create({});
    for (const address of [
      `/Users/${id}.json`,
      '/Users.json',
      '/Schemas.json',
      '/ServiceProviderConfigs.json',
    ])
      expect({ address, status: (await send('GET', address)).status }).toEqual({ address, status: 200 });
    for (const address of [`/Users/${id}.xml`, '/Users.xml'])
      expect(await send('GET', address)).toMatchObject({
        status: 406,
        body: { Errors: [{ code: '406', description: expect.stringContaining('JSON') }] },
      });
    expect((await client.send('GET', '/Users.json')).status).toBe(404);
  });

  it('is told that XML is not spoken, in words of 1.1', async () => {
    expect(await send('GET', '/Users', { headers: { accept: 'application/xml' } })).toMatchObject({
      status: 406,
      headers: { 'content-type': 'application/json' },
    });
    const sent = { raw: '<User/>', headers: { 'content-type': 'application/xml' } };
    expect(await send('POST', '/Users', sent)).toMatchObject({
      status: 415,
      body: { Errors: [{ description: expect.stringMatching(/as application\/json\.$/) }] },
    });
    expect(await client.send('POST', '/Users', sent)).toMatchObject({
      status: 415,
      body: { detail: expect.stringMatching(/as application\/scim\+json\.$/) },
    });
  });

  it('deletes with 200, as SCIM 1.1 has it', async () => {
    const id = await create({});
    expect(await send('DELETE', `/Users/${id}`)).toMatchObject({ status: 200, body: { schemas: [CORE] } });
    expect((await send('GET', `/Users/${id}`)).status).toBe(404);
  });
});

it('Okta deletes with 204 in 1.1 too', async () => {
  const client = await world.connect({}, 'okta');
  const id = await client.create('/Users', { userName: 'x' });
  expect((await client.send('DELETE', `/Users/${id}`, { version: '1.1' })).status).toBe(204);
});
