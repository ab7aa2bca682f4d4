import { describe, expect, it } from '@jest/globals';
import { ENTERPRISE_USER_URN as ENTERPRISE, USER_URN } from '../schema/urns.js';
import { RFC_TOLERANCE } from '../tolerance.js';
import { patchCases, patchUser, type BriefOperation } from './patch-testing.js';

const WORK = { value: 'w', type: 'work' };
const HOME = { value: 'h', type: 'home' };

describe('PATCH remove', () => {
  it.each(
    patchCases([
      ['unassigns a simple attribute', { title: 'a' }, [['remove', 'title']], {}],
      [
        'is content when there is nothing',
        {},
        [
          ['remove', 'title'],
          ['remove', 'emails'],
        ],
        {},
      ],
      ['ignores the value of a simple attribute', { title: 'a' }, [['remove', 'title', 'b']], {}],
      ['unassigns a complex value', { name: { givenName: 'A' } }, [['remove', 'name']], {}],
      [
        'unassigns a part',
        { name: { givenName: 'A', familyName: 'B' } },
        [['remove', 'name.givenName']],
        { name: { familyName: 'B' } },
      ],
      ['drops an empty parent', { name: { givenName: 'A' } }, [['remove', 'name.givenName']], {}],
      ['unassigns a list', { emails: [WORK, HOME] }, [['remove', 'emails']], {}],
      [
        'removes the elements that match',
        { emails: [WORK, HOME] },
        [['remove', 'emails[type eq "work"]']],
        { emails: [HOME] },
      ],
      [
        'unassigns the list with its last element',
        { emails: [WORK] },
        [['remove', 'emails[value eq "W"]']],
        {},
      ],
      [
        'unassigns a part of the elements that match',
        { emails: [WORK, HOME] },
        [['remove', 'emails[type eq "work"].type']],
        { emails: [{ value: 'w' }, HOME] },
      ],
      [
        'drops an element with its value',
        { emails: [WORK, HOME] },
        [['remove', 'emails[type eq "work"].value']],
        { emails: [HOME] },
      ],
      [
        'unassigns a part of all elements',
        { emails: [WORK, HOME] },
        [['remove', 'emails.type']],
        { emails: [{ value: 'w' }, { value: 'h' }] },
      ],
      [
        'removes only the listed elements',
        { emails: [WORK, HOME] },
        [['remove', 'emails', [{ value: 'W' }]]],
        { emails: [HOME] },
      ],
      [
        'removes a listed element by value and type',
        { emails: [WORK, HOME] },
        [['remove', 'emails', { value: 'w', type: 'home' }]],
        { emails: [WORK, HOME] },
      ],
      [
        'removes listed plain values',
        { emails: [WORK, HOME] },
        [['remove', 'emails', 'h']],
        { emails: [WORK] },
      ],
      [
        'removes nobody for an empty list',
        { emails: [WORK] },
        [['remove', 'emails', []]],
        { emails: [WORK] },
      ],
      [
        'keeps what does not match',
        { emails: [WORK] },
        [['remove', 'emails[type eq "home"]']],
        { emails: [WORK] },
      ],
      ['drops an extension', { [ENTERPRISE]: { department: 'HR' } }, [['remove', ENTERPRISE]], {}],
      [
        'drops an extension with its last attribute',
        { [ENTERPRISE]: { department: 'HR' } },
        [['remove', `${ENTERPRISE}:department`]],
        {},
      ],
      [
        'removes custom data',
        { shoeSize: 43, 'urn:x:1.0:User': { a: 1, b: 2 } },
        [
          ['remove', 'SHOESIZE'],
          ['remove', 'urn:x:1.0:User:a'],
        ],
        { 'urn:x:1.0:User': { b: 2 } },
      ],
      ['removes a custom extension', { 'urn:x:odd': { a: 1 } }, [['remove', 'URN:X:odd']], {}],
    ]),
  )('%s', (_what, { before, operations, expected }) => {
    expect(patchUser(before, operations)).toEqual(expected);
  });

  it.each<[BriefOperation, string]>([
    [['remove'], 'noTarget'],
    [['remove', undefined, { title: 'x' }], 'noTarget'],
    [['remove', 'userName'], 'mutability'],
    [['remove', 'active'], 'mutability'],
    [['remove', 'id'], 'mutability'],
    [['remove', 'groups'], 'mutability'],
    [['remove', USER_URN], 'noTarget'],
    [['remove', 'nothing'], 'invalidPath'],
  ])('refuses %j', (operation, scimType) => {
    expect(() => patchUser({ active: true }, [operation])).toThrow(
      expect.objectContaining({ status: 400, scimType }),
    );
  });

  it('refuses a filter without match when the tolerance says so', () => {
    const tolerance = { ...RFC_TOLERANCE, removeUnmatched: 'noTarget' } as const;
    for (const path of ['emails[type eq "home"]', 'emails[type eq "home"].value'])
      expect(() => patchUser({ emails: [WORK] }, [['remove', path]], tolerance)).toThrow(
        expect.objectContaining({ scimType: 'noTarget' }),
      );
  });
});
