import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { compareWithRest } from './compare-with-rest.js';
import { membershipKey, type FoldedDirectory } from './fold-events.js';
import {
  readRest,
  type DirectorySyncReader,
  type RestDirectory,
  type SdkGroup,
  type SdkUser,
} from './read-rest.js';

const shared = { idpId: 'x', directoryId: 'd1', organizationId: 'o1', rawAttributes: { a: [1] } };
const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-02T00:00:00.000Z' };
const sales: SdkGroup = { id: 'g1', name: 'Sales', ...shared, ...times };
const rita: SdkUser = {
  id: 'u1',
  email: 'rita@acme.test',
  firstName: 'Rita',
  lastName: 'Ng',
  state: 'active',
  customAttributes: { department: 'Sales' },
  groups: [sales],
  ...shared,
  ...times,
};
const wire: JsonObject = {
  idp_id: 'x',
  directory_id: 'd1',
  organization_id: 'o1',
  raw_attributes: { a: [1] },
  created_at: times.createdAt,
  updated_at: times.updatedAt,
};
const ritaWire: JsonObject = {
  ...wire,
  id: 'u1',
  email: 'rita@acme.test',
  first_name: 'Rita',
  last_name: 'Ng',
  state: 'active',
  custom_attributes: { department: 'Sales' },
};
const folded: FoldedDirectory = {
  users: new Map([['u1', ritaWire]]),
  groups: new Map([['g1', { ...wire, id: 'g1', name: 'Sales' }]]),
  memberships: new Set([membershipKey('g1', 'u1')]),
  deleted: false,
};
const rest: RestDirectory = { users: [rita], groups: [sales] };

describe('compareWithRest', () => {
  it('finds two equal views equal and counts them', () => {
    expect(compareWithRest(folded, rest)).toEqual({
      equal: true,
      users: 1,
      groups: 1,
      memberships: 1,
      differences: [],
    });
  });

  it.each<[string, RestDirectory, readonly string[]]>([
    [
      'an attribute',
      { ...rest, users: [{ ...rita, state: 'inactive' }] },
      ['user u1: state is "active" in the events, "inactive" in REST'],
    ],
    [
      'something deep inside',
      { ...rest, groups: [{ ...sales, rawAttributes: { a: [2] } }] },
      ['group g1: raw_attributes is {"a":[1]} in the events, {"a":[2]} in REST'],
    ],
    [
      'a person that REST lacks',
      { ...rest, users: [] },
      ['user u1 is missing in REST', 'membership g1 u1 is missing in REST'],
    ],
    [
      'a person that the events lack',
      { ...rest, users: [rita, { ...rita, id: 'u2', groups: [] }] },
      ['user u2 is missing in the events'],
    ],
    ['a membership', { ...rest, users: [{ ...rita, groups: [] }] }, ['membership g1 u1 is missing in REST']],
    ['a person listed twice', { ...rest, users: [rita, rita] }, ['REST lists a user twice']],
  ])('tells of %s', (_what, shown, differences) => {
    const result = compareWithRest(folded, shown);
    expect(result.equal).toBe(false);
    expect(result.differences).toEqual(differences);
  });
});

describe('readRest', () => {
  it('walks every page and keeps the order', async () => {
    const asked: (string | undefined)[] = [];
    const reader: DirectorySyncReader = {
      listUsers: async ({ after }) => {
        asked.push(after);
        const id = after === undefined ? 'u1' : 'u2';
        return Promise.resolve({
          data: [{ ...rita, id }],
          listMetadata: { after: after === undefined ? 'u1' : null },
        });
      },
      listGroups: async () => Promise.resolve({ data: [sales], listMetadata: {} }),
    };
    const read = await readRest(reader, 'd1');
    expect(read.users.map(({ id }) => id)).toEqual(['u1', 'u2']);
    expect(read.groups).toEqual([sales]);
    expect(asked).toEqual([undefined, 'u1']);
  });
});
