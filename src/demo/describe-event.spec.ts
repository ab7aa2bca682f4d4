import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { describeEvent } from './describe-event.js';

const rita = { id: 'directory_user_1', name: 'Rita Ng', email: 'rita@acme.test', state: 'inactive' };
const sales = { id: 'directory_group_1', name: 'Sales' };

function described(event: string, data: JsonObject): string {
  return describeEvent({ id: 'event_1', event, data, created_at: '2026-01-01T00:00:00.000Z', sequence: 1 });
}

describe('describeEvent', () => {
  it.each([
    ['dsync.user.created', rita, 'Rita Ng <rita@acme.test>'],
    ['dsync.user.deleted', rita, 'Rita Ng'],
    [
      'dsync.user.updated',
      { ...rita, previous_attributes: { name: 'Rita Old', last_name: 'Old' } },
      'Rita Ng: was Rita Old',
    ],
    [
      'dsync.user.updated',
      { ...rita, previous_attributes: { state: 'active' } },
      'Rita Ng: active → inactive',
    ],
    [
      'dsync.user.updated',
      { ...rita, previous_attributes: { username: 'r@acme.test', email: 'r@acme.test' } },
      'Rita Ng: email is now rita@acme.test',
    ],
    [
      'dsync.user.updated',
      { ...rita, previous_attributes: { raw_attributes: { nickName: null } } },
      'Rita Ng: raw attributes',
    ],
    ['dsync.group.updated', { ...sales, previous_attributes: { name: 'Sale' } }, 'Sales: was Sale'],
    ['dsync.group.user_added', { user: rita, group: sales }, 'Rita Ng joins Sales'],
    ['dsync.group.user_removed', { user: rita, group: sales }, 'Rita Ng leaves Sales'],
  ] as const)('says in one line what %s means', (event, data, line) => {
    expect(described(event, data as unknown as JsonObject)).toBe(line);
  });

  it('survives a person without name', () => {
    expect(described('dsync.user.created', { id: 'directory_user_1', name: null, email: null })).toBe(
      '– <–>',
    );
  });
});
