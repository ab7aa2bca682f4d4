import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { ENTERPRISE_USER_URN as ENTERPRISE, GROUP_URN, USER_URN } from '../schema/urns.js';
import { LENIENT_TOLERANCE, RFC_TOLERANCE, STRICT_TOLERANCE, type Tolerance } from '../tolerance.js';
import { applyPatch } from './apply-patch.js';
import { fromBrief, patchUser, type BriefOperation } from './patch-testing.js';

const CUSTOM = 'urn:example:custom:1.0:User';

describe('applyPatch on unknown attributes', () => {
  it.each<[BriefOperation, JsonObject]>([
    [['add', 'shoeSize', 43], { shoeSize: 43 }],
    [['replace', `${CUSTOM}:badge`, { color: 'red' }], { [CUSTOM]: { badge: { color: 'red' } } }],
    [['replace', `${CUSTOM}:badge`, 7], { [CUSTOM]: { badge: 7 } }],
    [['replace', CUSTOM, { badge: { color: 'red' } }], { [CUSTOM]: { badge: { color: 'red' } } }],
    [['add', 'shoe.size', 43], { shoe: { size: 43 } }],
    [['add', 'shoes[type eq "left"].size', 43], {}],
    [['add', 'title.part', 'x'], {}],
    [['remove', 'shoeSize'], {}],
    [['add', 'name.suffix', 'Jr'], { name: { suffix: 'Jr' } }],
    [['add', 'roles[type eq "a"].displayName', 'x'], { roles: [{ type: 'a', displayName: 'x' }] }],
    [['add', `${ENTERPRISE}:manager.displayName`, 'x'], {}],
    [['add', 'constructor', 'x'], { constructor: 'x' }],
    [['add', 'emails[type eq "work"].$ref', 'x'], {}],
    [['add', undefined, { 'no name': 1, '': 2, 'a.b.c': 3, __proto__x: 4 }], { __proto__x: 4 }],
  ])('stores or skips %j when lenient', (operation, expected) => {
    expect(patchUser({}, [operation], LENIENT_TOLERANCE)).toEqual(expected);
  });

  it('keeps the known part of the batch', () => {
    const operations: BriefOperation[] = [
      ['add', 'shoes[type eq "left"].size', 43],
      ['replace', 'active', 'False'],
    ];
    expect(patchUser({ active: true }, operations, LENIENT_TOLERANCE)).toEqual({ active: false });
  });

  it('finds custom data that a POST has stored, also when not lenient', () => {
    const before = { shoeSize: 43, [CUSTOM]: { badge: 7 }, list: [1] };
    const operations: BriefOperation[] = [
      ['replace', 'shoesize', 44],
      ['replace', `${CUSTOM.toLowerCase()}:Badge`, 8],
      ['add', 'list', [1, 2]],
    ];
    expect(patchUser(before, operations)).toEqual({ shoeSize: 44, [CUSTOM]: { badge: 8 }, list: [1, 2] });
  });

  it('refuses unknown names in strict mode, with and without path', () => {
    for (const operation of [
      ['add', 'shoeSize', 43],
      ['add', undefined, { shoeSize: 43 }],
      ['add', undefined, { [CUSTOM]: { badge: 1 } }],
    ] as BriefOperation[])
      expect(() => patchUser({}, [operation], STRICT_TOLERANCE)).toThrow(
        expect.objectContaining({ scimType: 'invalidPath' }),
      );
  });

  it('stores no password, wherever it is put', () => {
    const operations: BriefOperation[] = [
      ['add', undefined, { PASSWORD: 'x', [USER_URN]: { password: 'x' } }],
      ['add', `${CUSTOM}:password`, 'x'],
    ];
    expect(patchUser({}, operations, LENIENT_TOLERANCE)).toEqual({});
  });
});

describe('applyPatch', () => {
  it('changes nothing when one operation is refused', () => {
    const before: JsonObject = { userName: 'anna', title: 'a', emails: [{ value: 'x' }] };
    const copy = structuredClone(before);
    const operations = [
      ['replace', 'title', 'b'],
      ['add', 'emails', 'y'],
      ['remove', 'userName'],
    ] as const;
    expect(() => applyPatch('User', before, operations.map(fromBrief), RFC_TOLERANCE)).toThrow('userName');
    expect(before).toEqual(copy);
  });

  it('cannot be led to the prototype of an object', () => {
    const value = JSON.parse(
      '{"__proto__":{"polluted":1},"name":{"__proto__":{"polluted":1}}}',
    ) as JsonObject;
    const tolerances = [RFC_TOLERANCE, LENIENT_TOLERANCE, STRICT_TOLERANCE];
    for (const tolerance of tolerances) {
      try {
        patchUser({}, [['add', undefined, value]], tolerance);
      } catch {
        // Refusing is fine as well.
      }
      expect(({} as JsonObject)['polluted']).toBeUndefined();
    }
  });

  it('applies a thousand operations', () => {
    const operations = Array.from({ length: 1_000 }, (_, index) =>
      fromBrief(['add', `emails[type eq "t${index % 50}"].value`, `v${index}`]),
    );
    const { resource } = applyPatch('User', { userName: 'anna' }, operations, RFC_TOLERANCE);
    expect(resource['emails']).toHaveLength(50);
  });
});

describe('applyPatch on groups', () => {
  const patchGroup = (operations: BriefOperation[], tolerance: Tolerance = RFC_TOLERANCE): unknown =>
    applyPatch('Group', { displayName: 'Ops' }, operations.map(fromBrief), tolerance);

  it.each<[BriefOperation, unknown[]]>([
    [['add', 'members', [{ value: 'a', $ref: null }, { value: 'b' }]], [{ op: 'add', values: ['a', 'b'] }]],
    [['add', 'Members', { value: 'a' }], [{ op: 'add', values: ['a'] }]],
    [['add', 'members', 'a'], [{ op: 'add', values: ['a'] }]],
    [['add', 'members', []], []],
    [['add', `${GROUP_URN}:members`, ['a']], [{ op: 'add', values: ['a'] }]],
    [['add', undefined, { members: ['a'] }], [{ op: 'add', values: ['a'] }]],
    [['replace', 'members', ['a']], [{ op: 'replace', values: ['a'] }]],
    [['replace', 'members', []], [{ op: 'replace', values: [] }]],
    [['replace', 'members', null], [{ op: 'replace', values: [] }]],
    [['replace', undefined, { Members: [{ value: 'a' }], id: 'x' }], [{ op: 'replace', values: ['a'] }]],
    [['remove', 'members'], [{ op: 'remove_all' }]],
    [['remove', 'members', null], [{ op: 'remove_all' }]],
    [['remove', 'members', []], []],
    [['remove', 'members', [{ $ref: null, value: 'a' }]], [{ op: 'remove', values: ['a'] }]],
    [['remove', 'members', { value: 'a' }], [{ op: 'remove', values: ['a'] }]],
    [['remove', 'members.value', 'a'], [{ op: 'remove', values: ['a'] }]],
    [['remove', 'members[value eq "a"]'], [{ op: 'remove', values: ['a'] }]],
    [['remove', 'members[VALUE EQ a].value'], [{ op: 'remove', values: ['a'] }]],
    [['remove', 'members[value eq "a" and type eq "user"]'], [{ op: 'remove', values: ['a'] }]],
    [
      ['remove', 'members[type eq "Group" and value eq "directory_group_1" or value eq "a"]'],
      [{ op: 'remove', values: ['directory_group_1', 'a'] }],
    ],
    [['remove', 'members[value eq "directory_user_1" and type eq "Group"]'], [{ op: 'remove', values: [] }]],
    [
      ['remove', 'members[$ref eq "https://scim.example.com/Users/directory_user_1"]'],
      [{ op: 'remove', values: ['directory_user_1'] }],
    ],
    [
      ['remove', 'members[value eq "a" or (value eq "b" or value eq "a")]'],
      [{ op: 'remove', values: ['a', 'b'] }],
    ],
    [
      ['replace', 'members[value eq "a"]', { value: 'b' }],
      [
        { op: 'remove', values: ['a'] },
        { op: 'add', values: ['b'] },
      ],
    ],
    [['replace', 'members[value eq "a"].value', 'a'], [{ op: 'add', values: ['a'] }]],
    [['add', 'members[value eq "a"]', { value: 'a', display: 'A' }], [{ op: 'add', values: ['a'] }]],
    [['add', 'members.$ref', 'x'], []],
  ])('reads %j', (operation, members) => {
    expect(patchGroup([operation])).toEqual({ resource: { displayName: 'Ops' }, members });
  });

  it('keeps the order of several steps beside changes of the group', () => {
    const renaming: BriefOperation = ['replace', undefined, { id: 'g', displayName: 'New' }];
    const result = patchGroup([['remove', 'members'], renaming, ['add', 'members', ['a']]]);
    expect(result).toEqual({
      resource: { displayName: 'New' },
      members: [{ op: 'remove_all' }, { op: 'add', values: ['a'] }],
    });
  });

  it.each<[BriefOperation, string]>([
    [['remove', 'members[display eq "x"]'], 'invalidFilter'],
    [['remove', 'members[type eq "User"]'], 'invalidFilter'],
    [['remove', 'members[value ne "x"]'], 'invalidFilter'],
    [['remove', 'members[value pr]'], 'invalidFilter'],
    [['remove', 'members[value eq "x" and display eq "X"]'], 'invalidFilter'],
    [['remove', 'members[value eq "x" and value eq "y"]'], 'invalidFilter'],
    [['remove', 'members[type eq "User" and type eq "Group"]'], 'invalidFilter'],
    [['remove', 'members[value eq "x" and type ne "User"]'], 'invalidFilter'],
    [['remove', 'members[value eq "x" and type eq "Group"]'], 'invalidFilter'],
    [['remove', 'members[$ref eq "x"]'], 'invalidFilter'],
    [['remove', 'members[$ref sw "https://x/Users/"]'], 'invalidFilter'],
    [['remove', 'members[not (value eq "x")]'], 'invalidFilter'],
    [['remove', 'members['], 'invalidPath'],
    [['replace', 'members[value eq "x"].display', 'n'], 'mutability'],
    [['add', 'members.nothing', 'n'], 'invalidPath'],
    [['add', 'members', [{}]], 'invalidValue'],
    [['add', 'members'], 'invalidValue'],
    [['remove', 'displayName'], 'mutability'],
    [['replace', 'displayName', ''], 'invalidValue'],
  ])('refuses %j', (operation, scimType) => {
    expect(() => patchGroup([operation])).toThrow(expect.objectContaining({ status: 400, scimType }));
  });

  it('ignores names of members when lenient, since they are computed', () => {
    expect(patchGroup([['replace', 'members[value eq "x"].display', 'n']], LENIENT_TOLERANCE)).toMatchObject({
      members: [],
    });
  });
});
