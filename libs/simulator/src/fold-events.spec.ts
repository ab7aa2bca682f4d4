import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { foldEvents, membershipKey, type ReceivedEvent } from './fold-events.js';
import { createRandom } from './random.js';

const user = (id: string, more: JsonObject = {}): JsonObject => ({ object: 'directory_user', id, ...more });
const group = (id: string, more: JsonObject = {}): JsonObject => ({ object: 'directory_group', id, ...more });
const pair = (groupId: string, userId: string): JsonObject => ({ user: user(userId), group: group(groupId) });

function log(directoryId: string, ...entries: readonly (readonly [string, JsonObject])[]): ReceivedEvent[] {
  return entries.map(([event, data], index) => ({
    id: `event_${directoryId}_${index + 1}`,
    event: `dsync.${event}`,
    data,
    created_at: '2026-01-01T00:00:00.000Z',
    directory_id: directoryId,
    sequence: index + 1,
  }));
}

const BUSY = log(
  'd1',
  ['activated', { id: 'd1' }],
  ['user.created', user('u1', { state: 'active' })],
  ['user.created', user('u2', { state: 'active' })],
  ['group.created', group('g1', { name: 'Sales' })],
  ['group.created', group('g2', { name: 'Night' })],
  ['group.user_added', pair('g1', 'u1')],
  ['group.user_added', pair('g1', 'u2')],
  ['group.user_added', pair('g2', 'u1')],
  ['user.updated', user('u1', { state: 'inactive', previous_attributes: { state: 'active' } })],
  ['group.updated', group('g1', { name: 'Sellers', previous_attributes: { name: 'Sales' } })],
  ['group.user_removed', pair('g1', 'u2')],
  ['user.deleted', user('u2')],
  ['group.deleted', group('g2')],
);

describe('foldEvents', () => {
  it('arrives at the last state, without previous_attributes', () => {
    const state = foldEvents(BUSY).get('d1');
    expect([...(state?.users ?? [])]).toEqual([['u1', user('u1', { state: 'inactive' })]]);
    expect([...(state?.groups ?? [])]).toEqual([['g1', group('g1', { name: 'Sellers' })]]);
    expect([...(state?.memberships ?? [])]).toEqual([membershipKey('g1', 'u1')]);
  });

  it('does not care about the order of arrival, nor about duplicates', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const random = createRandom(seed);
      const arrived = random.shuffle([...BUSY, ...BUSY.filter(() => random.integer(2) === 0)]);
      expect(foldEvents(arrived)).toEqual(foldEvents(BUSY));
    }
  });

  it('keeps directories apart and leaves out events of the environment', () => {
    const other = log('d2', ['user.created', user('u1')]);
    const [first] = log('d3', ['user.created', user('u9')]);
    const { directory_id: _directory, ...environment } = first as ReceivedEvent;
    const folded = foldEvents([...other, ...BUSY, environment]);
    expect([...folded.keys()].sort()).toEqual(['d1', 'd2']);
    expect([...(folded.get('d2')?.users.keys() ?? [])]).toEqual(['u1']);
  });

  it('ends the memberships of a deleted group only, and everything with the directory', () => {
    const gone = foldEvents([
      ...log(
        'd1',
        ['group.user_added', pair('g1', 'u1')],
        ['group.user_added', pair('g10', 'u1')],
        ['group.deleted', group('g1')],
      ),
      ...log(
        'd2',
        ['user.created', user('u1')],
        ['group.user_added', pair('g1', 'u1')],
        ['deleted', { id: 'd2' }],
      ),
    ]);
    expect([...(gone.get('d1')?.memberships ?? [])]).toEqual([membershipKey('g10', 'u1')]);
    expect(gone.get('d2')).toMatchObject({ deleted: true });
    expect(gone.get('d2')?.users.size).toBe(0);
    expect(gone.get('d2')?.memberships.size).toBe(0);
  });

  it('holds a deleted person to the events that took them out of their groups', () => {
    const events = log('d1', ['group.user_added', pair('g1', 'u1')], ['user.deleted', user('u1')]);
    expect(foldEvents(events).get('d1')?.memberships.size).toBe(1);
  });

  it('brings a restored person back under the old id', () => {
    const events = log(
      'd1',
      ['user.created', user('u1')],
      ['user.deleted', user('u1')],
      ['user.created', user('u1')],
    );
    expect([...(foldEvents(events).get('d1')?.users.keys() ?? [])]).toEqual(['u1']);
  });
});
