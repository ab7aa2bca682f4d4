import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import { readConfig } from './config.js';
import { mapGroup, mapGroupDelta, mapRemoval } from './map-group.js';
import { mapUser } from './map-user.js';

const config = (answers: JsonObject = {}): ReturnType<typeof readConfig> =>
  readConfig({ tenant_id: 't', client_id: 'c', client_secret: 's', ...answers });
const user = (over: JsonObject = {}): JsonObject => ({
  id: 'u1',
  userPrincipalName: 'ada@example.com',
  ...over,
});

describe('Entra user', () => {
  it.each<[JsonObject, JsonObject]>([
    [{}, { email: 'ada@example.com', active: true, isStateUntold: true }],
    [{ accountEnabled: null }, { active: true, isStateUntold: true }],
    [{ mail: 'a@example.org', proxyAddresses: ['SMTP:b@example.org'] }, { email: 'a@example.org' }],
    [{ proxyAddresses: ['smtp:old@example.org', 'SMTP:b@example.org'] }, { email: 'b@example.org' }],
    [{ userPrincipalName: 'x_y.com#EXT#@fabrikam.test' }, { email: null }],
    [{ accountEnabled: false }, { active: false, stateReason: 'suspended' }],
    [
      { accountEnabled: true, externalUserState: 'Accepted' },
      { active: true, stateReason: null },
    ],
    [{ externalUserState: 'PendingAcceptance' }, { active: false, stateReason: 'pending' }],
  ])('%j', (over, expected) => {
    expect(mapUser(user(over), config())).toMatchObject({ kind: 'user', user: expected });
  });

  it('is the same whether a list sends null or a delta leaves the attribute out', () => {
    expect(mapUser(user({ mail: null, jobTitle: null, otherMails: [] }), config())).toMatchObject({
      user: { raw: { id: 'u1', userPrincipalName: 'ada@example.com' } },
    });
    expect(mapUser(user({ mail: null }), config())).toEqual(mapUser(user(), config()));
  });

  it('whose state is shown keeps none from before', () => {
    expect(mapUser(user({ accountEnabled: true }), config())).not.toHaveProperty('user.isStateUntold');
  });

  it('lists every address once', () => {
    const over = { proxyAddresses: ['SMTP:Ada@example.com', 'x500:/o=x', 'smtp:b@example.com'] };
    const record = mapUser(user(over), config());
    expect(record).toMatchObject({
      user: {
        emails: [
          { primary: true, value: 'Ada@example.com' },
          { primary: false, value: 'b@example.com' },
        ],
      },
    });
  });

  it('is left out as a guest unless guests are wanted', () => {
    expect(mapUser(user({ userType: 'Guest' }), config())).toEqual({
      kind: 'removed',
      of: 'user',
      id: 'u1',
      reason: 'out_of_scope',
    });
    expect(mapUser(user({ userType: 'Guest' }), config({ include_guests: true }))).toMatchObject({
      kind: 'user',
    });
  });

  it('has directory extensions under their own names', () => {
    const name = `extension_${'0'.repeat(32)}_badge`;
    expect(mapUser(user({ [name]: 7 }), config({ extension_attributes: [name] }))).toMatchObject({
      user: { customAttributes: { badge: 7 } },
    });
  });
});

describe('Entra groups', () => {
  const group = (over: JsonObject = {}): JsonObject => ({
    id: 'g1',
    displayName: 'A',
    groupTypes: [],
    ...over,
  });

  it.each<[string, JsonObject, string]>([
    ['all', {}, 'group'],
    ['all', { groupTypes: null }, 'group'],
    ['security', { securityEnabled: true }, 'group'],
    ['security', { securityEnabled: false }, 'removed'],
    ['security', { securityEnabled: true, groupTypes: ['Unified'] }, 'removed'],
    ['security', {}, 'invalid'],
    ['microsoft_365', { groupTypes: ['Unified'] }, 'group'],
    ['microsoft_365', { securityEnabled: true }, 'removed'],
    ['microsoft_365', { groupTypes: null }, 'invalid'],
  ])('filter %s: %j', (group_filter, over, kind) => {
    expect(mapGroup(group(over), config({ group_filter })).kind).toBe(kind);
  });

  it.each([null, 7, {}, { id: 'u2' }, { '@odata.type': '#microsoft.graph.user' }])(
    'reads the other members of a delta with %j among them',
    (broken) => {
      const delta: JsonValue[] = [broken as JsonValue, { '@odata.type': '#microsoft.graph.user', id: 'u1' }];
      expect(mapGroupDelta({ id: 'g1', 'members@delta': delta }, config())).toMatchObject([
        { kind: 'invalid', of: 'membership', id: 'g1' },
        { kind: 'members', groupId: 'g1', members: [{ kind: 'user', id: 'u1' }] },
      ]);
    },
  );

  it('says so when the members of a delta are no list', () => {
    expect(mapGroupDelta({ id: 'g1', 'members@delta': 'all' }, config())).toMatchObject([
      { kind: 'invalid', of: 'membership', id: 'g1' },
    ]);
  });

  it('reads members that came and went, also from a slice without attributes', () => {
    const delta: JsonObject[] = [
      { '@odata.type': '#microsoft.graph.user', id: 'u1' },
      { '@odata.type': '#microsoft.graph.group', id: 'g2', '@removed': { reason: 'deleted' } },
      { '@odata.type': '#microsoft.graph.device', id: 'd1' },
      { '@odata.type': 'constructor', id: 'd2' },
    ];
    expect(mapGroupDelta({ id: 'g1', 'members@delta': delta }, config())).toEqual([
      { kind: 'members', groupId: 'g1', members: [{ kind: 'user', id: 'u1' }] },
      { kind: 'removed_member', groupId: 'g1', member: { kind: 'group', id: 'g2' } },
    ]);
  });

  it.each([
    ['changed', 'soft_deleted'],
    ['deleted', 'deleted'],
  ])('a removal that Graph calls %s is %s', (reason, expected) => {
    expect(mapRemoval({ id: 'u1', '@removed': { reason } }, 'user')).toEqual({
      kind: 'removed',
      of: 'user',
      id: 'u1',
      reason: expected,
    });
  });
});
