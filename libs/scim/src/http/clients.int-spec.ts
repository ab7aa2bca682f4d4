import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { createScimWorld, type ScimClient, type ScimWorld } from '../../test-support/scim-client.js';
import { ENTERPRISE_USER_URN, GROUP_URN, PATCH_OP_URN, USER_URN } from '../protocol/schema/urns.js';

/*
 * What independent clients and testers stumbled over (docs/scim-conformance.md), each named after its symptom.
 */

let world: ScimWorld;
beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());

const patch = (client: ScimClient, address: string, ...Operations: JsonObject[]) =>
  client.send('PATCH', address, { json: { schemas: [PATCH_OP_URN], Operations } });
const aUser = (userName: string, more: JsonObject = {}): JsonObject => ({
  schemas: [USER_URN],
  userName,
  ...more,
});

describe('active, which RFC 7643 lets a client unassign', () => {
  it.each([true, false])(
    'can be removed to the letter, and the account stays what it is: %s',
    async (active) => {
      const client = await world.connect({}, 'strict');
      const id = await client.create('/Users', aUser(`cleared-${active}`, { active }));
      const removed = await patch(client, `/Users/${id}`, { op: 'remove', path: 'active' });
      expect(removed).toMatchObject({ status: 200 });
      expect(removed.body).not.toHaveProperty('active');
      const other = await patch(client, `/Users/${id}`, { op: 'replace', path: 'title', value: 'Cook' });
      expect(other.body).not.toHaveProperty('active');
      const put = await client.send('PUT', `/Users/${id}`, { json: aUser(`cleared-${active}`) });
      expect(put.body).not.toHaveProperty('active');
      expect(await client.find('/Users', { filter: `active eq ${active}` })).toEqual([id]);
      const set = await patch(client, `/Users/${id}`, { op: 'add', path: 'active', value: active });
      expect(set.body['active']).toBe(active);
      const nulled = await client.send('PUT', `/Users/${id}`, {
        json: aUser(`cleared-${active}`, { active: null }),
      });
      expect(nulled.body).not.toHaveProperty('active');
      expect(await client.find('/Users', { filter: `active eq ${active}` })).toEqual([id]);
    },
  );

  it('is kept by every other dialect', async () => {
    const client = await world.connect({}, 'entra');
    const id = await client.create('/Users', aUser('kept', { active: false }));
    const removed = await patch(client, `/Users/${id}`, { op: 'remove', path: 'active' });
    expect(removed).toMatchObject({ status: 400, body: { scimType: 'mutability' } });
    const put = await client.send('PUT', `/Users/${id}`, { json: aUser('kept', { active: null }) });
    expect(put).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });
});

describe.each(['generic', 'strict'])('members, as a %s client compares them with what it sent', (dialect) => {
  let client: ScimClient;
  let user: string;
  let last = 0;
  beforeAll(async () => {
    client = await world.connect({}, dialect);
    user = await client.create('/Users', aUser('member'));
  });
  const aGroup = (members: JsonObject[]): Promise<string> =>
    client.create('/Groups', { schemas: [GROUP_URN], displayName: `Group ${++last}`, members });

  it('come back as value, $ref and type, with their name only when it is asked for', async () => {
    const { body: person } = await client.send('GET', `/Users/${user}`);
    const $ref = (person['meta'] as JsonObject)['location'] as string;
    const sent = { value: user, $ref, type: 'User' };
    const id = await aGroup([sent]);
    for (const address of [`/Groups/${id}`, `/Groups/${id}?attributes=members`]) {
      const { body } = await client.send('GET', address);
      expect(body['members']).toEqual([sent]);
    }
    const named = await client.send('GET', `/Groups/${id}?attributes=members.value,members.display`);
    expect(named.body['members']).toEqual([{ value: user, display: 'member' }]);
    const list = await client.send('GET', `/Groups?filter=id%20eq%20%22${id}%22&attributes=members.display`);
    expect(list.body['Resources']).toMatchObject([{ members: [{ display: 'member' }] }]);
  });

  it('are advertised as RFC 7643 8.7.1 has them', async () => {
    const { body } = await client.send('GET', `/Schemas/${GROUP_URN}`);
    const members = (body['attributes'] as JsonObject[]).find(({ name }) => name === 'members');
    expect(members?.['subAttributes']).toMatchObject([
      { name: 'value', mutability: 'immutable', returned: 'default' },
      { name: '$ref', mutability: 'immutable', referenceTypes: ['User', 'Group'] },
      { name: 'type', mutability: 'immutable', canonicalValues: ['User', 'Group'] },
      { name: 'display', mutability: 'readOnly', returned: 'request' },
    ]);
  });

  it.each(['https://elsewhere.test/scim/v2.0/key/Users/', '/Users/', 'Users/', '../Users/'])(
    'are found by a $ref alone: %s',
    async (base) => {
      const id = await aGroup([{ $ref: `${base}${user}` }]);
      expect((await client.send('GET', `/Groups/${id}`)).body['members']).toMatchObject([{ value: user }]);
    },
  );

  it('are refused without value and without an address', async () => {
    const json = { schemas: [GROUP_URN], displayName: 'Nobody', members: [{ $ref: 'https://e.test/x' }] };
    expect(await client.send('POST', '/Groups', { json })).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue', detail: expect.stringContaining('members[0]') },
    });
  });
});

describe('extensions', () => {
  it.each(['generic', 'strict'])(
    'do not keep the schemas that an SDK puts into them (%s)',
    async (dialect) => {
      const client = await world.connect({}, dialect);
      const extension = { schemas: [ENTERPRISE_USER_URN], department: 'Kitchen' };
      const json = {
        schemas: [USER_URN, ENTERPRISE_USER_URN],
        userName: 'x',
        [ENTERPRISE_USER_URN]: extension,
      };
      const { status, body } = await client.send('POST', '/Users', { json });
      expect({ status, body }).toMatchObject({ status: 201 });
      expect(body[ENTERPRISE_USER_URN]).toEqual({ department: 'Kitchen' });
      const operation = {
        op: 'replace',
        path: ENTERPRISE_USER_URN,
        value: { ...extension, department: 'Bar' },
      };
      const patched = await patch(client, `/Users/${body['id'] as string}`, operation);
      expect(patched.body[ENTERPRISE_USER_URN]).toEqual({ department: 'Bar' });
    },
  );

  it('have the manager that only a $ref names', async () => {
    const client = await world.connect({});
    const boss = await client.create('/Users', aUser('boss'));
    const manager = { $ref: `../Users/${boss}` };
    const json = aUser('x', { [ENTERPRISE_USER_URN]: { manager } });
    const { body } = await client.send('POST', '/Users', { json });
    expect(body[ENTERPRISE_USER_URN]).toMatchObject({ manager: { value: boss } });
    const both = { [ENTERPRISE_USER_URN]: { manager: { ...manager, value: 'm-7' } } };
    const put = await client.send('PUT', `/Users/${body['id'] as string}`, { json: aUser('x', both) });
    expect(put.body[ENTERPRISE_USER_URN]).toEqual({ manager: { value: 'm-7' } });
  });
});

describe('a PATCH without path', () => {
  const listed: JsonObject = {
    op: 'add',
    value: [{ schemas: [USER_URN], title: 'Cook' }, { nickName: 'C' }],
  };

  it('takes the object of attributes in a list, as SCIM-SDK sends it', async () => {
    const client = await world.connect({});
    const id = await client.create('/Users', aUser('x'));
    const { body } = await patch(client, `/Users/${id}`, listed);
    expect(body).toMatchObject({ title: 'Cook', nickName: 'C' });
  });

  it.each<[string, JsonObject]>([
    ['strict', listed],
    ['generic', { op: 'add', value: [] }],
    ['generic', { op: 'add', value: ['title'] }],
  ])('refuses other lists (%s)', async (dialect, operation) => {
    const client = await world.connect({}, dialect);
    const id = await client.create('/Users', aUser('x'));
    expect(await patch(client, `/Users/${id}`, operation)).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    });
  });
});

describe('groups of a user', () => {
  it('look the same to who creates, reads and lists', async () => {
    const client = await world.connect({});
    const { body: created } = await client.send('POST', '/Users', { json: aUser('x') });
    const { body: read } = await client.send('GET', `/Users/${created['id'] as string}`);
    const { body: list } = await client.send('GET', '/Users');
    expect(created).toEqual(read);
    expect(list['Resources']).toEqual([read]);
  });
});

describe('lists without anything in them', () => {
  it.each([
    ['generic', []],
    ['strict', undefined],
  ])('are shown or left out (%s)', async (dialect, empty) => {
    const client = await world.connect({}, dialect);
    const user = await client.create('/Users', aUser('x'));
    const members = [{ value: user }];
    const group = await client.create('/Groups', { schemas: [GROUP_URN], displayName: 'G', members });
    const removed = await patch(client, `/Groups/${group}`, { op: 'remove', path: 'members' });
    expect(removed.body['members']).toEqual(empty);
    for (const address of [`/Users/${user}`, `/Groups/${group}`]) {
      const { body } = await client.send('GET', address);
      expect(body[address.startsWith('/Users') ? 'groups' : 'members']).toEqual(empty);
    }
  });
});

describe('cursors, which clients older than RFC 9865 do not know', () => {
  it.each([
    ['ping', {}],
    ['generic', { scim_cursors: false }],
  ])('are neither advertised nor used by %s with %j', async (dialect, config) => {
    const client = await world.connect(config, dialect);
    await client.create('/Users', aUser('x'));
    expect((await client.send('GET', '/ServiceProviderConfig')).body).not.toHaveProperty('pagination');
    const { status, body } = await client.send('GET', '/Users?cursor=&count=1');
    expect({ status, body }).toMatchObject({ status: 200, body: { startIndex: 1, totalResults: 1 } });
  });

  it('are advertised and used otherwise', async () => {
    const client = await world.connect({});
    expect((await client.send('GET', '/ServiceProviderConfig')).body).toMatchObject({
      pagination: { cursor: true, index: true, cursorTimeout: 3600 },
    });
    expect((await client.send('GET', '/Users?cursor=')).body).not.toHaveProperty('startIndex');
  });
});
