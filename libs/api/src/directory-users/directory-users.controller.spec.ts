import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aGroup, aUser } from '../../test-support/builders.js';
import { apiUnderTest, type ApiUnderTest } from '../../test-support/api-under-test.js';

describe('directory users and groups', () => {
  let api: ApiUnderTest;
  let lists: unknown[] = [];
  let lookups: unknown[] = [];
  const group = aGroup();
  const member = aUser();
  const loner = aUser({ active: false, stateReason: 'suspended', email: null });

  beforeAll(async () => {
    const listed = async (_: string, request: unknown): Promise<unknown> => {
      lists.push(request);
      return { data: [member, loner], before: null, after: null };
    };
    api = await apiUnderTest({
      directoryLists: {
        listUsers: listed,
        listGroups: async (_: string, request: unknown) => {
          lists.push(request);
          return { data: [group], before: null, after: null };
        },
        getUser: async () => member,
        getGroup: async () => group,
        groupsOfUsers: async (_: string, ids: readonly string[]) => {
          lookups.push(ids);
          return new Map([[member.id, [group]]]);
        },
      },
    });
  });
  beforeEach(() => {
    lists = [];
    lookups = [];
  });
  afterAll(() => api.app.close());

  it('always carry an array of groups, read once per page', async () => {
    const answer = await api.ask('GET', '/directory_users?directory=directory_1');
    expect(answer.json().data).toMatchObject([
      { id: member.id, state: 'active', groups: [{ object: 'directory_group', id: group.id }] },
      { id: loner.id, state: 'inactive', state_reason: 'suspended', email: null, groups: [] },
    ]);
    expect(lookups).toEqual([[member.id, loner.id]]);
  });

  it('are read one by one', async () => {
    const user = await api.ask('GET', `/directory_users/${member.id}`);
    expect(user.json()).toMatchObject({ object: 'directory_user', groups: [{ id: group.id }] });
    const answer = await api.ask('GET', `/directory_groups/${group.id}`);
    expect(answer.json()).toMatchObject({ object: 'directory_group', raw_attributes: {} });
  });

  it.each([
    ['/directory_users', 'group'],
    ['/directory_groups', 'user'],
  ])('GET %s names both filters when neither is given', async (url, other) => {
    const answer = await api.ask('GET', url);
    expect([answer.status, answer.json()]).toEqual([
      422,
      {
        message: 'Validation failed',
        errors: [
          { field: 'directory', code: `directory is required when ${other} is not given.` },
          { field: other, code: `${other} is required when directory is not given.` },
        ],
      },
    ]);
  });

  it('are filtered by id and address inside a directory only', async () => {
    await api.ask('GET', '/directory_users?directory=directory_1&idp_id=00u77&email=Rita%40acme.test');
    expect(lists).toEqual([
      { limit: 10, order: 'desc', directoryId: 'directory_1', idpId: '00u77', email: 'Rita@acme.test' },
    ]);
    const answer = await api.ask('GET', '/directory_users?group=directory_group_1&idp_id=1&email=x');
    expect([answer.status, answer.json().errors]).toEqual([
      422,
      [
        { field: 'idp_id', code: 'idp_id can only be used together with directory.' },
        { field: 'email', code: 'email can only be used together with directory.' },
      ],
    ]);
  });

  it('of a group or a user are found only under the right directory', async () => {
    const statuses = [];
    for (const directory of ['directory_1', 'directory_2']) {
      statuses.push((await api.ask('GET', `/directory_users?group=g&directory=${directory}`)).status);
      statuses.push((await api.ask('GET', `/directory_groups?user=u&directory=${directory}`)).status);
    }
    expect(statuses).toEqual([200, 200, 404, 404]);
    expect(lists).toMatchObject([{ groupId: 'g' }, { userId: 'u' }]);
  });
});
