import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  createScimWorld,
  type ClientAnswer,
  type ScimClient,
  type ScimWorld,
} from '../../test-support/scim-client.js';
import { SEARCH_REQUEST_URN, USER_URN } from '../protocol/schema/urns.js';

const PEOPLE = 12;
let world: ScimWorld;
let client: ScimClient;
const users: string[] = [];
let group: string;

beforeAll(async () => {
  world = await createScimWorld();
  client = await world.connect({});
  for (let number = 0; number < PEOPLE; number++) {
    const title: JsonObject = number % 3 === 0 ? {} : { title: `Title ${number % 5}` };
    users.push(
      await client.create('/Users', { userName: `person-${number}`, externalId: `e${number}`, ...title }),
    );
  }
  group = await client.create('/Groups', {
    displayName: 'Crew',
    externalId: 'g1',
    members: [{ value: users[0] ?? '' }],
  });
});
afterAll(() => world.db.drop());

function idsOf({ body }: ClientAnswer): string[] {
  return (body['Resources'] as JsonObject[]).map(({ id }) => id as string);
}

async function walk(path: string, query: string): Promise<{ ids: string[]; pages: ClientAnswer[] }> {
  const pages: ClientAnswer[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined && pages.length < 50) {
    const page: ClientAnswer = await client.send('GET', `${path}?cursor=${cursor}&${query}`);
    expect({ status: page.status, body: page.body }).toMatchObject({ status: 200 });
    pages.push(page);
    cursor = page.body['nextCursor'] as string | undefined;
  }
  return { ids: pages.flatMap(idsOf), pages };
}

describe('paging by cursor', () => {
  it.each([1, 5, PEOPLE, 100])('shows everybody once in pages of %d', async (count) => {
    const { ids, pages } = await walk('/Users', `count=${count}`);
    expect(ids).toEqual(users);
    expect(pages).toHaveLength(Math.ceil(PEOPLE / count));
    for (const { body } of pages) {
      expect(body['totalResults']).toBe(PEOPLE);
      expect(body).not.toHaveProperty('startIndex');
    }
  });

  it.each(['sortBy=title', 'sortBy=title&sortOrder=descending', 'filter=title%20pr', 'sortBy=userName'])(
    'shows in pages what %s shows at once',
    async (query) => {
      const { ids } = await walk('/Users', `count=5&${query}`);
      expect(ids).toEqual(idsOf(await client.send('GET', `/Users?${query}`)));
      expect(ids.length).toBeGreaterThan(6);
    },
  );

  it('has cursors that fit into an address and name nobody', async () => {
    const { body } = await client.send('GET', '/Users?cursor&count=2&sortBy=userName');
    expect(body['nextCursor']).toMatch(/^[\w.~-]+$/);
    expect(Buffer.from(body['nextCursor'] as string, 'base64url').toString()).not.toContain('person');
  });

  it('goes on behind somebody who was removed in between', async () => {
    const leaver = await client.create('/Users', { userName: 'zz-leaver', title: 'A' });
    const last = await client.create('/Users', { userName: 'zz-last', title: 'A' });
    const first = await client.send('GET', '/Users?cursor=&sortBy=userName&count=13');
    expect(idsOf(first)).toContain(last);
    await client.send('DELETE', `/Users/${last}`);
    const cursor = first.body['nextCursor'] as string;
    expect(idsOf(await client.send('GET', `/Users?cursor=${cursor}&sortBy=userName&count=13`))).toEqual([
      leaver,
    ]);
    await client.send('DELETE', `/Users/${leaver}`);
  });

  it('only counts when asked for none', async () => {
    const { body } = await client.send('GET', '/Users?cursor=&count=0');
    expect(body).toMatchObject({ totalResults: PEOPLE, itemsPerPage: 0, Resources: [] });
    expect(body).not.toHaveProperty('nextCursor');
  });

  it.each([
    ['cursor=nonsense', 'invalidCursor'],
    ['cursor=W10', 'invalidCursor'],
    ['cursor=&count=-1', 'invalidCount'],
    ['cursor=&count=many', 'invalidCount'],
  ])('refuses %s with %s', async (query, scimType) => {
    const { status, body } = await client.send('GET', `/Users?${query}`);
    expect({ status, body }).toMatchObject({ status: 400, body: { scimType } });
  });

  it('refuses a cursor of another query or endpoint, and an old one', async () => {
    const { body } = await client.send('GET', '/Users?cursor=&count=2');
    const cursor = body['nextCursor'] as string;
    for (const address of [`/Users?cursor=${cursor}&filter=title%20pr`, `/Groups?cursor=${cursor}`])
      expect(await client.send('GET', address)).toMatchObject({
        status: 400,
        body: { scimType: 'invalidCursor' },
      });
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    parts[3] = (parts[3] as number) - 3_601;
    const old = Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect(await client.send('GET', `/Users?cursor=${old}&count=2`)).toMatchObject({
      status: 400,
      body: { scimType: 'expiredCursor' },
    });
  });

  it('is offered in a search body, and told by the configuration', async () => {
    const json = { schemas: [SEARCH_REQUEST_URN], cursor: '', count: 7 };
    const first = await client.send('POST', '/Users/.search', { json });
    const second = await client.send('POST', '/Users/.search', {
      json: { ...json, cursor: first.body['nextCursor'] },
    });
    expect([...idsOf(first), ...idsOf(second)]).toEqual(users);
    const { body } = await client.send('GET', '/ServiceProviderConfig');
    expect(body['pagination']).toEqual({
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 1_000,
      cursorTimeout: 3_600,
    });
  });

  it('does not exist in 1.1', async () => {
    const { body } = await client.send('GET', '/Users?cursor=&count=2', { version: '1.1' });
    expect(body).toMatchObject({ startIndex: 1, totalResults: PEOPLE });
    expect(body).not.toHaveProperty('nextCursor');
    const config = await client.send('GET', '/ServiceProviderConfigs', { version: '1.1' });
    expect(config.body).not.toHaveProperty('pagination');
  });
});

describe('searching all types', () => {
  it('shows users, then groups', async () => {
    const { body } = await client.send('POST', '/.search', { json: { schemas: [SEARCH_REQUEST_URN] } });
    expect(body['totalResults']).toBe(PEOPLE + 1);
    expect((body['Resources'] as JsonObject[]).map(({ id }) => id)).toEqual([...users, group]);
    expect(idsOf(await client.send('GET', '/'))).toEqual([...users, group]);
  });

  it.each([
    [{ startIndex: PEOPLE, count: 2 }, () => [users[PEOPLE - 1], group]],
    [{ startIndex: PEOPLE + 1, count: 5 }, () => [group]],
    [{ startIndex: PEOPLE + 2 }, () => []],
    [{ filter: 'externalId eq "g1"' }, () => [group]],
    [{ filter: 'meta.resourceType eq "User" and externalId eq "e1"' }, () => [users[1]]],
    [{ filter: 'userName eq "person-2" or displayName eq "crew"' }, () => [users[2], group]],
    [{ filter: 'members pr' }, () => [group]],
  ])('finds %j', async (search, expected) => {
    const json = { schemas: [SEARCH_REQUEST_URN], ...search };
    expect(idsOf(await client.send('POST', '/.search', { json }))).toEqual(expected());
  });

  it('pages by cursor from one type into the next', async () => {
    for (const count of [1, 5, PEOPLE, PEOPLE + 1]) {
      const { ids, pages } = await walk('/', `count=${count}`);
      expect(ids).toEqual([...users, group]);
      expect(pages).toHaveLength(Math.ceil((PEOPLE + 1) / count));
    }
  });

  it.each([
    [{ filter: 'nothing eq "x"' }, 'invalidFilter'],
    [{ sortBy: 'userName' }, 'invalidValue'],
    [{ filter: 'userName eq' }, 'invalidFilter'],
  ])('refuses %j', async (search, scimType) => {
    const json = { schemas: [SEARCH_REQUEST_URN], ...search };
    const { status, body } = await client.send('POST', '/.search', { json });
    expect({ status, body }).toMatchObject({ status: 400, body: { scimType } });
  });
});

describe('an extension that nobody has described', () => {
  const URN = 'urn:example:params:Desk:1.0:User';

  it('is kept, shown, changed, and found', async () => {
    const desk = { Floor: 3, name: 'Window', tags: ['a', 'b'], keys: [{ value: 'k1', type: 'front' }] };
    const id = await client.create('/Users', { schemas: [USER_URN, URN], userName: 'desk-1', [URN]: desk });
    const { body } = await client.send('GET', `/Users/${id}`);
    expect(body).toMatchObject({ schemas: [USER_URN, URN], [URN]: desk });
    const found = (filter: string): Promise<string[]> => client.find('/Users', { filter });
    for (const filter of [
      `${URN}:floor eq 3`,
      `${URN}:floor gt 2`,
      `${URN.toLowerCase()}:NAME eq "window"`,
      `${URN}:name sw "Win"`,
      `${URN}:tags eq "b"`,
      `${URN}:keys.type eq "front"`,
      `${URN}:keys[type eq "front" and value eq "k1"]`,
      `schemas eq "${URN}"`,
    ])
      expect([filter, await found(filter)]).toEqual([filter, [id]]);
    for (const filter of [
      `${URN}:floor gt 3`,
      `${URN}:keys[type eq "front" and value eq "k2"]`,
      `${URN}:x pr`,
    ])
      expect([filter, await found(filter)]).toEqual([filter, []]);
    const Operations = [
      { op: 'replace', path: `${URN}:name`, value: 'Door' },
      { op: 'add', path: `${URN}:keys[type eq "front"].value`, value: 'k2' },
      { op: 'remove', path: `${URN}:Floor` },
    ];
    const patched = await client.send('PATCH', `/Users/${id}`, { json: { Operations } });
    const { Floor: _removed, ...left } = desk;
    const changed = { ...left, name: 'Door', keys: [{ value: 'k2', type: 'front' }] };
    expect(patched.body[URN]).toEqual(changed);
    const again = await client.send('PATCH', `/Users/${id}`, { json: { Operations } });
    expect(again.headers['etag']).toBe(patched.headers['etag']);
    const projected = await client.send('GET', `/Users/${id}?attributes=${URN}:name`);
    expect(projected.body[URN]).toEqual({ name: 'Door' });
    const gone = await client.send('PATCH', `/Users/${id}`, {
      json: { Operations: [{ op: 'remove', path: URN }] },
    });
    expect(gone.body).not.toHaveProperty([URN]);
    expect(gone.body['schemas']).toEqual([USER_URN]);
    await client.send('DELETE', `/Users/${id}`);
  });
});
