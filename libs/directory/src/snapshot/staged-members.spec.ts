import { expect, it } from '@jest/globals';
import type { SnapshotMember } from '#model';
import { StagedMembers } from './staged-members.js';

const user = (id: string): SnapshotMember => ({ kind: 'user', id });

function said(...steps: readonly (readonly ['show' | 'take', ...string[]])[]): StagedMembers {
  const members = new StagedMembers('red');
  for (const [step, ...ids] of steps)
    if (step === 'show') members.show(ids.map(user));
    else for (const id of ids) members.take(user(id));
  return members;
}

const listsOf = (members: StagedMembers) =>
  members.lists().map(({ present, memberIds }) => [present, ...memberIds]);

it('lets the last word about a member count', () => {
  expect(listsOf(said(['show', 'a', 'b', 'a'], ['take', 'a']))).toEqual([
    [true, 'b'],
    [false, 'a'],
  ]);
  expect(listsOf(said(['take', 'a'], ['show', 'b', 'a']))).toEqual([[true, 'b', 'a']]);
});

it('has a digest whenever nobody is gone in the end', () => {
  expect(said(['show', 'a', 'b'], ['take', 'a']).digest()).toBeUndefined();
  const digest = said(['show', 'a', 'b']).digest();
  expect(digest).toMatch(/^[\w-]{22}$/);
  expect(said(['take', 'a'], ['show', 'a', 'b']).digest()).toBe(digest);
  expect(said(['show', 'b', 'a']).digest()).not.toBe(digest);
});

it('takes a list of any length', () => {
  const ids = Array.from({ length: 300_000 }, (_, i) => String(i));
  expect(said(['show'], ['show', 'x']).digest()).toBeDefined();
  const members = new StagedMembers('red');
  members.show(ids.map(user));
  expect(members.lists()[0]?.memberIds).toHaveLength(300_000);
});
