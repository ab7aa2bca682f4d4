import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import { ScimServer } from './scim-server.js';

const NAMES = [
  'schemas',
  'Operations',
  'op',
  'path',
  'value',
  'userName',
  'displayName',
  'members',
  'emails',
  'active',
];
const MORE_NAMES = [
  'name',
  'meta',
  'id',
  'manager',
  'type',
  'primary',
  '__proto__',
  'constructor',
  'filter',
  'attributes',
];
const PATHS = [
  'members',
  'emails[type eq "work"].value',
  'emails[',
  'name.givenName',
  'urn:x:y:z',
  '',
  '.',
  'a.b.c',
  'members[value eq',
];
const USER = newId('directory_user');
const GROUP = newId('directory_group');

const key = fc.oneof(fc.constantFrom(...NAMES, ...MORE_NAMES), fc.string({ unit: 'binary', maxLength: 8 }));
const scalar = fc.oneof(
  fc.constantFrom('add', 'Replace', 'remove', 'True', 'work', 'ada', USER, ...PATHS),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(null, true, false, 0, -1, 1e308),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map(asObject),
  ),
}));

/** As JSON.parse makes it: `__proto__` is a key like any other. */
function asObject(entries: [string, unknown][]): unknown {
  return Object.fromEntries(entries);
}

const operation = fc.record(
  { op: scalar, path: fc.constantFrom(...PATHS), value: json },
  { requiredKeys: [] },
);
const BULK_PATHS = [
  '/Users',
  '/Groups',
  '/Users/bulkId:a',
  '/Groups/bulkId:b',
  `/Groups/${GROUP}`,
  '/Bulk',
  '',
];
const bulkData = fc.oneof(
  json,
  fc.record({ userName: scalar, displayName: scalar, members: fc.array(fc.record({ value: reference() })) }),
  fc.record({ userName: fc.string(), manager: fc.record({ value: reference() }) }),
);
const bulkOperation = fc.record(
  {
    method: fc.constantFrom('POST', 'put', 'Patch', 'DELETE', 'GET', null),
    path: fc.constantFrom(...BULK_PATHS),
    bulkId: fc.constantFrom('a', 'b', 'c', '', null),
    version: fc.constantFrom('W/"1"', '*', '', null, 1),
    data: bulkData,
  },
  { requiredKeys: ['path'] },
);

function reference(): fc.Arbitrary<string> {
  return fc.constantFrom('bulkId:a', 'bulkId:b', 'bulkId:c', 'bulkId:', USER);
}

const body = fc.oneof(
  fc
    .record({
      failOnErrors: fc.constantFrom(null, 0, 1, 2),
      Operations: fc.array(bulkOperation, { maxLength: 6 }),
    })
    .map((bulk) => JSON.stringify(bulk)),
  json.map((value) => JSON.stringify(value) ?? ''),
  fc.record({ Operations: fc.array(operation, { maxLength: 4 }) }).map((patch) => JSON.stringify(patch)),
  fc.dictionary(key, json).map((rest) => JSON.stringify({ ...rest, userName: 'ada', displayName: 'Crew' })),
  fc.string({ unit: 'binary' }),
);

const request = fc.record({
  version: fc.constantFrom('2.0' as const, '1.1' as const),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'),
  path: fc.oneof(
    fc.constantFrom(
      '/Users',
      '/Groups',
      `/Users/${USER}`,
      `/Groups/${GROUP}`,
      '/Users/.search',
      '/.search',
      '/Bulk',
      '/Schemas',
      '//',
    ),
    fc.webPath(),
  ),
  query: fc.oneof(
    fc.webQueryParameters(),
    fc
      .tuple(
        fc.constantFrom('filter', 'sortBy', 'attributes', 'count', 'startIndex', 'cursor'),
        fc.string({ unit: 'binary' }),
      )
      .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`),
  ),
  contentType: fc.constantFrom(undefined, 'application/scim+json', 'application/json; charset=utf-8'),
  body,
});

describe('ScimServer', () => {
  it('answers anything with SCIM, never with 500, and stays what it was', async () => {
    const store = new InMemoryDirectory();
    const failures: unknown[] = [];
    const server = new ScimServer(store, {
      publicUrl: 'https://rollcall.example.com',
      onExchange: ({ failure }) => failure !== undefined && failures.push(failure),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ contentType, body: text, ...rest }) => {
        await prepare(store);
        const response = await server.handle({
          ...rest,
          externalKey: 'acme',
          headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}`, 'content-type': contentType },
          body: Buffer.from(text),
          requestId: 'request-1',
        });
        expect(failures).toEqual([]);
        if (response.status === 204) expect(response.body).toBeUndefined();
        else expect(JSON.parse(response.body ?? '')).toHaveProperty('schemas');
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 10_000, seed: 20_261_123 },
    );
  });
});

/** The same person and group before each request, under ids that the requests know. */
async function prepare(store: InMemoryDirectory): Promise<void> {
  store.users.clear();
  store.groups.clear();
  store.members.clear();
  const empty = { externalId: null, raw: {}, folded: {} };
  const person = { email: null, emails: [], firstName: null, lastName: null, name: null, jobTitle: null };
  const { user } = await store.apply(undefined, {
    kind: 'create_user',
    user: { ...empty, ...person, userName: 'eve', active: true, stateReason: null, customAttributes: {} },
  });
  const { group } = await store.apply(undefined, {
    kind: 'create_group',
    group: { ...empty, name: 'Deck' },
    members: [],
  });
  if (user) store.users.set(USER, { ...user, id: USER });
  if (group) store.groups.set(GROUP, { ...group, id: GROUP });
}
