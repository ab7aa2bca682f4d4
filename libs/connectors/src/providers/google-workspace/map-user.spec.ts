import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

const user = (over: JsonObject = {}): JsonObject => ({ id: '1', primaryEmail: 'ada@example.com', ...over });

describe('Google user', () => {
  it.each<[JsonObject, JsonObject]>([
    [{}, { active: true, stateReason: null, isStateUntold: true }],
    [{ suspended: null }, { active: true, isStateUntold: true }],
    [{ suspended: true }, { active: false, stateReason: 'suspended' }],
    [
      { archived: true, suspended: true },
      { active: false, stateReason: 'archived' },
    ],
    [{ organizations: { title: 'Chair' } }, { jobTitle: 'Chair' }],
    [{ organizations: [{ title: 'Old' }, { title: 'Chair', primary: true }] }, { jobTitle: 'Chair' }],
    [
      { relations: [{ type: 'manager', value: 'b@example.com' }] },
      { customAttributes: { manager_email: 'b@example.com' } },
    ],
    [{ externalIds: [{ type: 'organization', value: '7' }] }, { customAttributes: { employee_number: '7' } }],
    [{ customSchemas: { Badge: { color: 'red' } } }, { customAttributes: { 'Badge.color': 'red' } }],
  ])('%j', (over, expected) => {
    expect(mapUser(user(over), [])).toMatchObject({ kind: 'user', user: expected });
  });

  it('whose state is shown keeps none from before', () => {
    expect(mapUser(user({ suspended: false }), [])).not.toHaveProperty('user.isStateUntold');
  });

  it('lists addresses once, without the automatic one', () => {
    const emails = [{ address: 'ada@example.com.test-google-a.com' }, { address: 'ada@example.com' }];
    expect(mapUser(user({ emails, aliases: ['a@example.com'] }), [])).toMatchObject({
      user: {
        emails: [
          { primary: true, value: 'ada@example.com' },
          { primary: false, value: 'a@example.com' },
        ],
      },
    });
  });

  it.each([
    ['/Sales', 'user'],
    ['/Sales/East', 'user'],
    ['/Salesforce', 'removed'],
    ['/', 'removed'],
    [null, 'invalid'],
  ])('in %s is in or out of the unit /Sales', (orgUnitPath, kind) => {
    expect(mapUser(user({ orgUnitPath }), ['/Sales']).kind).toBe(kind);
  });
});

describe('Google groups and settings', () => {
  it('names a group by its address when it has no name', () => {
    expect(mapGroup({ id: 'g', name: '', email: 'g@example.com' })).toMatchObject({
      group: { name: 'g@example.com' },
    });
  });

  it.each([
    ['USER', { kind: 'user', id: '1' }],
    ['GROUP', { kind: 'group', id: '1' }],
    ['CUSTOMER', 'everyone'],
    ['EXTERNAL', null],
  ])('a member of type %s', (type, expected) => {
    expect(mapMember({ type, id: '1' })).toEqual(expected);
  });

  it.each(['s3cret', '{"private_key":"s3cret"}'])('does not show a key file that is none', (file) => {
    const read = (): unknown => readConfig({ admin_email: 'a@example.com', service_account_json: file });
    expect(read).toThrow('Validation failed');
    expect(read).not.toThrow('s3cret');
  });
});
