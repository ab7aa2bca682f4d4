import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { toUserInput } from './user-input.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

function aResource(fields: JsonObject = {}): JsonObject {
  return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada', ...fields };
}

describe('toUserInput', () => {
  it('keeps what the source asserted and drops what is ours or secret', () => {
    const input = toUserInput(
      aResource({ id: 'x', meta: {}, groups: [], password: 'secret', nickName: 'Ada', externalId: 'E-1' }),
    );
    expect(input.raw).toEqual(aResource({ nickName: 'Ada', externalId: 'E-1' }));
    expect(input.externalId).toBe('E-1');
    expect(JSON.stringify(input)).not.toContain('secret');
  });

  it('takes a person without `active` for active', () => {
    expect(toUserInput(aResource()).active).toBe(true);
    expect(toUserInput(aResource({ active: false })).active).toBe(false);
  });

  it('takes the `active` that it has made up itself for nothing new', () => {
    const created = toUserInput(aResource());
    expect(toUserInput(aResource({ active: true }), created).raw).toEqual(created.raw);
    const off = toUserInput(aResource({ active: false }), created);
    expect(off).toMatchObject({ active: false, raw: { active: false } });
    expect(toUserInput(aResource({ active: true }), off)).toMatchObject({
      active: true,
      raw: { active: true },
    });
    const cleared = toUserInput(aResource({ active: null }), created);
    expect(toUserInput(aResource({ active: true }), cleared).raw).toMatchObject({ active: true });
  });

  it.each([
    ['displayName', { displayName: 'Ada L.', name: { formatted: 'no', givenName: 'no' } }, 'Ada L.'],
    ['name.formatted', { name: { formatted: 'Lady Ada', givenName: 'Ada' } }, 'Lady Ada'],
    ['given and family name', { name: { givenName: 'Ada', familyName: 'Byron' } }, 'Ada Byron'],
    ['family name alone', { name: { familyName: 'Byron' } }, 'Byron'],
    ['nothing', {}, null],
  ])('names a person by %s', (_case, fields: JsonObject, name) => {
    expect(toUserInput(aResource(fields)).name).toBe(name);
  });

  it('fills the predefined custom attributes that have a source, and no others', () => {
    const { customAttributes } = toUserInput(
      aResource({
        title: 'Analyst',
        userType: 'Employee',
        emails: [{ value: 'ada@example.com', type: 'work' }],
        addresses: [
          { type: 'work', streetAddress: '1 Row', postalCode: 'N1', formatted: '1 Row, N1', primary: true },
        ],
        roles: [
          { value: '{"id":"r-1","value":"Admin","displayName":"Administrator"}' },
          { value: '{broken' },
        ],
        [ENTERPRISE]: {
          department: 'R&D',
          costCenter: '42',
          employeeNumber: '7',
          manager: { value: 'b@example.com' },
        },
      }),
    );
    expect(customAttributes).toEqual({
      username: 'ada',
      job_title: 'Analyst',
      employee_type: 'Employee',
      employee_number: '7',
      department_name: 'R&D',
      cost_center_name: '42',
      manager_email: 'b@example.com',
      emails: [{ type: 'work', value: 'ada@example.com' }],
      addresses: [
        { type: 'work', street_address: '1 Row', postal_code: 'N1', raw_address: '1 Row, N1', primary: true },
      ],
      roles: ['Admin', '{broken'],
    });
  });
});
