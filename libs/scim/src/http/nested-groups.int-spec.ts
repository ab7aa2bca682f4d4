import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectoryLists } from '#directory';
import type { JsonObject, JsonValue } from '#kernel';
import {
  createScimWorld,
  type ClientAnswer,
  type ScimClient,
  type ScimWorld,
} from '../../test-support/scim-client.js';

let world: ScimWorld;
let client: ScimClient;
let ida: string;
let jon: string;

beforeAll(async () => {
  world = await createScimWorld();
});
afterAll(() => world.db.drop());
beforeEach(async () => {
  client = await world.connect({});
  ida = await client.create('/Users', { userName: 'ida', externalId: 'e-1' });
  jon = await client.create('/Users', { userName: 'jon' });
});

const group = (displayName: string, ...members: JsonValue[]): Promise<string> =>
  client.create('/Groups', { displayName, members });
const patch = (id: string, ...Operations: JsonObject[]): Promise<ClientAnswer> =>
  client.send('PATCH', `/Groups/${id}`, { json: { Operations } });
const add = (id: string, value: JsonValue): Promise<ClientAnswer> =>
  patch(id, { op: 'add', path: 'members', value });
const remove = (id: string, member: string): Promise<ClientAnswer> =>
  patch(id, { op: 'remove', path: `members[value eq "${member}"]` });

/** What SCIM shows: the ids that the group lists itself. */
async function listed(id: string): Promise<JsonValue[]> {
  const { body } = await client.send('GET', `/Groups/${id}`);
  return (body['members'] as JsonObject[]).map(({ value }) => value ?? null);
}

/** What REST shows: everybody who belongs to the group. */
async function people(id: string): Promise<string[]> {
  const rows = await world.db.database.query<{ environment_id: string }>({
    text: 'SELECT environment_id FROM directories WHERE id = $1',
    values: [client.directoryId],
  });
  const page = { groupId: id, limit: 100, order: 'asc' } as const;
  const lists = new DirectoryLists(world.db.database);
  const { data } = await lists.listUsers(String(rows[0]?.environment_id), page);
  return data.map((user) => user.id);
}

/** `+ ida in Outer` for each membership event since the mark, in order; the mark is how many there were. */
async function memberEvents(since = 0): Promise<string[]> {
  const rows = await world.db.database.query<{ body: string }>({
    text: `SELECT body FROM events WHERE stream_id = $1 AND type LIKE 'dsync.group.user_%' ORDER BY sequence OFFSET $2`,
    values: [client.directoryId, since],
  });
  return rows.map(({ body }) => {
    const { event, data } = JSON.parse(body) as {
      event: string;
      data: { user: { username: string }; group: { name: string } };
    };
    return `${event.endsWith('added') ? '+' : '-'} ${data.user.username} in ${data.group.name}`;
  });
}

describe('a group as a member', () => {
  it.each<[string, (id: string) => JsonValue]>([
    ['an id alone', (id) => ({ value: id })],
    ['a type', (id) => ({ value: id, type: 'Group', display: 'whatever' })],
    ['an address', (id) => ({ value: id, $ref: `https://rollcall.example.com/scim/v2.0/x/Groups/${id}` })],
    ['nothing but an address', (id) => ({ $ref: `../Groups/${id}` })],
    ['a wrong type', (id) => ({ value: id, type: 'User' })],
    ['plain text', (id) => id],
  ])('brings its people, named by %s', async (_name, member) => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', member(inner));
    expect(await people(outer)).toEqual([ida]);
    expect(await listed(outer)).toEqual([inner]);
    const { body } = await client.send('GET', `/Groups/${outer}`);
    expect(body['members']).toEqual([
      { value: inner, type: 'Group', $ref: expect.stringMatching(`/Groups/${inner}$`) },
    ]);
    expect(await memberEvents()).toEqual(['+ ida in Inner', '+ ida in Outer']);
  });

  it('is shown to the people in it as indirect', async () => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', { value: inner });
    const { body } = await client.send('GET', `/Users/${ida}`);
    const groups = (body['groups'] as JsonObject[]).map(({ value, type }) => [value, type]);
    expect(groups).toEqual([
      [inner, 'direct'],
      [outer, 'indirect'],
    ]);
    expect(await client.find('/Users', { filter: `groups[type eq "indirect"]` })).toEqual([ida]);
    expect(await client.find('/Users', { filter: `groups.value eq "${outer}"` })).toEqual([ida]);
    expect(await client.find('/Groups', { filter: `members.value eq "${ida}"` })).toEqual([inner]);
    expect(await client.find('/Groups', { filter: `members.value eq "${inner}"` })).toEqual([outer]);
    expect(await client.find('/Groups', { filter: `members[type eq "Group"]` })).toEqual([outer]);
    expect(await client.find('/Groups', { filter: `members[display eq "inner"]` })).toEqual([outer]);
  });

  it('goes on bringing whoever joins it, and takes along whoever leaves it', async () => {
    const inner = await group('Inner');
    const middle = await group('Middle', { value: inner });
    const outer = await group('Outer', { value: middle }, { value: jon });
    const mark = (await memberEvents()).length;
    await add(inner, [{ value: ida }, { value: jon }]);
    expect(await memberEvents(mark)).toEqual(
      expect.arrayContaining(['+ ida in Inner', '+ ida in Middle', '+ ida in Outer', '+ jon in Inner']),
    );
    expect(await people(outer)).toEqual([ida, jon]);
    await remove(inner, ida);
    await remove(inner, jon);
    expect(await people(outer)).toEqual([jon]);
    expect(await people(middle)).toEqual([]);
    expect((await memberEvents(mark)).filter((line) => line.endsWith('Outer'))).toEqual([
      '+ ida in Outer',
      '- ida in Outer',
    ]);
  });

  it('can be a member of itself, and of a group in it', async () => {
    const red = await group('Red', { value: ida });
    const blue = await group('Blue', { value: red }, { value: jon });
    await add(red, [{ value: blue }, { value: red }]);
    expect([await people(red), await people(blue)]).toEqual([
      [ida, jon],
      [ida, jon],
    ]);
    await remove(red, blue);
    expect([await people(red), await people(blue)]).toEqual([[ida], [ida, jon]]);
    await remove(red, ida);
    expect([await people(red), await people(blue)]).toEqual([[], [jon]]);
  });

  it('is a change of the group that lists it, and of no other', async () => {
    const inner = await group('Inner');
    const outer = await group('Outer', { value: inner });
    const etags = async (): Promise<unknown[]> =>
      Promise.all(
        [inner, outer].map(async (id) => (await client.send('GET', `/Groups/${id}`)).headers['etag']),
      );
    const [innerBefore, outerBefore] = await etags();
    expect((await add(outer, [{ value: inner }])).headers['etag']).toBe(outerBefore);
    await add(inner, [{ value: ida }]);
    const [innerAfter, outerAfter] = await etags();
    expect(outerAfter).toBe(outerBefore);
    expect(innerAfter).not.toBe(innerBefore);
    await add(outer, [{ value: ida }]);
    expect((await etags())[1]).not.toBe(outerBefore);
    // Listed twice over, and nothing happened to the person.
    expect((await memberEvents()).filter((line) => line.endsWith('Outer'))).toEqual(['+ ida in Outer']);
  });

  it('takes its people along when it is deleted, and keeps those who are in by another way', async () => {
    const inner = await group('Inner', { value: ida }, { value: jon });
    const other = await group('Other', { value: jon });
    const outer = await group('Outer', { value: inner }, { value: other });
    const mark = (await memberEvents()).length;
    const etag = async (): Promise<unknown> => (await client.send('GET', `/Groups/${outer}`)).headers['etag'];
    const before = await etag();
    await client.send('DELETE', `/Groups/${inner}`);
    expect(await etag()).not.toBe(before);
    expect(await listed(outer)).toEqual([other]);
    expect(await people(outer)).toEqual([jon]);
    expect(await memberEvents(mark)).toEqual(['- ida in Outer']);
  });

  it('is as it was when a person in it is deleted who was not listed there', async () => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', { value: inner });
    const etag = async (id: string): Promise<unknown> =>
      (await client.send('GET', `/Groups/${id}`)).headers['etag'];
    const [innerBefore, outerBefore] = [await etag(inner), await etag(outer)];
    await client.send('DELETE', `/Users/${ida}`);
    expect(await people(outer)).toEqual([]);
    expect([(await etag(inner)) === innerBefore, (await etag(outer)) === outerBefore]).toEqual([false, true]);
  });

  it('is shown at the people of a list as well, unless its removal waits for approval', async () => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', { value: inner });
    const groupsOfIda = async (): Promise<unknown> => {
      const { body } = await client.send('GET', `/Users?filter=${encodeURIComponent('userName eq "ida"')}`);
      const [first] = body['Resources'] as JsonObject[];
      const groups = (first?.['groups'] ?? []) as JsonObject[];
      return groups.map(({ value, type }) => [value, type]);
    };
    expect(await groupsOfIda()).toEqual([
      [inner, 'direct'],
      [outer, 'indirect'],
    ]);
    const guard = { push: { memberships: { count: 0, percent: 0 } } };
    await world.db.database.query({
      text: `UPDATE directories SET config = jsonb_build_object('guard', $2::jsonb) WHERE id = $1`,
      values: [client.directoryId, JSON.stringify(guard)],
    });
    await remove(outer, inner);
    expect(await people(outer)).toEqual([ida]);
    expect(await groupsOfIda()).toEqual([[inner, 'direct']]);
  });

  it('with more than a thousand people is not shown after a PATCH', async () => {
    await world.db.database.query({
      text: `INSERT INTO directory_users (environment_id, directory_id, id, user_name, user_name_key, emails, active, asserted_active,
          raw, folded, custom_attributes, version, created_at, updated_at)
        SELECT environment_id, directory_id, 'directory_user_' || n, n, n, '[]', true, true, '{}', '{}', '{}', 1, now(), now()
        FROM directory_users, generate_series(1, 999) n WHERE id = $1`,
      values: [ida],
    });
    const crowd = await group('Crowd');
    await world.db.database.query({
      text: `INSERT INTO memberships (environment_id, directory_id, group_id, user_id, created_at)
        SELECT environment_id, directory_id, $2, id, now() FROM directory_users WHERE directory_id = $1 AND user_name <> 'ida' AND user_name <> 'jon'`,
      values: [client.directoryId, crowd],
    });
    expect((await add(crowd, [{ value: ida }])).status).toBe(200);
    expect((await add(crowd, [{ value: jon }])).status).toBe(204);
  });

  it('waits until it comes back, like a person', async () => {
    const inner = await group('Inner', { value: ida });
    await client.send('DELETE', `/Groups/${inner}`);
    const outer = await group('Outer', { value: inner });
    const { body } = await client.send('GET', `/Groups/${outer}`);
    expect(body['members']).toEqual([{ value: inner, type: 'Group' }]);
    expect(await group('Inner', { value: jon })).toBe(inner);
    expect(await listed(outer)).toEqual([inner]);
    expect(await people(outer)).toEqual([jon]);
  });

  it('of another directory is nobody, for ever', async () => {
    const other = await world.connect({});
    const foreign = await other.create('/Groups', { displayName: 'Foreign' });
    const outer = await group('Outer', { value: foreign, type: 'Group' });
    expect(await people(outer)).toEqual([]);
    const { body } = await client.send('GET', `/Groups/${outer}`);
    expect(body['members']).toEqual([{ value: foreign, type: 'Group' }]);
  });

  it('is somebody to the letter, too', async () => {
    client = await world.connect({ scim_strict: true });
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
    const inner = await client.create('/Groups', { schemas, displayName: 'Inner' });
    const members = [{ value: inner, type: 'Group' }];
    await client.create('/Groups', { schemas, displayName: 'Outer', members });
    const json = { schemas, displayName: 'X', members: [{ value: `${inner.slice(0, -1)}_` }] };
    expect(await client.send('POST', '/Groups', { json })).toMatchObject({ status: 400 });
  });

  it('is replaced, cleared and put like any member, in SCIM 1.1 as well', async () => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', { value: inner });
    await patch(outer, { op: 'replace', path: 'members', value: [{ value: jon }] });
    expect(await people(outer)).toEqual([jon]);
    await client.send('PUT', `/Groups/${outer}`, {
      json: { displayName: 'Outer', members: [{ value: inner }] },
    });
    expect(await people(outer)).toEqual([ida]);
    const members = [{ value: inner, operation: 'delete' }];
    await client.send('PATCH', `/Groups/${outer}`, { version: '1.1', json: { members } });
    expect(await people(outer)).toEqual([]);
    await client.send('PATCH', `/Groups/${outer}`, { version: '1.1', json: { members: [{ value: inner }] } });
    expect(await people(outer)).toEqual([ida]);
    await patch(outer, { op: 'remove', path: 'members' });
    expect(await people(outer)).toEqual([]);
  });
});

describe('external ids', () => {
  beforeEach(async () => {
    client = await world.connect({ match_external_ids: true });
    ida = await client.create('/Users', { userName: 'ida', externalId: '7' });
    jon = await client.create('/Users', { userName: 'jon', externalId: '8' });
  });

  it('name a person, and a group only where the member says so', async () => {
    const inner = await client.create('/Groups', { displayName: 'Inner', externalId: '7', members: ['8'] });
    const outer = await group('Outer', { value: '7' });
    expect(await people(outer)).toEqual([ida]);
    await add(outer, [{ value: '7', type: 'Group' }]);
    expect(await listed(outer)).toEqual(expect.arrayContaining([ida, inner]));
    expect(await people(outer)).toEqual([ida, jon]);
    await remove(outer, '7');
    expect(await people(outer)).toEqual([]);
    // There is a group 70, but the member does not say that it is one.
    await client.create('/Groups', { displayName: 'Seventy', externalId: '70', members: ['8'] });
    await add(outer, [{ value: '70' }]);
    expect(await people(outer)).toEqual([]);
  });

  it('wait for a person or a group, whichever was meant', async () => {
    const outer = await group('Outer', { value: '9', type: 'Group' }, { value: '10' });
    const kim = await client.create('/Users', { userName: 'kim', externalId: '9' });
    await client.create('/Groups', { displayName: 'Ten', externalId: '10', members: [jon] });
    expect(await people(outer)).toEqual([]);
    await client.create('/Groups', { displayName: 'Nine', externalId: '9', members: [ida] });
    expect(await people(outer)).toEqual([ida]);
    const lea = await client.create('/Users', { userName: 'lea', externalId: '10' });
    expect(await people(outer)).toEqual([ida, lea]);
    expect(await people(outer)).not.toContain(kim);
  });

  it('of a group that gets one later are noticed', async () => {
    const inner = await group('Inner', { value: ida });
    const outer = await group('Outer', { value: 'g-1', type: 'Group' });
    await patch(inner, { op: 'add', path: 'externalId', value: 'g-1' });
    expect(await people(outer)).toEqual([ida]);
  });

  it('are never our own ids, whoever carries one as such', async () => {
    await client.create('/Users', {
      userName: 'mallory',
      externalId: 'directory_user_01M8KEWPA69BZS4MAM58G1Q731',
    });
    const outer = await group('Outer', { value: 'directory_user_01M8KEWPA69BZS4MAM58G1Q731' });
    expect(await people(outer)).toEqual([]);
  });
});

it('keeps all changes of concurrent requests on groups in groups', async () => {
  const userIds = await Promise.all(
    Array.from({ length: 12 }, (_, index) => client.create('/Users', { userName: `user${index}` })),
  );
  const [low, mid, top] = await Promise.all([group('Low'), group('Mid'), group('Top')]);
  await Promise.all([
    ...userIds.map((id, index) => add(index % 2 === 0 ? low : mid, [{ value: id }])),
    add(mid, [{ value: low }]),
    add(top, [{ value: mid }]),
    add(low, [{ value: top }]),
  ]);
  for (const id of [low, mid, top]) expect(await people(id)).toEqual(userIds.toSorted());
  await Promise.all([remove(low, top), ...userIds.slice(0, 6).map((id) => remove(low, id))]);
  expect(await people(low)).toEqual(userIds.filter((_, index) => index % 2 === 0 && index >= 6).toSorted());
  expect(await people(top)).toEqual(userIds.filter((_, index) => index % 2 === 1 || index >= 6).toSorted());
});
