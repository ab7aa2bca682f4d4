import { expect, it } from '@jest/globals';
import { DerivedGroups } from './derived-groups.js';

const department = (id: string | null, name: string | null) => ({ type: 'department' as const, id, name });

it('says a group once and each membership', () => {
  const groups = new DerivedGroups(['department']);
  const first = groups.recordsOf('u1', [department('7', 'Research')]);
  expect(first.map(({ kind }) => kind)).toEqual(['group', 'members']);
  expect(first[0]).toMatchObject({
    group: { sourceId: 'department:7', name: 'Research', raw: { type: 'department', id: '7' } },
  });
  expect(groups.recordsOf('u2', [department('7', 'Research')])).toEqual([
    { kind: 'members', groupId: 'department:7', members: [{ id: 'u2', kind: 'user' }] },
  ]);
});

it('takes spellings of one name for one group', () => {
  const groups = new DerivedGroups(['department']);
  groups.recordsOf('u1', [department(null, 'Human  Resources')]);
  expect(groups.recordsOf('u2', [department(null, ' human resources ')])).toEqual([
    { kind: 'members', groupId: 'department:name:human resources', members: [{ id: 'u2', kind: 'user' }] },
  ]);
});

it('leaves out what says nothing and what is not wanted', () => {
  const groups = new DerivedGroups(['department']);
  expect(groups.recordsOf('u1', [department(null, '  '), { type: 'team', id: '1', name: 'A' }])).toEqual([]);
});

it('says groups without people', () => {
  expect(new DerivedGroups(['location']).groupOf({ type: 'location', id: '3', name: null })).toEqual([
    { kind: 'group', group: { sourceId: 'location:3', name: '3', raw: { type: 'location', id: '3' } } },
  ]);
});

it('says that nothing is known, unless no groups are wanted', () => {
  expect(new DerivedGroups(['department']).unknown()).toMatchObject([
    { kind: 'invalid', of: 'group', id: null },
    { kind: 'invalid', of: 'membership', id: null },
  ]);
  expect(new DerivedGroups([]).unknown()).toEqual([]);
});
