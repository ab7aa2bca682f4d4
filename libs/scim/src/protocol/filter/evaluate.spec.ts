import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#kernel';
import { ENTERPRISE_USER_URN, USER_URN } from '../schema/urns.js';
import { matchesFilter } from './evaluate.js';
import { arbitraryFilter, arbitraryUserResource } from './filter-arbitraries.js';
import { parseFilter } from './parse.js';
import { compareText } from './passes.js';

const USER: JsonObject = {
  schemas: [USER_URN, ENTERPRISE_USER_URN],
  id: 'directory_user_01ABC',
  externalId: 'Ext-1',
  userName: 'Anna@Example.com',
  title: '',
  active: false,
  name: { familyName: 'Straße' },
  emails: [
    { value: 'Anna@example.com', type: 'work', primary: true },
    { value: 'anna@home.example', type: 'home' },
  ],
  x509Certificates: [{ value: 'QUJD' }],
  groups: [
    {
      value: 'directory_group_01G',
      $ref: 'https://scim.example.com/v2/Groups/directory_group_01G',
      display: 'Ops',
    },
  ],
  [ENTERPRISE_USER_URN]: { department: 'R&D', manager: { value: 'm1' } },
  meta: {
    resourceType: 'User',
    created: '2024-05-01T10:11:12.345Z',
    lastModified: '2024-06-01T00:00:00.000Z',
    location: 'https://scim.example.com/v2/Users/directory_user_01ABC',
    version: 'W/"4"',
  },
};

function matches(filter: string): boolean {
  return matchesFilter(parseFilter(filter), { type: 'User', resource: USER });
}

describe('matchesFilter', () => {
  it.each([
    // Letter case: userName is compared without, ids with.
    'userName eq "ANNA@EXAMPLE.COM"',
    'USERNAME sw "anna"',
    'userName ew ".COM" and userName co "@ex"',
    'id eq "directory_user_01ABC" and not (id eq "directory_user_01abc")',
    'externalId eq Ext-1 and externalId ne "ext-1"',
    // Booleans by the type of the attribute.
    'active eq false',
    'active eq "False"',
    'active ne TRUE',
    'emails.primary eq "True"',
    // Multi-valued: any element; brackets: the same element.
    'emails co "home.example"',
    'email eq "anna@EXAMPLE.com"',
    'emails.type eq "home" and emails.value eq "anna@example.com"',
    'emails[type eq "work" and value eq "anna@example.com"]',
    'emails[type eq "work"].value eq "anna@example.com"',
    'emails[not (type eq "work")]',
    'emails ne "anna@example.com"',
    // Addresses are told apart by the id in them, whatever the host.
    'meta.location eq "https://scim.example.com/v2/Users/directory_user_01ABC" and meta.location pr',
    'meta.location eq "Users/directory_user_01ABC" and groups.$ref eq "Groups/directory_group_01G"',
    'meta.location ne "https://scim.example.com/v2/Groups/directory_user_01ABC"',
    'meta.location ne "https://scim.example.com/v2/Users/directory_user_01abc"',
    'groups.$ref ne "x" and not (groups.$ref eq "x") and groups.$ref pr',
    'manager.$ref ne "x" and not (manager.$ref pr)',
    // Complex attributes compare their value; unqualified names are found in extensions.
    'manager eq "m1"',
    'manager.value eq "m1" and department eq "r&d"',
    `${ENTERPRISE_USER_URN}:department sw "R"`,
    `${USER_URN}:userName eq "anna@example.com"`,
    `schemas eq "${ENTERPRISE_USER_URN.toLowerCase()}"`,
    'groups.value eq "directory_group_01G" and groups eq "directory_group_01G"',
    // Presence.
    'userName pr and emails pr and emails.type pr and name pr and manager pr',
    'not (title pr) and not (nickName pr) and not (addresses pr)',
    'title eq null and nickName eq null and userName ne null and addresses eq null',
    // `ne` is true for what is absent.
    'nickName ne "x" and phoneNumbers ne "x" and phoneNumbers.type ne "work"',
    // Dates are points in time.
    'meta.created eq 2024-05-01T12:11:12.345+02:00',
    'meta.created eq "2024-05-01T12:11:12.345 02:00"',
    'meta.created eq "2024-05-01T10:11:12.3450000Z"',
    'meta.created lt "2024-05-01T10:11:12.3450001Z"',
    'meta.created ne "2024-05-01T10:11:12.3450001Z"',
    'meta.created gt "0001-01-01T00:00:00Z" and meta.lastModified ge "2024-06-01"',
    'meta.version eq "W/\\"4\\"" and meta.resourceType eq "User"',
    // Binary values are equal or not.
    'x509Certificates.value eq "QUJD" and not (x509Certificates.value eq "qujd")',
    // Folding is the same on both sides.
    'name.familyName eq "STRAßE" and name.familyName co "SSE" or name.familyName ge "s"',
  ])('is true: %s', (filter) => {
    expect(matches(filter)).toBe(true);
  });

  it.each([
    'userName eq "anna"',
    'emails[type eq "home" and value eq "anna@example.com"]',
    'emails[type eq "home"].value eq "anna@example.com"',
    'emails[value eq null]',
    'nickName gt "a"',
    'nickName co ""',
    'meta.created gt "2024-05-01T10:11:12.345Z"',
    // Nothing about an unknown attribute is true, and no negation makes it true.
    'unknown eq "x"',
    'unknown ne "x"',
    'not (unknown eq "x")',
    'not (unknown pr and userName pr)',
    'not (emails[unknown eq "x"])',
    'name.unknown pr',
  ])('is false: %s', (filter) => {
    expect(matches(filter)).toBe(false);
  });

  it('still decides around an unknown attribute', () => {
    expect(matches('unknown eq "x" or userName pr')).toBe(true);
    expect(matches('not (unknown eq "x" and title pr)')).toBe(true);
  });

  it.each([
    'active gt true',
    'active co "t"',
    'active eq "maybe"',
    'x509Certificates.value gt "a"',
    'meta.created co "2024"',
    'meta.created gt "yesterday"',
    'name eq "x"',
    'addresses eq "x"',
    'title gt null',
    'password eq "x"',
    'groups.$ref sw "https"',
    'meta.location gt "x"',
    'userName[value eq "x"]',
    'meta[version eq "x"]',
    'emails[emails.type eq "work"]',
  ])('refuses: %s', (filter) => {
    expect(() => matches(filter)).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidFilter' }),
    );
  });

  it('refuses an unknown attribute when asked to', () => {
    const filter = parseFilter('unknown eq "x"');
    const target = { type: 'User' as const, resource: USER };
    expect(() => matchesFilter(filter, target, { unknownAttribute: 'reject' })).toThrow('unknown');
  });

  it('negates every filter on known attributes', () => {
    fc.assert(
      fc.property(arbitraryFilter, arbitraryUserResource, (filter, resource) => {
        const not = { kind: 'not', operand: filter } as const;
        const both = [filter, not].filter((one) => matchesFilter(one, { type: 'User', resource }));
        expect(both.length).toBeLessThanOrEqual(1);
        const mentionsUnknown = JSON.stringify(filter).includes('unknown');
        expect(both.length === 1 || mentionsUnknown).toBe(true);
      }),
    );
  });
});

describe('compareText', () => {
  it('orders by code points where UTF-16 units would not', () => {
    expect(compareText('😀', '\uFFFD')).toBeGreaterThan(0);
    expect(compareText('a', 'ab')).toBeLessThan(0);
    expect(compareText('b', 'ab')).toBeGreaterThan(0);
    expect(compareText('é', 'é')).toBe(0);
  });

  it('agrees with the order of UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareText(left, right))).toBe(bytes);
      }),
    );
  });
});
