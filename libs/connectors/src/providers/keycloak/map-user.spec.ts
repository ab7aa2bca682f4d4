import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

const config = (over: JsonObject = {}): ReturnType<typeof readConfig> =>
  readConfig({
    server_url: 'https://login.example.com',
    realm: 'acme',
    client_id: 'c',
    client_secret: 's',
    ...over,
  });
const user = (over: JsonObject = {}): JsonObject => ({
  id: 'u1',
  username: 'ada',
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Ahn',
  enabled: true,
  ...over,
});
const map = (over: JsonObject = {}, answers: JsonObject = {}): unknown =>
  mapUser(user(over), config(answers).attributes)[0];

describe('Keycloak user', () => {
  it('is active while it is enabled, whatever is left to do', () => {
    expect(map({ requiredActions: ['VERIFY_EMAIL'] })).toMatchObject({
      user: { active: true, stateReason: null },
    });
    expect(map({ enabled: false })).toMatchObject({ user: { active: false, stateReason: 'suspended' } });
  });

  it.each([
    [{ enabled: null }, '"enabled" is missing.'],
    [{ enabled: 'yes' }, '"enabled" is neither true nor false.'],
    [{ username: null }, '"username" is missing.'],
    [{ attributes: { title: [7] } }, '"attributes.title[0]" is not a text.'],
  ])('is set aside with %j', (over, problem) => {
    expect(map(over)).toEqual({ kind: 'invalid', of: 'user', id: 'u1', problem });
  });

  it('has attributes of any name', () => {
    const attributes = {
      title: ['Engineer'],
      department: ['Research'],
      manager: ['bo'],
      employeeNumber: ['17'],
      color: ['red', 'blue'],
      empty: [],
    };
    expect(map({ attributes })).toMatchObject({
      user: {
        jobTitle: 'Engineer',
        customAttributes: {
          department_name: 'Research',
          manager_name: 'bo',
          employee_number: '17',
          color: ['red', 'blue'],
        },
      },
    });
    expect(
      map({ attributes: { role: ['Chair'], title: ['Dr.'] } }, { title_attribute: 'role' }),
    ).toMatchObject({
      user: { jobTitle: 'Chair', customAttributes: { title: 'Dr.' } },
    });
    expect(map({ attributes: { valueOf: ['Ford'] } }, { title_attribute: 'constructor' })).toMatchObject({
      user: { jobTitle: null, customAttributes: { valueOf: 'Ford' } },
    });
  });

  it('does not change with the time that Keycloak gives people whom a federation keeps to itself', () => {
    const at = (createdTimestamp: number, id: string): unknown => map({ id, createdTimestamp });
    expect(at(1, 'f:ldap:ada')).toEqual(at(2, 'f:ldap:ada'));
    expect(at(1, 'u1')).toMatchObject({ user: { raw: { createdTimestamp: 1 } } });
  });

  it('does not change with what a federation notes, or with what it may do', () => {
    const attributes = { LDAP_ID: ['7'], modifyTimestamp: ['20261124130000Z'] };
    const first = map({ attributes, access: { manage: true }, notBefore: 0 });
    expect(
      map({ attributes: { LDAP_ID: ['7'], modifyTimestamp: ['20261125130000Z'] }, notBefore: 9 }),
    ).toEqual(first);
  });

  it('has no e-mail address without one', () => {
    expect(map({ email: null })).toMatchObject({ user: { email: null, emails: [] } });
  });
});

describe('Keycloak group', () => {
  it('has its name, and its path beside', () => {
    expect(mapGroup({ id: 'g1', name: 'Admins', path: '/acme/Admins', subGroups: [], access: {} })).toEqual([
      {
        kind: 'group',
        group: { sourceId: 'g1', name: 'Admins', raw: { id: 'g1', name: 'Admins', path: '/acme/Admins' } },
      },
    ]);
  });

  it('keeps its members when it is set aside', () => {
    const problem = '"name" is missing.';
    expect(mapGroup({ id: 'g1' })).toEqual([
      { kind: 'invalid', of: 'group', id: 'g1', problem },
      { kind: 'invalid', of: 'membership', id: 'g1', problem },
    ]);
  });

  it('has no members without ids', () => {
    expect(() => mapMember({ username: 'ada' })).toThrow('"id" is missing');
  });
});

describe('Keycloak settings', () => {
  it.each([
    ['https://login.example.com/', 'https://login.example.com'],
    ['https://login.example.com/auth/', 'https://login.example.com/auth'],
    ['https://login.example.com/auth/admin/acme/console', 'https://login.example.com/auth'],
    ['https://login.example.com/realms/acme', 'https://login.example.com'],
  ])('take the server out of %s', (given, serverUrl) => {
    expect(config({ server_url: given }).serverUrl).toBe(serverUrl);
  });

  it('take a certificate only', () => {
    expect(() => config({ ca_certificate: 'no PEM' })).toThrow('Validation failed');
  });
});
