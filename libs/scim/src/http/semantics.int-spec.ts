import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import {
  createScimWorld,
  type ClientAnswer,
  type ScimClient,
  type ScimWorld,
} from '../../test-support/scim-client.js';
import { ENTERPRISE_USER_URN } from '../protocol/schema/urns.js';

let world: ScimWorld;
let client: ScimClient;

beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());
beforeEach(async () => {
  client = await world.connect({}, 'entra');
});

const patch = (address: string, ...Operations: JsonObject[]): Promise<ClientAnswer> =>
  client.send('PATCH', address, { json: { Operations } });

/** Types of the events of people and groups in their order. */
async function events(): Promise<string[]> {
  const rows = await world.db.database.query<{ type: string }>({
    text: `SELECT type FROM events WHERE stream_id = $1 AND type ~ '^dsync.(user|group)[.]' ORDER BY sequence`,
    values: [client.directoryId],
  });
  return rows.map(({ type }) => type);
}

async function members(group: string): Promise<JsonValue[]> {
  const { body } = await client.send('GET', `/Groups/${group}`);
  return (body['members'] as JsonObject[]).map(({ value }) => value ?? null);
}

describe('what changes nothing', () => {
  it('leaves version and log as they are', async () => {
    const fields = {
      userName: 'ida',
      title: 'Cook',
      emails: [{ value: 'ida@example.com', type: 'work', primary: true }],
    };
    const id = await client.create('/Users', fields);
    const group = await client.create('/Groups', { displayName: 'G', members: [{ value: id }] });
    const before = await events();
    const steps: [string, JsonObject[]][] = [
      [`/Users/${id}`, [{ op: 'Replace', path: 'title', value: 'Cook' }]],
      [`/Users/${id}`, [{ op: 'Add', path: 'emails', value: fields.emails }]],
      [`/Users/${id}`, [{ op: 'Add', path: 'emails[type eq "work"].value', value: 'ida@example.com' }]],
      [
        `/Users/${id}`,
        [
          { op: 'Replace', path: 'title', value: 'X' },
          { op: 'Replace', path: 'title', value: 'Cook' },
        ],
      ],
      [`/Users/${id}`, [{ op: 'Remove', path: 'nickName' }]],
      [`/Users/${id}`, [{ op: 'Replace', path: 'password', value: 'secret' }]],
      [`/Groups/${group}`, [{ op: 'Add', path: 'members', value: [{ value: id }, { value: id }] }]],
      [`/Groups/${group}`, [{ op: 'Remove', path: 'members[value eq "directory_user_nobody"]' }]],
      [`/Groups/${group}`, [{ op: 'Remove', path: 'members', value: [] }]],
      [`/Groups/${group}`, [{ op: 'Replace', value: { id: group, displayName: 'G', meta: {} } }]],
      [`/Groups/${group}`, []],
    ];
    for (const [address, operations] of steps) {
      const { headers } = await client.send('GET', address);
      const answer = await patch(address, ...operations);
      expect([200, 204]).toContain(answer.status);
      expect([address, operations, answer.headers['etag']]).toEqual([address, operations, headers['etag']]);
    }
    expect(await client.send('PUT', `/Users/${id}`, { json: fields })).toMatchObject({ status: 200 });
    expect(await events()).toEqual(before);
  });
});

describe('what was read, written back', () => {
  const sent: [string, JsonObject][] = [
    ['without active', { title: 'Cook' }],
    ['inactive', { active: false }],
    ['with lists', { emails: [{ value: 'a@example.com', primary: false }, { value: 'b@example.com' }] }],
    ['with a manager', { [ENTERPRISE_USER_URN]: { department: 'R&D', manager: { value: 'm-1' } } }],
    ['with custom data', { 'urn:example:badge:1.0': { no: 7, list: [{ value: 'x' }] } }],
  ];

  it.each(sent)('is no change, for somebody %s', async (_case, fields) => {
    const id = await client.create('/Users', { userName: 'round', ...fields });
    const before = await events();
    const { body, headers } = await client.send('GET', `/Users/${id}`);
    const put = await client.send('PUT', `/Users/${id}`, { json: body });
    expect(put).toMatchObject({ status: 200, body, headers: { etag: headers['etag'] } });
    const patched = await patch(`/Users/${id}`, {
      op: 'Replace',
      path: 'active',
      value: body['active'] ?? null,
    });
    expect(patched.headers['etag']).toBe(headers['etag']);
    expect(await events()).toEqual(before);
  });
});

describe('addresses of members', () => {
  it('have only those who are somebody', async () => {
    const group = await client.create('/Groups', { displayName: 'G', members: [{ value: 'later' }] });
    const found = (filter: string): Promise<string[]> => client.find('/Groups', { filter });
    expect(await found(`id eq "${group}" and members pr`)).toEqual([group]);
    expect(await found(`id eq "${group}" and members.$ref pr`)).toEqual([]);
    expect(await found(`id eq "${group}" and members.$ref ne "Users/later"`)).toEqual([group]);
  });
});

describe('members', () => {
  const shapes: [string, (id: string) => JsonObject][] = [
    ['an array', (id) => ({ op: 'Add', path: 'members', value: [{ value: id }] })],
    ['one object', (id) => ({ op: 'Add', path: 'members', value: { value: id } })],
    ['an id alone', (id) => ({ op: 'Add', path: 'members', value: id })],
    ['no path', (id) => ({ op: 'Add', value: { members: [{ value: id }] } })],
    ['an empty address', (id) => ({ op: 'Add', path: 'members', value: [{ $ref: null, value: id }] })],
    ['a filter', (id) => ({ op: 'Add', path: `members[value eq "${id}"]`, value: { value: id } })],
  ];

  it.each(shapes)('are added by %s', async (_name, operation) => {
    const id = await client.create('/Users', { userName: 'ida' });
    const group = await client.create('/Groups', { displayName: 'G' });
    await patch(`/Groups/${group}`, operation(id));
    expect(await members(group)).toEqual([id]);
    expect(await events()).toEqual(['dsync.user.created', 'dsync.group.created', 'dsync.group.user_added']);
  });

  it.each<[string, (id: string) => JsonObject]>([
    ['an array', (id) => ({ op: 'Remove', path: 'members', value: [{ value: id }] })],
    ['a filter', (id) => ({ op: 'Remove', path: `members[value eq "${id}"]` })],
    ['no value', () => ({ op: 'Remove', path: 'members' })],
    ['an empty list', () => ({ op: 'Replace', path: 'members', value: [] })],
  ])('are removed by %s', async (_name, operation) => {
    const id = await client.create('/Users', { userName: 'ida' });
    const group = await client.create('/Groups', { displayName: 'G', members: [{ value: id }] });
    await patch(`/Groups/${group}`, operation(id));
    expect(await members(group)).toEqual([]);
    expect((await events()).at(-1)).toBe('dsync.group.user_removed');
  });
});

describe('a manager', () => {
  const path = `${ENTERPRISE_USER_URN}:manager`;
  const managerOf = ({ body }: ClientAnswer): JsonValue | undefined =>
    (body[ENTERPRISE_USER_URN] as JsonObject | undefined)?.['manager'];

  it.each<[string, JsonObject]>([
    ['an id', { op: 'Replace', path, value: 'm-1' }],
    ['an object', { op: 'Add', path, value: { value: 'm-1', displayName: 'Ann', $ref: '../Users/m-1' } }],
    ['a list', { op: 'Replace', path, value: [{ value: 'm-1', $ref: null }] }],
    ['its value', { op: 'Add', path: `${path}.value`, value: 'm-1' }],
    ['a bare name', { op: 'Replace', path: 'manager', value: 'm-1' }],
    ['no path', { op: 'Replace', value: { [path]: 'm-1' } }],
    ['no path, nested', { op: 'Replace', value: { [ENTERPRISE_USER_URN]: { manager: { value: 'm-1' } } } }],
  ])('is set by %s and cleared by nothing', async (_name, operation) => {
    const id = await client.create('/Users', { userName: 'ida' });
    expect(managerOf(await patch(`/Users/${id}`, operation))).toEqual({ value: 'm-1' });
    expect(await client.find('/Users', { filter: `${path} eq "m-1"` })).toEqual([id]);
    for (const empty of [null, '', { value: null }, { value: '' }, []]) {
      await patch(`/Users/${id}`, operation);
      const cleared = await patch(`/Users/${id}`, { op: 'Replace', path, value: empty });
      expect([empty, managerOf(cleared)]).toEqual([empty, undefined]);
      expect(cleared.body['schemas']).not.toContain(ENTERPRISE_USER_URN);
    }
  });

  it('has an address when it is somebody here, also in a circle', async () => {
    const [a, b] = [
      await client.create('/Users', { userName: 'a' }),
      await client.create('/Users', { userName: 'b' }),
    ];
    for (const [who, manager] of [
      [a, b],
      [b, a],
      [a, a],
    ] as const) {
      const answer = await patch(`/Users/${who}`, { op: 'Replace', path, value: manager });
      expect(managerOf(answer)).toEqual({
        value: manager,
        $ref: expect.stringMatching(`/Users/${manager}$`),
      });
    }
  });
});

describe('a condition', () => {
  it('stops what was meant for another version', async () => {
    const id = await client.create('/Users', { userName: 'ida' });
    const stale = { headers: { 'if-match': 'W/"7"' } };
    for (const [method, json] of [
      ['PUT', { userName: 'eve' }],
      ['PATCH', { Operations: [] }],
      ['DELETE', undefined],
    ] as const)
      expect((await client.send(method, `/Users/${id}`, { ...stale, json })).status).toBe(412);
    expect((await client.send('GET', `/Users/${id}`, { headers: { 'if-none-match': 'W/"1"' } })).status).toBe(
      304,
    );
    expect((await client.send('GET', `/Users/${id}`, { headers: { 'if-none-match': 'W/"2"' } })).status).toBe(
      200,
    );
    expect((await client.send('DELETE', `/Users/${id}`, { headers: { 'if-match': '*' } })).status).toBe(204);
    expect((await client.send('DELETE', `/Users/${id}`, { headers: { 'if-match': '*' } })).status).toBe(404);
  });
});

describe('at the same time', () => {
  it('one of many equal creates wins, and the others are told why', async () => {
    for (let round = 0; round < 10; round++) {
      const json = { userName: `twin-${round}` };
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => client.send('POST', '/Users', { json })),
      );
      expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([
        201,
        ...Array<number>(7).fill(409),
      ]);
      for (const { status, body } of answers) if (status === 409) expect(body['scimType']).toBe('uniqueness');
    }
  });

  it('changes of different attributes are all kept', async () => {
    const id = await client.create('/Users', { userName: 'ida' });
    const names = ['title', 'nickName', 'displayName', 'locale', 'userType', 'timezone'];
    await Promise.all(names.map((path) => patch(`/Users/${id}`, { op: 'Replace', path, value: path })));
    const { body } = await client.send('GET', `/Users/${id}`);
    expect(body).toMatchObject(Object.fromEntries(names.map((name) => [name, name])));
    expect(await events()).toHaveLength(1 + names.length);
  });

  it('a PUT and a PATCH leave what one of their orders leaves', async () => {
    const id = await client.create('/Users', { userName: 'ida', title: 'Cook', nickName: 'I' });
    await Promise.all([
      client.send('PUT', `/Users/${id}`, { json: { userName: 'ida', title: 'Chef' } }),
      patch(`/Users/${id}`, { op: 'Replace', path: 'nickName', value: 'N' }),
    ]);
    const { body } = await client.send('GET', `/Users/${id}`);
    expect(body['title']).toBe('Chef');
    expect([undefined, 'N']).toContain(body['nickName']);
  });

  it('somebody who leaves while joining a group is in it or gone, never half', async () => {
    const group = await client.create('/Groups', { displayName: 'G' });
    for (let round = 0; round < 10; round++) {
      const id = await client.create('/Users', { userName: `leaver-${round}` });
      const [left, joined] = await Promise.all([
        client.send('DELETE', `/Users/${id}`),
        patch(`/Groups/${group}`, { op: 'Add', path: 'members', value: [{ value: id }] }),
      ]);
      expect([left.status, joined.status]).toEqual([204, 204]);
      expect((await client.send('GET', `/Users/${id}`)).status).toBe(404);
    }
    const added = (await events()).filter((type) => type === 'dsync.group.user_added').length;
    const removed = (await events()).filter((type) => type === 'dsync.group.user_removed').length;
    expect(removed).toBe(added);
  });
});
