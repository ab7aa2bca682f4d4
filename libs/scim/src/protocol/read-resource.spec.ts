import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '#kernel';
import { arbitraryUserResource } from './filter/filter-arbitraries.js';
import { mergePut, readResource } from './read-resource.js';
import { ENTERPRISE_USER_URN as ENTERPRISE, GROUP_URN, USER_URN } from './schema/urns.js';
import { LENIENT_TOLERANCE, RFC_TOLERANCE, STRICT_TOLERANCE, type Tolerance } from './tolerance.js';

const CUSTOM = 'urn:example:custom:1.0:User';

function readUser(body: JsonObject, tolerance: Tolerance = RFC_TOLERANCE): JsonObject {
  return readResource('User', { userName: 'anna', ...body }, tolerance).resource;
}

describe('readResource for users', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['canonical spelling', { USERNAME: 'bob', NickName: 'b' }, { userName: 'bob', nickName: 'b' }],
    ['the later of two spellings', { title: 'a', Title: 'b' }, { userName: 'anna', title: 'b' }],
    ['booleans as text', { active: 'False' }, { userName: 'anna', active: false }],
    ['numbers where text belongs', { title: 7 }, { userName: 'anna', title: '7' }],
    ['null and empty text as unassigned', { title: null, nickName: '' }, { userName: 'anna' }],
    ['empty lists as unassigned', { emails: [], roles: [] }, { userName: 'anna' }],
    [
      'text verbatim',
      { title: '  Dr. ', phoneNumbers: [{ value: ' tel:+1 2' }] },
      {
        userName: 'anna',
        title: '  Dr. ',
        phoneNumbers: [{ value: ' tel:+1 2' }],
      },
    ],
    [
      'nothing of what only the server decides',
      {
        id: 'x',
        schemas: [USER_URN],
        meta: { resourceType: 'User' },
        groups: [{ value: 'g' }],
        password: 'secret',
        PassWord: 'secret',
      },
      { userName: 'anna' },
    ],
    [
      'one element instead of a list',
      { emails: { value: 'a@b', Type: 'work' } },
      {
        userName: 'anna',
        emails: [{ value: 'a@b', type: 'work' }],
      },
    ],
    [
      'plain text instead of elements',
      { emails: ['a@b'], roles: 'admin' },
      {
        userName: 'anna',
        emails: [{ value: 'a@b' }],
        roles: [{ value: 'admin' }],
      },
    ],
    [
      'a list instead of one value',
      { name: [{ givenName: 'Anna' }, { givenName: 'No' }] },
      {
        userName: 'anna',
        name: { givenName: 'Anna' },
      },
    ],
    [
      'JSON text for a complex value',
      { name: '{"givenName":"Anna"}' },
      {
        userName: 'anna',
        name: { givenName: 'Anna' },
      },
    ],
    [
      'JSON text in roles as it is',
      { roles: ['{"id":"1"}', { value: '{"id":"2"}' }] },
      {
        userName: 'anna',
        roles: [{ value: '{"id":"1"}' }, { value: '{"id":"2"}' }],
      },
    ],
    [
      'the last of several primaries',
      {
        emails: [{ value: 'a', primary: 'True' }, { value: 'b', primary: true }, { value: 'c' }],
      },
      {
        userName: 'anna',
        emails: [{ value: 'a', primary: false }, { value: 'b', primary: true }, { value: 'c' }],
      },
    ],
    [
      'equal elements once',
      { emails: [{ value: 'a', type: 'x' }, { type: 'x', value: 'a' }, { value: 'a' }] },
      {
        userName: 'anna',
        emails: [{ value: 'a', type: 'x' }, { value: 'a' }],
      },
    ],
    [
      'no elements whose value is empty',
      { emails: [{ value: '', type: 'work' }, { value: null }, null, {}] },
      {
        userName: 'anna',
      },
    ],
    [
      'elements that never have a value',
      { addresses: [{ type: 'work', locality: 'Rome', region: '' }] },
      {
        userName: 'anna',
        addresses: [{ type: 'work', locality: 'Rome' }],
      },
    ],
    [
      'custom attributes as they are',
      { shoeSize: { eu: 43 }, emails: [{ value: 'a', verified: true }] },
      {
        userName: 'anna',
        shoeSize: { eu: 43 },
        emails: [{ value: 'a', verified: true }],
      },
    ],
    [
      'a nested extension',
      { [ENTERPRISE.toUpperCase()]: { Department: 'HR', costCenter: null } },
      {
        userName: 'anna',
        [ENTERPRISE]: { department: 'HR' },
      },
    ],
    [
      'flat extension keys with colon and dot',
      {
        [`${ENTERPRISE}:department`]: 'HR',
        [`${ENTERPRISE}.costCenter`]: '1',
        [`${ENTERPRISE}:manager.value`]: 'm',
        [`${CUSTOM}:badge`]: 7,
        [`${CUSTOM}:shoe`]: { size: 43 },
      },
      {
        userName: 'anna',
        [ENTERPRISE]: { department: 'HR', costCenter: '1', manager: { value: 'm' } },
        [CUSTOM]: { badge: 7, shoe: { size: 43 } },
      },
    ],
    [
      'a bare manager, without what we compute',
      {
        [ENTERPRISE]: { manager: 'm' },
      },
      { userName: 'anna', [ENTERPRISE]: { manager: { value: 'm' } } },
    ],
    [
      'a manager in a list',
      {
        [ENTERPRISE]: { manager: [{ value: 'm', $ref: '../Users/m', displayName: 'Max' }] },
      },
      { userName: 'anna', [ENTERPRISE]: { manager: { value: 'm' } } },
    ],
    [
      'an empty manager as none',
      { [ENTERPRISE]: { manager: { value: '', $ref: null } } },
      { userName: 'anna' },
    ],
    [
      'an unknown extension verbatim',
      { [CUSTOM]: { a: null, b: [1] }, 'urn:x:lower': { c: 1 } },
      {
        userName: 'anna',
        [CUSTOM]: { a: null, b: [1] },
        'urn:x:lower': { c: 1 },
      },
    ],
    [
      'core attributes under the core URN',
      { [USER_URN]: { title: 'Boss' }, [`${USER_URN}:nickName`]: 'B' },
      {
        userName: 'anna',
        title: 'Boss',
        nickName: 'B',
      },
    ],
    [
      'names of object members as plain data',
      { constructor: 'x', toString: 'y' },
      {
        userName: 'anna',
        constructor: 'x',
        toString: 'y',
      },
    ],
  ])('reads %s', (_what, body, expected) => {
    expect(readUser(body)).toEqual(expected);
  });

  it.each<[string, JsonValue]>([
    ['active', '0'],
    ['active', 1],
    ['active', []],
    ['active', 'yes'],
    ['active', {}],
    ['title', true],
    ['title', ['x']],
    ['title', { value: 'x' }],
    ['name', 'Anna'],
    ['name', true],
    ['name', [[{}]]],
    ['userName', 7],
    ['emails', true],
    ['emails', [['a']]],
  ])('refuses %s = %j and names the attribute', (attribute, value) => {
    expect(() => readUser({ [attribute]: value })).toThrow(
      expect.objectContaining({
        status: 400,
        scimType: 'invalidValue',
        attribute: expect.stringMatching(new RegExp(`^${attribute}`)),
      }),
    );
  });

  it('names the element and the part at fault', () => {
    expect(() => readUser({ emails: [{ value: 'a' }, { value: 'b', primary: 'x' }] })).toThrow(
      'The value of "emails[1].primary" has the wrong type: send true or false.',
    );
    expect(() => readUser({ [ENTERPRISE]: { department: false } })).toThrow(`"${ENTERPRISE}:department"`);
    expect(() => readUser({ [ENTERPRISE]: 'x' })).toThrow(`"${ENTERPRISE}"`);
  });

  it.each<JsonObject>([{}, { userName: null }, { userName: '' }, { name: 'x' }, { schemas: [USER_URN] }])(
    'refuses a body without userName: %j',
    (body) => {
      expect(() => readResource('User', body, LENIENT_TOLERANCE)).toThrow(
        expect.objectContaining({ scimType: 'invalidValue' }),
      );
    },
  );

  it('accepts numeric booleans only where the tolerance says so', () => {
    for (const [value, expected] of [
      [1, true],
      [0, false],
      ['1', true],
      ['0', false],
    ] as const)
      expect(readUser({ active: value }, LENIENT_TOLERANCE)).toMatchObject({ active: expected });
  });

  it('cannot be led to the prototype of an object', () => {
    const body = JSON.parse('{"userName":"a","x":{"__proto__":{"polluted":true}}}') as JsonObject;
    expect(Object.getPrototypeOf(readResource('User', body, RFC_TOLERANCE).resource['x'])).toBe(
      Object.prototype,
    );
    const top = JSON.parse('{"userName":"a","__proto__":{"polluted":true}}') as JsonObject;
    expect(() => readResource('User', top, RFC_TOLERANCE)).toThrow('__proto__');
    expect(({} as JsonObject)['polluted']).toBeUndefined();
  });

  it('changes nothing when it reads its own result', () => {
    const tolerances = fc.constantFrom(RFC_TOLERANCE, LENIENT_TOLERANCE);
    fc.assert(
      fc.property(arbitraryUserResource, tolerances, (body, tolerance) => {
        const once = attempt(body, tolerance);
        fc.pre(once !== undefined);
        expect(readResource('User', once, tolerance).resource).toEqual(once);
      }),
    );
  });

  it('never changes the body', () => {
    fc.assert(
      fc.property(arbitraryUserResource, (body) => {
        const copy = structuredClone(body);
        attempt(body, LENIENT_TOLERANCE);
        expect(body).toEqual(copy);
      }),
    );
  });
});

function attempt(body: JsonObject, tolerance: Tolerance): JsonObject | undefined {
  try {
    return readResource('User', body, tolerance).resource;
  } catch {
    return undefined;
  }
}

describe('readResource in strict mode', () => {
  const schemas = [USER_URN];

  it('keeps empty text', () => {
    expect(readUser({ schemas, name: { givenName: '' } }, STRICT_TOLERANCE)).toEqual({
      userName: 'anna',
      name: { givenName: '' },
    });
  });

  it('takes a declared extension and no other', () => {
    const urn = 'urn:example:1.0:User';
    const body = { schemas: [USER_URN, urn], [urn]: { badge: 1 } };
    expect(() => readUser(body, STRICT_TOLERANCE)).toThrow(urn);
    expect(readUser(body, { ...STRICT_TOLERANCE, extensionUrns: [urn] })).toEqual({
      userName: 'anna',
      [urn]: { badge: 1 },
    });
  });

  it.each<[JsonObject, string]>([
    [{ schemas, shoeSize: 1 }, 'shoeSize'],
    [{ schemas, name: { odd: 1 } }, 'name.odd'],
    [{ schemas: [USER_URN, 'urn:example:1.0:User'] }, 'schemas'],
    [{ schemas, [ENTERPRISE]: { department: 'x' } }, 'schemas'],
    [{ schemas: [USER_URN, ENTERPRISE], [ENTERPRISE]: { shoeSize: 1 } }, `${ENTERPRISE}:shoeSize`],
  ])('finds that %j does not conform', (body, attribute) => {
    expect(() => readUser(body, STRICT_TOLERANCE)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax', attribute }),
    );
  });

  it.each<JsonObject>([
    { schemas: [] },
    { schemas, active: 'true' },
    { schemas, title: 7 },
    { schemas, emails: { value: 'a' } },
    { schemas, emails: ['a'] },
    {
      schemas,
      emails: [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
    },
    { schemas, x509Certificates: [{ value: 'no base64!' }] },
    { schemas, [ENTERPRISE]: { manager: 'm' } },
  ])('refuses %j', (body) => {
    expect(() => readUser(body, STRICT_TOLERANCE)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe('readResource for groups', () => {
  it.each<[JsonObject, string[]]>([
    [{ members: null }, []],
    [{ members: [] }, []],
    [{ members: '' }, []],
    [{ Members: [{ value: 'a', $ref: 'Users/a', type: 'User', display: 'A' }] }, ['a']],
    [{ members: ['a', 'b', 'a'] }, ['a', 'b']],
    [{ members: { value: 'a' } }, ['a']],
    [{ members: [{ VALUE: { value: 'a' } }, 7, null, { value: '' }] }, ['a', '7']],
    [{ [`${GROUP_URN}:members`]: ['a'] }, ['a']],
  ])('reads the members of %j', (body, expected) => {
    const read = readResource('Group', { displayName: 'Ops', ...body }, RFC_TOLERANCE);
    expect(read.members).toEqual({ values: expected });
    expect(read.resource).toEqual({ displayName: 'Ops' });
  });

  it('tells members that are not named from members that are none', () => {
    expect(readResource('Group', { displayName: 'Ops' }, RFC_TOLERANCE).members).toBeUndefined();
  });

  it.each<[JsonValue, boolean]>([
    [{ value: 'a', type: 'Group' }, true],
    [{ value: 'a', Type: 'group' }, true],
    [{ value: 'a', $ref: 'https://example.com/scim/v2/Groups/a' }, true],
    [{ value: 'a', $ref: 'Groups/a' }, true],
    [{ value: { value: 'a', type: 'Group' } }, true],
    [{ $ref: '../Groups/a' }, true],
    [{ $ref: '/scim/v2/Users/a' }, false],
    [{ value: 'a', type: 'User', $ref: '../Groups/a' }, false],
    [{ value: 'a', type: 'direct', $ref: 'Group' }, false],
    [{ value: 'a', type: null, $ref: null }, false],
  ])('reads from %j whether the member is called a group', (member, isGroup) => {
    const { members } = readResource('Group', { displayName: 'Ops', members: [member] }, RFC_TOLERANCE);
    expect(members).toEqual(isGroup ? { values: ['a'], groups: ['a'] } : { values: ['a'] });
  });

  it.each<[JsonValue[]]>([
    [[{ $ref: 'User' }]],
    [[{}]],
    [[{ display: 'x' }]],
    [[true]],
    [[['a']]],
    [[{ value: ['a'] }]],
  ])('refuses members %j', (members) => {
    expect(() => readResource('Group', { displayName: 'Ops', members }, RFC_TOLERANCE)).toThrow(
      expect.objectContaining({
        scimType: 'invalidValue',
        attribute: expect.stringContaining('members[0]'),
      }),
    );
  });

  it('keeps no password, although groups have none', () => {
    const read = readResource('Group', { displayName: 'Ops', PassWord: 'secret' }, LENIENT_TOLERANCE);
    expect(read.resource).toEqual({ displayName: 'Ops' });
  });

  it('requires a name', () => {
    expect(() => readResource('Group', { members: [] }, RFC_TOLERANCE)).toThrow('"displayName" is required');
  });
});

describe('mergePut', () => {
  const current: JsonObject = {
    userName: 'anna',
    externalId: 'e',
    active: false,
    title: 'Boss',
    shoeSize: 43,
    [ENTERPRISE]: { department: 'HR' },
    [CUSTOM]: { badge: 7 },
  };
  const put = (body: JsonObject): JsonObject =>
    mergePut(current, readResource('User', { userName: 'anna', ...body }, RFC_TOLERANCE));

  it('clears what is not named, except active, externalId and unmentioned extensions', () => {
    expect(put({})).toEqual({
      userName: 'anna',
      externalId: 'e',
      active: false,
      [ENTERPRISE]: { department: 'HR' },
      [CUSTOM]: { badge: 7 },
    });
  });

  it('takes what is named', () => {
    expect(put({ active: 'True', externalId: null, title: 'CEO', [ENTERPRISE]: { division: 'X' } })).toEqual({
      userName: 'anna',
      active: true,
      title: 'CEO',
      [ENTERPRISE]: { division: 'X' },
      [CUSTOM]: { badge: 7 },
    });
  });

  it('clears an extension that is listed without data, or null', () => {
    const cleared = put({ schemas: [USER_URN, ENTERPRISE.toLowerCase()], [CUSTOM.toUpperCase()]: null });
    expect(cleared).toEqual({ userName: 'anna', externalId: 'e', active: false });
  });

  it('refuses to clear active', () => {
    expect(() => put({ active: null })).toThrow(expect.objectContaining({ scimType: 'invalidValue' }));
  });
});
