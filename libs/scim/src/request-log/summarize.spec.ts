import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { ChangeResult, DirectoryGroup, DirectoryUser, GroupInput, UserInput } from '#model';
import { refusePaused } from '../http/directory-paused.js';
import { findRoute } from '../http/route.js';
import { ScimError, type ScimType } from '../protocol/errors.js';
import { anExchange, aStoredGroup, aStoredUser, events } from '../../test-support/exchanges.js';
import type { ObservedChange, ObservedSearch } from './observe.js';
import { summarize } from './summarize.js';

const jane = aStoredUser({ userName: 'jane@acme.test', active: true, raw: { userName: 'jane@acme.test' } });
const engineering = aStoredGroup({ name: 'Engineering', raw: { displayName: 'Engineering' } });

function updateUser(wanted: Partial<UserInput>, result: ChangeResult): ObservedChange {
  const update = (): UserInput => asInput;
  const asInput = { ...jane, folded: {}, ...wanted };
  return {
    change: { kind: 'update_user', id: jane.id, update },
    userUpdate: { before: jane, wanted: asInput },
    result,
  };
}

function updateGroup(
  wanted: { readonly group?: Partial<GroupInput>; readonly members?: ObservedMembers },
  result: ChangeResult,
): ObservedChange {
  const update = { group: { ...engineering, folded: {}, ...wanted.group }, members: wanted.members ?? [] };
  return {
    change: { kind: 'update_group', id: engineering.id, update: () => update },
    groupUpdate: { before: engineering, wanted: update },
    result,
  };
}

type ObservedMembers = NonNullable<ObservedChange['groupUpdate']>['wanted']['members'];

const CHANGES: readonly (readonly [string, ObservedChange, string])[] = [
  [
    'a deactivation',
    updateUser(
      { active: false, raw: { userName: 'jane@acme.test', active: false } },
      { user: jane, events: events(1042) },
    ),
    'Okta set active=false for jane@acme.test → deactivated, event 1042',
  ],
  [
    'an activation with a new title',
    {
      ...updateUser(
        { raw: { userName: 'jane@acme.test', title: 'Lead' } },
        { user: jane, events: events(7) },
      ),
      userUpdate: {
        before: { ...jane, active: false },
        wanted: { ...jane, folded: {}, raw: { userName: 'jane@acme.test', title: 'Lead' } },
      },
    },
    'Okta set active=true for jane@acme.test and changed title of the same person → activated, event 7',
  ],
  [
    'changes inside an extension',
    updateUser(
      { raw: { userName: 'jane@acme.test', 'urn:x:User': { department: 'R&D', costCenter: '7' } } },
      { user: jane, events: events(3) },
    ),
    'Okta changed department, costCenter of jane@acme.test → event 3',
  ],
  [
    'many changed attributes',
    updateUser(
      { raw: { userName: 'jane@acme.test', a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 } },
      { user: jane, events: events(3) },
    ),
    'Okta changed a, b, c, d and 2 more of jane@acme.test → event 3',
  ],
  [
    'a repetition',
    updateUser({}, { user: jane, events: [] }),
    'Okta sent jane@acme.test as it already was → nothing new, no event',
  ],
  [
    'a removal that is held back',
    updateUser({ active: false }, { user: { ...jane, pendingRemoval: true }, events: [] }),
    'Okta set active=false for jane@acme.test → held back until somebody approves it, no event',
  ],
  [
    'a creation',
    {
      change: { kind: 'create_user', user: { ...jane, folded: {} } },
      result: { user: jane, events: events(12) },
    },
    'Okta created jane@acme.test → event 12',
  ],
  [
    'a creation that brings somebody back',
    {
      change: { kind: 'create_user', user: { ...jane, folded: {} } },
      result: { user: jane, restored: true, events: events(12, 13) },
    },
    'Okta created jane@acme.test → brought back with the old id, 2 events (12–13)',
  ],
  [
    'a deletion',
    { change: { kind: 'delete_user', id: jane.id }, result: { user: jane, events: events(20) } },
    'Okta deleted jane@acme.test → event 20',
  ],
  [
    'added members of whom one was known',
    updateGroup(
      { members: [{ op: 'add', values: ['a', 'b', 'c'] }] },
      { group: engineering, events: events(30, 31) },
    ),
    'Okta added 3 members to Engineering → 2 events (30–31)',
  ],
  [
    'a rename and removed members',
    updateGroup(
      { group: { name: 'Builders' }, members: [{ op: 'remove', values: ['a'] }, { op: 'remove_all' }] },
      { group: engineering, events: events(1, 5) },
    ),
    'Okta renamed the group Engineering to Builders and removed 1 member from Builders and removed all members from Builders → 2 events (from 1)',
  ],
  [
    'members set as a whole',
    updateGroup({ members: [{ op: 'replace', values: ['a', 'b'] }] }, { group: engineering, events: [] }),
    'Okta set the members of Engineering (2) → nothing new, no event',
  ],
  [
    'a new group',
    {
      change: { kind: 'create_group', group: { ...engineering, folded: {} }, members: ['a', 'b'] },
      result: { group: engineering, events: events(1, 2, 3) },
    },
    'Okta created the group Engineering with 2 members → 3 events (1–3)',
  ],
  [
    'a deleted group',
    {
      change: { kind: 'delete_group', id: engineering.id },
      result: { group: engineering, events: events(9) },
    },
    'Okta deleted the group Engineering → event 9',
  ],
];

type Found = DirectoryUser | DirectoryGroup;

describe('summarize', () => {
  it.each(CHANGES)('tells %s', (_, change, line) => {
    expect(summarize(anExchange({ observation: { changes: [change], searches: [], reads: [] } }))).toBe(line);
  });

  it.each<[string, Omit<ObservedSearch, 'resourceType'>, string]>([
    [
      '/Users?filter=userName+eq+%22jane%40acme.test%22',
      { total: 0, only: undefined },
      'looked up users by userName jane@acme.test → 0 found',
    ],
    ['/Users', { total: 2_310, only: undefined }, 'listed all users → 2310 found'],
    [
      '/Groups?filter=displayName%20sw%20%22Eng%22',
      { total: 1, only: engineering },
      'looked up groups by displayName sw "Eng" → 1 found',
    ],
    [
      '/Users?filter=password+eq+%22hunter2%22',
      { total: 0, only: undefined },
      'looked up users by [masked] → 0 found',
    ],
    ['/Users/.search', { total: 3, only: undefined }, 'searched users → 3 found'],
  ])('tells the search %s', (address, found, line) => {
    const [path = '', query = ''] = address.split('?');
    const resourceType = path.startsWith('/Users') ? 'User' : 'Group';
    const observation = { changes: [], searches: [{ resourceType, ...found } as const], reads: [] };
    expect(summarize(anExchange({ path, query, observation }))).toBe(`Okta ${line}`);
  });

  it.each<[string, { readonly status: number; readonly scimType?: ScimType }, string]>([
    [
      'POST /Users',
      { status: 400, scimType: 'invalidValue' },
      'tried to create a user → refused (400 invalidValue)',
    ],
    ['PATCH /Users/u1', { status: 404 }, 'tried to change the user u1 → refused (404)'],
    [
      'DELETE /Groups/g1',
      { status: 503 },
      'tried to delete the group g1 → failed on our side (503), safe to repeat',
    ],
    ['GET /Users/u1', { status: 404 }, 'tried to read the user u1 → refused (404)'],
    ['GET /Me', { status: 501 }, 'tried to read /Me → refused (501)'],
    ['PUT /Users', { status: 405 }, 'tried to PUT to /Users → refused (405)'],
    ['POST /Schemas', { status: 405 }, 'tried to POST to /Schemas → refused (405)'],
    ['GET /v2/Users', { status: 404 }, 'tried to call /v2/Users → refused (404)'],
    [
      'POST /Users/.search',
      { status: 400, scimType: 'invalidFilter' },
      'tried to search users → refused (400 invalidFilter)',
    ],
  ])('tells the refusal of %s with %j', (address, fields, line) => {
    const [method = '', path = ''] = address.split(' ');
    expect(summarize(anExchange({ method, path, refusal: new ScimError('no', fields) }))).toBe(
      `Okta ${line}`,
    );
  });

  it('calls a pause a pause, and no fault of the service', () => {
    const pause = { by: 'Ada', at: '2026-11-24T04:20:41.631Z', reason: null };
    let refusal: ScimError | undefined;
    try {
      refusePaused({ id: 'directory_1', name: 'People', pause });
    } catch (error) {
      refusal = error as ScimError;
    }
    expect(summarize(anExchange({ method: 'PATCH', path: '/Users/u1', refusal }))).toBe(
      'Okta tried to change the user u1 → refused (503), the directory is paused',
    );
  });

  it('names who was to be created when the store refuses', () => {
    const change: ObservedChange = { change: { kind: 'create_user', user: { ...jane, folded: {} } } };
    const refusal = new ScimError('taken', { status: 409, scimType: 'uniqueness' });
    const exchange = anExchange({ refusal, observation: { changes: [change], searches: [], reads: [] } });
    expect(summarize(exchange)).toBe('Okta tried to create jane@acme.test → refused (409 uniqueness)');
  });

  it('tells what was read', () => {
    const read = (reads: Found[]): string =>
      summarize(anExchange({ path: '/Users/u1', observation: { changes: [], searches: [], reads } }));
    expect(read([jane])).toBe('Okta read jane@acme.test');
    expect(read([engineering])).toBe('Okta read the group Engineering');
    expect(summarize(anExchange({ path: '/ServiceProviderConfig' }))).toBe(
      'Okta read /ServiceProviderConfig',
    );
  });

  it.each<[string, JsonObject[]]>([
    ['2.0', [{ status: '201' }, { status: '409' }]],
    ['1.1', [{ status: { code: '201' } }, { status: { code: '409' } }]],
  ])('counts what a bulk request of %s did', (_, Operations) => {
    const change: ObservedChange = {
      change: { kind: 'create_user', user: { ...jane, folded: {} } },
      result: { user: jane, events: events(4) },
    };
    const exchange = anExchange({
      method: 'POST',
      path: '/Bulk',
      answer: { Operations },
      observation: { changes: [change, change], searches: [], reads: [] },
    });
    expect(summarize(exchange)).toBe(
      'Okta sent 2 changes in one request → 1 done, 1 refused, 2 events (from 4)',
    );
  });

  it('says that nobody has logged in', () => {
    const line = (status: number, peer?: string, authorization?: string): string =>
      summarize(
        anExchange({
          directory: undefined,
          response: { status },
          headers: authorization === undefined ? {} : { authorization },
          ...(peer !== undefined && { peer }),
        }),
      );
    expect(line(401)).toBe('Somebody sent a request without a token → refused (401)');
    expect(line(401, '203.0.113.7', 'Bearer x')).toBe(
      'Somebody at 203.0.113.7 sent a wrong token → refused (401)',
    );
    expect(line(404, '203.0.113.7', 'Bearer x')).toBe(
      'Somebody at 203.0.113.7 called the address of a directory that does not exist → refused (404)',
    );
    expect(line(429, '203.0.113.7', 'Bearer x')).toBe(
      'Somebody at 203.0.113.7 sent too many wrong tokens → refused (429), not even looked at',
    );
  });

  it('stays one line of bearable length', () => {
    const user = { ...jane, userName: `x\n${'y'.repeat(1_000)}` };
    const change: ObservedChange = { change: { kind: 'delete_user', id: 'u' }, result: { user, events: [] } };
    const line = summarize(anExchange({ observation: { changes: [change], searches: [], reads: [] } }));
    expect(line).toHaveLength(500);
    expect(line).toContain('deleted x yyy');
  });

  it('knows every route', () => {
    for (const path of [
      '/Users',
      '/Groups/1',
      '/Users/.search',
      '/Bulk',
      '/Schemas/x',
      '/ResourceTypes',
      '/.search',
    ])
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
        expect(summarize(anExchange({ method, path, route: findRoute(path) }))).toMatch(/^Okta \w+/);
  });
});
