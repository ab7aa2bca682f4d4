import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { ENTERPRISE_USER_URN as ENTERPRISE } from '../schema/urns.js';
import { STRICT_TOLERANCE, RFC_TOLERANCE } from '../tolerance.js';
import { patchCases, patchUser, type BriefOperation } from './patch-testing.js';

const WORK = { value: 'w', type: 'work' };
const HOME = { value: 'h', type: 'home' };

describe('PATCH add', () => {
  it.each(
    patchCases([
      ['sets a simple attribute', {}, [['add', 'TITLE', 'x']], { title: 'x' }],
      ['overwrites a simple attribute', { title: 'a' }, [['add', 'title', 'b']], { title: 'b' }],
      ['unassigns with empty text', { title: 'a' }, [['add', 'title', '']], {}],
      [
        'merges a complex value',
        { name: { givenName: 'A', middleName: 'M' } },
        [['add', 'name', { FamilyName: 'B', middleName: null }]],
        { name: { givenName: 'A', familyName: 'B' } },
      ],
      ['creates the parent of a part', {}, [['add', 'name.givenName', 'A']], { name: { givenName: 'A' } }],
      ['appends elements', { emails: [WORK] }, [['add', 'emails', [HOME]]], { emails: [WORK, HOME] }],
      ['appends a single element', { emails: [WORK] }, [['add', 'emails', HOME]], { emails: [WORK, HOME] }],
      [
        'appends plain text',
        { emails: [WORK] },
        [['add', 'emails', 'x']],
        { emails: [WORK, { value: 'x' }] },
      ],
      [
        'does not add what is there',
        { emails: [WORK] },
        [['add', 'emails', [{ type: 'work', value: 'w' }]]],
        { emails: [WORK] },
      ],
      ['adds nothing for an empty list', { emails: [WORK] }, [['add', 'emails', []]], { emails: [WORK] }],
      ['adds nothing for null to a list', { emails: [WORK] }, [['add', 'emails', null]], { emails: [WORK] }],
      [
        'moves primary to the new element',
        { emails: [{ ...WORK, primary: true }] },
        [['add', 'emails', { ...HOME, primary: 'True' }]],
        {
          emails: [
            { ...WORK, primary: false },
            { ...HOME, primary: true },
          ],
        },
      ],
      [
        'sets a part in every element',
        { emails: [WORK, HOME] },
        [['add', 'emails.display', 'd']],
        {
          emails: [
            { ...WORK, display: 'd' },
            { ...HOME, display: 'd' },
          ],
        },
      ],
      [
        'merges into the elements that match and appends none',
        { emails: [WORK, HOME] },
        [['add', 'emails[type eq "WORK"]', { value: 'n', display: 'd' }]],
        { emails: [{ value: 'n', type: 'work', display: 'd' }, HOME] },
      ],
      [
        'creates an element from the filter',
        { emails: [HOME] },
        [['add', 'emails[type eq "work" and primary eq "True"].value', 'w']],
        { emails: [HOME, { type: 'work', primary: true, value: 'w' }] },
      ],
      [
        'builds one element with several operations, interleaved with another',
        {},
        [
          ['add', 'addresses[type eq "work"].locality', 'Rome'],
          ['add', 'addresses[type eq "home"].locality', 'Oslo'],
          ['add', 'addresses[type eq "work"].country', 'IT'],
          ['add', 'addresses[type eq "home"].country', 'NO'],
        ],
        {
          addresses: [
            { type: 'work', locality: 'Rome', country: 'IT' },
            { type: 'home', locality: 'Oslo', country: 'NO' },
          ],
        },
      ],
      [
        'keeps the filter text as written in a new element',
        {},
        [['add', 'emails[type eq "Work"].value', 'x']],
        { emails: [{ type: 'Work', value: 'x' }] },
      ],
      [
        'reaches into an extension',
        {},
        [
          ['add', `${ENTERPRISE}:department`, 'HR'],
          ['add', `${ENTERPRISE}.costCenter`, '7'],
        ],
        { [ENTERPRISE]: { department: 'HR', costCenter: '7' } },
      ],
      [
        'merges an extension given as a whole',
        { [ENTERPRISE]: { department: 'HR' } },
        [['add', ENTERPRISE, { Division: 'X', manager: 'm' }]],
        { [ENTERPRISE]: { department: 'HR', division: 'X', manager: { value: 'm' } } },
      ],
      ['accepts a password and keeps none', {}, [['add', 'password', 'secret']], {}],
      ['keeps text verbatim', {}, [['add', 'title', ' x\n']], { title: ' x\n' }],
      [
        'keeps JSON text in roles',
        {},
        [['add', 'roles', [{ value: '{"id":"1"}' }]]],
        { roles: [{ value: '{"id":"1"}' }] },
      ],
    ]),
  )('%s', (_what, { before, operations, expected }) => {
    expect(patchUser(before, operations)).toEqual(expected);
  });

  it.each<[BriefOperation, string]>([
    [['add', 'title', { a: 1 }], 'invalidValue'],
    [['add', 'title'], 'invalidValue'],
    [['add', 'emails[type eq "work"]', [WORK, HOME]], 'invalidValue'],
    [['add', 'emails[type eq "work"].primary', 'maybe'], 'invalidValue'],
    [['add', 'active', null], 'invalidValue'],
    [['add', 'userName', ''], 'invalidValue'],
    [['add', 'id', 'x'], 'mutability'],
    [['add', 'groups', [{ value: 'g' }]], 'mutability'],
    [['add', 'meta.version', 'x'], 'mutability'],
    [['add', `${ENTERPRISE}:manager.displayName`, 'x'], 'mutability'],
    [['add', 'emails[type ne "work"].value', 'x'], 'noTarget'],
    [['add', 'emails[type eq "a" or type eq "b"].value', 'x'], 'noTarget'],
    [['add', 'emails[type pr].value', 'x'], 'noTarget'],
    [['add', 'emails[primary eq "maybe"].value', 'x'], 'invalidFilter'],
    [['add', 'nothing', 'x'], 'invalidPath'],
    [['add', 'name.nothing', 'x'], 'invalidPath'],
    [['add', 'title.part', 'x'], 'invalidPath'],
    [['add', 'title[value eq "x"]', 'x'], 'invalidPath'],
    [['add', `${ENTERPRISE}:badge`, 'x'], 'invalidPath'],
    [['add', '__proto__.polluted', 'x'], 'invalidPath'],
    [['add', 'constructor.prototype', 'x'], 'invalidPath'],
  ])('refuses %j', (operation, scimType) => {
    expect(() => patchUser({}, [operation])).toThrow(expect.objectContaining({ status: 400, scimType }));
  });

  it.each<[JsonObject, JsonObject[]]>([
    [{ value: 'a', type: 'work' }, [{ value: 'a', type: 'work', primary: true }, { value: 'b' }]],
    [
      { value: 'b', primary: true },
      [
        { value: 'a', type: 'work', primary: false },
        { value: 'b', primary: true },
      ],
    ],
    [
      { value: 'a', type: 'work', primary: false },
      [{ value: 'a', type: 'work', primary: false }, { value: 'b' }],
    ],
  ])('takes %j for the element that is equal but for `primary`', (added, expected) => {
    const emails: JsonObject[] = [{ value: 'a', type: 'work', primary: true }, { value: 'b' }];
    expect(patchUser({ emails }, [['add', 'emails', [added]]])).toEqual({ emails: expected });
  });

  it('takes an extension that no schema describes, also its elements', () => {
    const urn = 'urn:example:1.0:User';
    expect(patchUser({}, [['add', `${urn}:badge`, 'x']])).toEqual({ [urn]: { badge: 'x' } });
    const before = {
      [urn]: {
        desks: [
          { floor: '1', value: 'a' },
          { floor: '2', value: 'b' },
        ],
      },
    };
    expect(patchUser(before, [['replace', `${urn}:desks[floor eq "2"].value`, 'c']])).toEqual({
      [urn]: {
        desks: [
          { floor: '1', value: 'a' },
          { floor: '2', value: 'c' },
        ],
      },
    });
    expect(() => patchUser({}, [['add', `${urn}:badge`, 'x']], STRICT_TOLERANCE)).toThrow('badge');
    const declared = { ...STRICT_TOLERANCE, extensionUrns: [urn] };
    expect(patchUser({}, [['add', `${urn.toUpperCase()}:badge`, 'x']], declared)).toEqual({
      [urn]: { badge: 'x' },
    });
  });

  it('creates no element when the tolerance forbids it', () => {
    const tolerance = { ...RFC_TOLERANCE, createOnUnmatchedFilter: false };
    for (const path of ['emails[type eq "work"].value', 'emails[type eq "work"]', 'emails.value'])
      expect(() => patchUser({}, [['add', path, 'x']], tolerance)).toThrow(
        expect.objectContaining({ scimType: 'noTarget' }),
      );
    expect(patchUser({}, [['add', 'name.givenName', 'x']], tolerance)).toEqual({ name: { givenName: 'x' } });
  });
});
