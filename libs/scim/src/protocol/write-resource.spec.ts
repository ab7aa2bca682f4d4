import { describe, expect, it } from '@jest/globals';
import { ENTERPRISE_USER_URN, GROUP_URN, USER_URN } from './schema/urns.js';
import { writeResource } from './write-resource.js';

const COMMON = {
  id: 'id_1',
  baseUrl: 'https://scim.example.com/v2',
  createdAt: '2024-05-01T00:00:00.000Z',
  lastModified: '2024-05-02T00:00:00.000Z',
  version: 3,
};

describe('writeResource', () => {
  it('adds everything that is computed and nothing secret', () => {
    expect(
      writeResource({
        ...COMMON,
        resourceType: 'User',
        raw: {
          userName: 'Anna',
          active: false,
          password: 'secret',
          id: 'forged',
          [ENTERPRISE_USER_URN]: { department: 'HR' },
          'urn:example:1.0:User': {},
        },
        groups: [{ value: 'g 1', display: 'Ops', direct: true }],
      }),
    ).toEqual({
      schemas: [USER_URN, ENTERPRISE_USER_URN],
      id: 'id_1',
      userName: 'Anna',
      active: false,
      [ENTERPRISE_USER_URN]: { department: 'HR' },
      'urn:example:1.0:User': {},
      groups: [
        { value: 'g 1', $ref: 'https://scim.example.com/v2/Groups/g%201', display: 'Ops', type: 'direct' },
      ],
      meta: {
        resourceType: 'User',
        created: '2024-05-01T00:00:00.000Z',
        lastModified: '2024-05-02T00:00:00.000Z',
        location: 'https://scim.example.com/v2/Users/id_1',
        version: 'W/"3"',
      },
    });
  });

  it('shows a user as active unless told otherwise', () => {
    expect(writeResource({ ...COMMON, resourceType: 'User', raw: { userName: 'a' } })).toMatchObject({
      active: true,
    });
  });

  it('points to known members only', () => {
    const group = writeResource({
      ...COMMON,
      resourceType: 'Group',
      raw: { displayName: 'Ops', members: ['stale'] },
      memberNames: true,
      members: [
        { value: 'u1', type: 'User', display: 'anna', pending: false },
        { value: 'g1', type: 'Group', display: 'Crew', pending: false },
        { value: 'later', type: 'User', pending: true },
      ],
    });
    expect(group).toMatchObject({
      schemas: [GROUP_URN],
      members: [
        { value: 'u1', $ref: 'https://scim.example.com/v2/Users/u1', type: 'User', display: 'anna' },
        { value: 'g1', $ref: 'https://scim.example.com/v2/Groups/g1', type: 'Group', display: 'Crew' },
        { value: 'later', type: 'User' },
      ],
    });
    expect(group['active']).toBeUndefined();
  });

  it('names members only where they are asked for by name', () => {
    const group = writeResource({
      ...COMMON,
      resourceType: 'Group',
      raw: { displayName: 'Ops' },
      members: [{ value: 'u1', type: 'User', display: 'anna', pending: false }],
    });
    expect(JSON.stringify(group)).not.toContain('anna');
  });

  it('leaves members out when they were not loaded', () => {
    const group = writeResource({ ...COMMON, resourceType: 'Group', raw: { displayName: 'Ops' } });
    expect(Object.hasOwn(group, 'members')).toBe(false);
  });
});
