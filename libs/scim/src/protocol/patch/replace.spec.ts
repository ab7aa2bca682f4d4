import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { ENTERPRISE_USER_URN as ENTERPRISE } from '../schema/urns.js';
import { LENIENT_TOLERANCE } from '../tolerance.js';
import { patchCases, patchUser, type BriefOperation } from './patch-testing.js';

const WORK = { value: 'w', type: 'work' };
const HOME = { value: 'h', type: 'home' };

describe('PATCH replace', () => {
  it.each(
    patchCases([
      ['sets an absent attribute', {}, [['replace', 'title', 'x']], { title: 'x' }],
      ['unassigns with null', { title: 'a' }, [['replace', 'title', null]], {}],
      [
        'overwrites the given parts of a complex value',
        { name: { givenName: 'A', familyName: 'B' } },
        [['replace', 'name', { givenName: 'C' }]],
        { name: { givenName: 'C', familyName: 'B' } },
      ],
      ['exchanges a list', { emails: [WORK] }, [['replace', 'emails', [HOME]]], { emails: [HOME] }],
      ['clears a list', { emails: [WORK] }, [['replace', 'emails', []]], {}],
      [
        'sets a part of the elements that match',
        { emails: [WORK, HOME] },
        [['replace', 'emails[type eq "work"].value', 'n']],
        { emails: [{ value: 'n', type: 'work' }, HOME] },
      ],
      [
        'exchanges the elements that match, keeping what the filter states',
        { emails: [{ ...WORK, display: 'd' }, HOME] },
        [['replace', 'emails[type eq "work"]', { value: 'n' }]],
        { emails: [{ type: 'work', value: 'n' }, HOME] },
      ],
      [
        'exchanges the elements that match a filter which states no equality',
        { emails: [WORK, HOME] },
        [['replace', 'emails[type ne "home"]', { value: 'n' }]],
        { emails: [{ value: 'n' }, HOME] },
      ],
      [
        'lets the value override what the filter states',
        { emails: [WORK] },
        [['replace', 'emails[type eq "work"]', { value: 'n', type: 'other' }]],
        { emails: [{ type: 'other', value: 'n' }] },
      ],
      [
        'creates the element that a filter describes',
        { emails: [HOME] },
        [['replace', 'emails[type eq "work"].value', 'w']],
        { emails: [HOME, { type: 'work', value: 'w' }] },
      ],
      [
        'compares typed in a filter',
        { roles: [{ value: 'a', primary: true }] },
        [['replace', 'roles[primary eq "True"].value', 'b']],
        { roles: [{ value: 'b', primary: true }] },
      ],
      [
        'gives primary to one element only',
        { emails: [{ ...WORK, primary: true }, HOME] },
        [['replace', 'emails[type eq "home"].primary', 'true']],
        {
          emails: [
            { ...WORK, primary: false },
            { ...HOME, primary: true },
          ],
        },
      ],
      [
        'drops the element when its value is emptied',
        { emails: [WORK, HOME] },
        [['replace', 'emails[type eq "work"].value', '']],
        { emails: [HOME] },
      ],
      [
        'clears nothing that is not there',
        { emails: [HOME] },
        [['replace', 'emails[type eq "work"].value', '']],
        { emails: [HOME] },
      ],
      [
        'removes matched elements with null',
        { emails: [WORK, HOME] },
        [['replace', 'emails[type eq "work"]', null]],
        { emails: [HOME] },
      ],
      [
        'finds what an earlier operation created',
        {},
        [
          ['add', 'emails', [WORK]],
          ['replace', 'emails[type eq "work"].value', 'n'],
        ],
        { emails: [{ value: 'n', type: 'work' }] },
      ],
    ]),
  )('%s', (_what, { before, operations, expected }) => {
    expect(patchUser(before, operations)).toEqual(expected);
  });

  it.each<[BriefOperation]>([
    [['replace', 'active', false]],
    [['Replace'.toLowerCase() as 'replace', 'ACTIVE', 'False']],
    [['replace', 'active', { value: false }]],
    [['replace', 'active', [{ value: 'False' }]]],
    [['replace', 'active', { active: 'false' }]],
    [['replace', undefined, { active: 'False' }]],
    [['replace', undefined, { Active: false, id: 'x', schemas: [], meta: {} }]],
    [['replace', undefined, { active: [{ value: 'False' }] }]],
    [['add', undefined, { active: { value: 'false' } }]],
    [['replace', undefined, '{"active":false}']],
  ])('understands %j as deactivation', (operation) => {
    expect(patchUser({ active: true }, [operation])).toEqual({ active: false });
  });

  it.each<[BriefOperation]>([
    [['replace', 'active', null]],
    [['replace', 'active', '']],
    [['replace', 'active', []]],
    [['replace', 'active', '0']],
    [['replace', 'active', 'no']],
    [['replace', 'active', { value: 1 }]],
    [['replace', 'userName', null]],
    [['replace', 'userName', ' '.trim()]],
    [['replace', undefined, { userName: '' }]],
    [['replace', undefined, 'x']],
    [['replace', undefined, ['x']]],
  ])('refuses %j', (operation) => {
    expect(() => patchUser({ active: true }, [operation])).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidValue' }),
    );
  });

  it.each<[BriefOperation, JsonObject | undefined]>([
    [['replace', `${ENTERPRISE}:manager`, 'm'], { value: 'm' }],
    [['add', `${ENTERPRISE}:manager`, { value: 'm', $ref: '../Users/m', displayName: 'M' }], { value: 'm' }],
    [['replace', `${ENTERPRISE}.manager`, [{ value: 'm', $ref: null }]], { value: 'm' }],
    [['add', 'manager', [{ $ref: 'x', value: 'm' }]], { value: 'm' }],
    [['replace', 'manager.value', 'm'], { value: 'm' }],
    [['replace', undefined, { manager: 'm' }], { value: 'm' }],
    [['replace', undefined, { [`${ENTERPRISE}:manager`]: { value: 'm' } }], { value: 'm' }],
    [['replace', undefined, { [ENTERPRISE]: { manager: 'm' } }], { value: 'm' }],
    [['replace', `${ENTERPRISE}:manager`, '{"value":"m"}'], { value: 'm' }],
    [['replace', `${ENTERPRISE}:manager`, ''], undefined],
    [['replace', `${ENTERPRISE}:manager`, { value: '' }], undefined],
    [['replace', 'manager', [{ value: '' }]], undefined],
    [['replace', 'manager.value', ''], undefined],
    [['remove', 'manager'], undefined],
  ])('understands the manager in %j', (operation, manager) => {
    const before = { [ENTERPRISE]: { department: 'HR', manager: { value: 'old' } } };
    expect(patchUser(before, [operation])).toEqual({
      [ENTERPRISE]: { department: 'HR', ...(manager === undefined ? {} : { manager }) },
    });
  });

  it('reads each key of a value without path as a path', () => {
    const value = {
      'name.givenName': 'A',
      'name.familyName': 'B',
      'emails[type eq "work"].value': 'w',
      [`${ENTERPRISE}:department`]: 'HR',
      'urn:example:1.0:User': { badge: { color: 'red' } },
      'urn:example:1.0:User:level': 3,
      shoeSize: 43,
    };
    expect(patchUser({ name: { givenName: 'X', middleName: 'M' } }, [['replace', undefined, value]])).toEqual(
      {
        name: { givenName: 'A', middleName: 'M', familyName: 'B' },
        emails: [{ type: 'work', value: 'w' }],
        [ENTERPRISE]: { department: 'HR' },
        'urn:example:1.0:User': { badge: { color: 'red' }, level: 3 },
        shoeSize: 43,
      },
    );
  });

  it('skips copied read-only attributes, `groups` only where that is tolerated', () => {
    const value = { id: 'x', schemas: ['y'], meta: { version: 'z' }, title: 't' };
    expect(patchUser({}, [['replace', undefined, value]])).toEqual({ title: 't' });
    const withGroups: BriefOperation = ['replace', undefined, { ...value, groups: [] }];
    expect(patchUser({}, [withGroups], LENIENT_TOLERANCE)).toEqual({ title: 't' });
    expect(() => patchUser({}, [withGroups])).toThrow(expect.objectContaining({ scimType: 'mutability' }));
  });
});
