import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { roleId } from './ids.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapGroupOf, mapUser } from './map-user.js';

const user = (over: JsonObject = {}): JsonObject => ({
  id: 17,
  username: 'ada',
  email: 'ada@example.com',
  firstname: 'Ada',
  lastname: 'Ahn',
  status: 1,
  state: 1,
  group_id: null,
  ...over,
});

describe('OneLogin user', () => {
  it.each([
    [0, 1, false, 'pending'],
    [1, 1, true, null],
    [2, 1, false, 'suspended'],
    [3, 1, true, null],
    [4, 1, true, null],
    [5, 1, true, null],
    [7, 1, false, 'pending'],
    [8, 1, true, null],
    [1, 0, false, 'pending'],
    [1, 2, false, 'suspended'],
    [1, 3, true, null],
    [2, 0, false, 'suspended'],
    [0, 3, false, 'pending'],
  ])('of status %i and state %i: active %s, %s', (...row) => {
    const [status, state, active, stateReason] = row;
    expect(mapUser(user({ status, state }))).toMatchObject({ user: { active, stateReason } });
  });

  it.each([
    [{ status: 6 }, '"status" has the unknown value "6".'],
    [{ status: 'constructor' }, '"status" has the unknown value "constructor".'],
    [{ state: '__proto__' }, '"state" has the unknown value "__proto__".'],
    [{ state: 9 }, '"state" has the unknown value "9".'],
    [{ status: null }, '"status" is missing.'],
    [{ state: null }, '"state" is missing.'],
    [{ firstname: 7 }, '"firstname" is not a text.'],
  ])('is set aside with %j', (over, problem) => {
    expect(mapUser(user(over))).toEqual({ kind: 'invalid', of: 'user', id: '17', problem });
  });

  it('has standard and custom attributes', () => {
    const record = mapUser(
      user({
        title: 'Surfer',
        department: 'Waves',
        manager_user_id: 16,
        external_id: 'E7',
        custom_attributes: { food: 'chicken', employeenumber: null },
      }),
    );
    expect(record).toMatchObject({ user: { sourceId: '17', jobTitle: 'Surfer' } });
    expect(record.kind === 'user' && record.user.customAttributes).toEqual({
      department_name: 'Waves',
      manager_id: '16',
      external_id: 'E7',
      food: 'chicken',
    });
  });

  it('does not change with a login', () => {
    expect(mapUser(user({ last_login: '2026-03-02T08:00:00Z', updated_at: '2026-03-02T08:00:00Z' }))).toEqual(
      mapUser(user({ last_login: null, updated_at: '2026-01-01T00:00:00Z' })),
    );
  });

  it('may have no user name and no address', () => {
    expect(mapUser(user({ username: null, email: null }))).toMatchObject({
      user: { userName: null, email: null, emails: [] },
    });
  });

  it('is in one group, in none, or nobody knows', () => {
    expect(mapGroupOf(user({ group_id: 5 }))).toEqual([
      { kind: 'members', groupId: 'group:5', members: [{ kind: 'user', id: '17' }] },
    ]);
    expect(mapGroupOf(user())).toEqual([]);
    expect(mapGroupOf({ id: 17 })).toMatchObject([{ kind: 'invalid', of: 'membership', id: null }]);
    expect(mapGroupOf(user({ group_id: 'five', id: null }))).toMatchObject([{ kind: 'invalid', id: null }]);
  });
});

describe('OneLogin role', () => {
  it('has an id that no group has', () => {
    expect(mapGroup({ id: 7, name: 'Sales', users: [1] }, roleId)).toEqual([
      { kind: 'group', group: { sourceId: 'role:7', name: 'Sales', raw: { id: 7, name: 'Sales' } } },
    ]);
  });

  it('keeps its users when it is set aside', () => {
    const problem = '"name" is missing.';
    expect(mapGroup({ id: 7 }, roleId)).toEqual([
      { kind: 'invalid', of: 'group', id: 'role:7', problem },
      { kind: 'invalid', of: 'membership', id: 'role:7', problem },
    ]);
  });

  it('has those users who are assigned', () => {
    expect(mapMember({ id: 1 })).toEqual([{ kind: 'user', id: '1' }]);
    expect(mapMember({ id: 1, assigned: false })).toEqual([]);
    expect(() => mapMember({ name: 'Ada' })).toThrow('"id" is missing');
  });
});

describe('OneLogin settings', () => {
  it.each([
    ['acme', 'https://acme.onelogin.com'],
    ['acme.onelogin.com', 'https://acme.onelogin.com'],
    ['https://acme.onelogin.com/', 'https://acme.onelogin.com'],
    ['api.eu.onelogin.com', 'https://api.eu.onelogin.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ])('take %s for %s', (domain, origin) => {
    expect(readConfig({ domain, client_id: 'c', client_secret: 's' }).origin).toBe(origin);
  });
});
