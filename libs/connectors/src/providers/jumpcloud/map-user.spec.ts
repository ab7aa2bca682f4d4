import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

const user = (over: JsonObject = {}): JsonObject => ({
  _id: '5e1',
  username: 'ada',
  email: 'ada@example.com',
  state: 'ACTIVATED',
  ...over,
});

describe('JumpCloud user', () => {
  it('has addresses, standard and own attributes, and no secrets', () => {
    const record = mapUser(
      user({
        alternateEmail: 'a@example.org',
        recoveryEmail: { address: 'private@example.net' },
        department: 'Sales',
        employeeIdentifier: '17',
        manager: '5e2',
        attributes: [
          { name: 'shoeSize', value: '43' },
          { name: 'empty', value: null },
        ],
        ssh_keys: [{ name: 'k' }],
        password_expiration_date: 'x',
      }),
    );
    expect(record).toMatchObject({
      user: {
        sourceId: '5e1',
        userName: 'ada',
        email: 'ada@example.com',
        emails: [
          { primary: true, value: 'ada@example.com' },
          { primary: false, value: 'a@example.org' },
        ],
        raw: expect.not.objectContaining({ ssh_keys: expect.anything() }),
      },
    });
    expect(record.kind === 'user' && record.user.customAttributes).toEqual({
      shoeSize: '43',
      department_name: 'Sales',
      employee_number: '17',
      manager_id: '5e2',
    });
    expect(JSON.stringify(record)).not.toMatch(/private@|password_/);
  });

  it.each([
    [{ state: null }, /"state" and "activated"/],
    [{ state: null, activated: null }, /"state" and "activated"/],
    [{ state: 'ASLEEP' }, /ASLEEP/],
    [{ state: 'constructor' }, /unknown value "constructor"/],
    [{ email: 5 }, /"email"/],
  ])('%j is set aside, under its id', (over, problem) => {
    expect(mapUser(user(over))).toMatchObject({
      kind: 'invalid',
      id: '5e1',
      problem: expect.stringMatching(problem),
    });
  });

  it('has no primary address when only the other one is there', () => {
    expect(mapUser(user({ email: '', alternateEmail: 'a@example.org' }))).toMatchObject({
      user: { email: null, emails: [{ primary: false, value: 'a@example.org' }] },
    });
  });
});

describe('JumpCloud groups', () => {
  it('keep how a dynamic one is computed', () => {
    const group = { id: '6e1', name: 'All', membershipMethod: 'DYNAMIC_AUTOMATED', memberQuery: { q: 1 } };
    expect(mapGroup(group)).toMatchObject({ group: { sourceId: '6e1', name: 'All', raw: group } });
  });

  it.each([{}, null, { to: { type: 'system', id: '1' } }, { to: { type: 'user' } }])(
    '%j is no member',
    (edge) => {
      expect(() => mapMember(edge as JsonObject)).toThrow('not a user');
    },
  );
});
