import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakeOneLogin as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeOneLogin,
  type FakeOneLoginOptions,
  type FakeServer,
  type FakeTime,
} from '#testing';
import type { Connector, Source } from '../../sdk/contract.js';
import onelogin from './index.js';

describe('OneLogin', () => {
  let time: FakeTime;
  let server: FakeServer | undefined;
  let tenant: FakeTenant;
  let options: FakeOneLoginOptions;
  afterEach(async () => server?.close());

  const open = async (over: Partial<FakeOneLoginOptions> = {}, users = 7, groups = 2): Promise<void> => {
    time = fakeTime();
    tenant = new FakeTenant({ users, groups, membersPerGroup: 2 }, time.clock);
    options = { pageSize: 3, ...over };
    server = await startFakeOneLogin(tenant, options);
  };
  const answersOf = (more: JsonObject = {}): JsonObject => ({
    ...fake.answers((server as FakeServer).url),
    ...more,
  });
  const read = (
    answers: JsonObject = {},
    more: Partial<Parameters<typeof readSource>[1]> = {},
  ): ReturnType<typeof readSource> =>
    readSource(onelogin as Connector, { time, answers: answersOf(answers), ...more });
  const asking = async <T>(ask: (source: Source) => Promise<T>, answers: JsonObject = {}): Promise<T> => {
    const { ports, end } = fakePorts({ time });
    try {
      return await ask(onelogin.connect(onelogin.readConfig(answersOf(answers)), ports));
    } finally {
      end();
    }
  };
  const callsOf = (call: string): FakeServer['calls'] =>
    (server as FakeServer).calls.filter((made) => made.call === call);

  describe('cursors that are page numbers', () => {
    it('are read anew when somebody was removed meanwhile, so that nobody is skipped', async () => {
      await open();
      const whole = await read();
      tenant.remove('user', 0);
      const resumed = await read({}, { from: whole.checkpoints[0] });
      expect(resumed.restarts).toEqual(['users']);
      expect(resumed.complete).toBe(true);
      expect([...resumed.users.keys()].sort()).toEqual([...whole.users.keys()].sort());
    });

    it('go on when somebody came, who stands at the end', async () => {
      await open();
      const whole = await read();
      const added = tenant.addUser();
      const resumed = await read({}, { from: whole.checkpoints[0] });
      expect(resumed).toMatchObject({ complete: true, restarts: [] });
      expect(resumed.users.has(fake.userId(added))).toBe(true);
    });

    it('of a role are read again for that role alone', async () => {
      let shrinks = 2;
      await open({ totalCount: (count) => (count === 6 && shrinks-- === 1 ? 5 : count) }, 9, 3);
      for (const index of [2, 3, 4, 5]) tenant.addMember(0, { kind: 'user', index });
      const result = await read();
      expect(result).toMatchObject({ complete: true, restarts: [] });
      expect([...result.members].filter((text) => text.startsWith(fake.groupId(0)))).toHaveLength(6);
      expect(callsOf('members').filter(({ attempt }) => attempt > 1)).toMatchObject([
        { of: fake.groupId(0).slice(5) },
        { of: fake.groupId(0).slice(5) },
      ]);
    });

    it('may come without a count', async () => {
      await open({ totalCount: () => null });
      expect((await read()).users.size).toBe(7);
      expect(await asking((source) => source.check())).toMatchObject({ users: null, groups: 2 });
    });
  });

  it.each([
    ['users', 7],
    ['roles', 2],
    ['the users of a role', 3],
  ])('takes no list of %s for whole that has fewer entries than OneLogin counts', async (_, length) => {
    await open({ totalCount: (count) => (count === length ? count + 1 : count) });
    tenant.addMember(0, { kind: 'user', index: 5 });
    const { complete, error } = await read();
    expect({ complete, code: error?.code }).toEqual({ complete: false, code: 'incomplete_listing' });
  });

  it('asks for the fields that it maps, on every page', async () => {
    await open();
    const { users } = await read();
    for (const user of users.values())
      expect(user).toMatchObject({
        jobTitle: expect.any(String),
        customAttributes: { badge: expect.any(String) },
      });
  });

  it('counts nobody among the users of a role who is only listed beside them', async () => {
    await open({ unassigned: [5, 6] });
    expect([...(await read()).members].sort()).toEqual(
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ].map(([role = 0, index = 0]) => `${fake.groupId(role)} > user:${fake.userId((role * 7 + index) % 7)}`),
    );
  });

  it('keeps the users of a role that vanished while it was read', async () => {
    await open();
    const { end, ports } = fakePorts({ time, staged: async () => [fake.groupId(0), fake.groupId(99)] });
    const source = onelogin.connect(onelogin.readConfig(answersOf()), ports);
    const records = [];
    for await (const page of source.streams({ mode: 'full', cursors: new Map() })[2]?.pages(null) ?? [])
      records.push(...page.records);
    end();
    expect(records).toMatchObject([
      { kind: 'members', groupId: fake.groupId(0) },
      { kind: 'invalid', of: 'membership', id: fake.groupId(99) },
    ]);
  });

  describe('groups of OneLogin', () => {
    const groups = ['Standard', 'Strict', 'Partners', 'Robots'];
    const differs = ({ index }: { index: number }): JsonObject => ({
      group_id: index < 4 ? 88_000 + index : null,
    });

    it('have those for members whose record says so', async () => {
      await open({ groups, differs });
      const result = await read({ group_source: 'groups' });
      expect(result).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
      expect([...result.groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`)).toEqual(
        groups.map((name, index) => `group:${88_000 + index} ${name}`),
      );
      expect([...result.members]).toEqual(
        groups.map((_, index) => `group:${88_000 + index} > user:${fake.userId(index)}`),
      );
      expect(callsOf('roles')).toEqual([]);
    });

    it('stand beside roles when both are wanted', async () => {
      await open({ groups, differs });
      const result = await read({ group_source: 'both' });
      expect(result).toMatchObject({ complete: true, invalid: [] });
      expect([result.groups.size, result.members.size]).toEqual([6, 8]);
    });

    it('lose nobody whose record cannot be read', async () => {
      await open({
        groups,
        differs: (person) => ({ ...differs(person), ...(person.index === 2 ? { status: 6 } : {}) }),
      });
      const { members, invalid } = await read({ group_source: 'groups' });
      expect(invalid).toMatchObject([{ of: 'user', id: fake.userId(2) }]);
      expect(members).toContain(`group:88002 > user:${fake.userId(2)}`);
    });

    it('lose nobody at all when a record does not say its group', async () => {
      await open({
        groups,
        differs: (person) => ({ ...differs(person), ...(person.index === 2 ? { group_id: undefined } : {}) }),
      });
      expect((await read({ group_source: 'groups' })).invalid).toMatchObject([
        { of: 'membership', id: null },
      ]);
    });

    it('are incomplete without the word whether there are more', async () => {
      await open({ groups });
      (server as FakeServer).fail({ call: 'groups', fault: { kind: 'no_list' } });
      expect(await read({ group_source: 'groups' })).toMatchObject({
        complete: false,
        error: { code: 'source_changed_shape' },
      });
    });
  });

  it('does not take memberships for whole while roles may be missing', async () => {
    await open();
    const coverage = async (group_source: string): Promise<unknown> =>
      asking(
        async (source) =>
          source.streams({ mode: 'full', cursors: new Map() }).map(({ id, covers }) => [id, ...covers]),
        { group_source },
      );
    expect(await coverage('both')).toEqual([
      ['users', 'users', 'memberships'],
      ['onelogin_groups', 'groups'],
      ['groups', 'groups', 'memberships'],
      ['memberships', 'memberships'],
    ]);
    expect(await coverage('roles')).toEqual([
      ['users', 'users'],
      ['groups', 'groups', 'memberships'],
      ['memberships', 'memberships'],
    ]);
  });

  it('says which roles are there and which are gone, and nothing about groups', async () => {
    await open();
    tenant.remove('group', 1);
    const ids = [fake.groupId(0), fake.groupId(1), 'group:88000'];
    expect(await asking(async (source) => source.lookUp?.('group', ids))).toEqual(
      new Map([
        [fake.groupId(0), 'present'],
        [fake.groupId(1), 'gone'],
      ]),
    );
  });

  it('says nothing of memberships in groups, nor of a user without a word about roles', async () => {
    await open({
      differs: ({ index }) => (index === 1 ? { role_ids: undefined } : index === 2 ? { id: 1 } : {}),
    });
    const asked = (['group:88000', fake.groupId(0)] as const).flatMap((groupId) =>
      [0, 1, 2].map((index) => ({ groupId, member: { kind: 'user' as const, id: fake.userId(index) } })),
    );
    const found = await asking(async (source) => source.lookUpMembers?.(asked));
    expect(asked.map((one) => found?.get(one))).toEqual([
      undefined,
      undefined,
      undefined,
      'present',
      undefined,
      // Another person's record.
      'unanswered',
    ]);
  });

  it('knows users and roles by ids that are texts', async () => {
    const role = fake.groupId(0).replace('role:', '');
    await open({ differs: ({ index }) => ({ id: fake.userId(index), role_ids: [role] }) });
    const member = { kind: 'user' as const, id: fake.userId(1) };
    const asked = [0, 1].map((index) => ({ groupId: fake.groupId(index), member }));
    const found = await asking(async (source) => source.lookUpMembers?.(asked));
    expect(asked.map((one) => found?.get(one))).toEqual(['present', 'gone']);
    const there = await asking(async (source) => source.lookUp?.('user', [member.id]));
    expect(there?.get(member.id)).toBe('present');
  });

  it('waits for the new hour before the last requests of this one are used up', async () => {
    await open({ remaining: 2 }, 4, 0);
    await read();
    expect(time.slept.some((ms) => ms > 60_000)).toBe(true);
  });

  it.each([['users'], ['roles'], ['members']])('names the scope when %s may not be read', async (call) => {
    await open({ noScope: [call] });
    const failure = await asking((source) => source.check()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'insufficient_permissions' });
    expect((failure as Error).message).toContain('Read All');
  });

  it.each([
    ['a wrong secret', { status: 401, body: { status: { error: true, code: 401 } } }, 'invalid_credentials'],
    ['a wrong client', { status: 400, body: { status: { error: true, code: 400 } } }, 'invalid_credentials'],
    ['an address without OneLogin', { status: 404, body: '<html></html>' }, 'wrong_host'],
    ['a credential whose owner is gone', { status: 500, body: {} }, 'source_unavailable'],
  ])('tells %s apart', async (_, tokenError, code) => {
    await open({ tokenError });
    const failure = await asking((source) => source.check()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    if (tokenError.status === 500) expect((failure as Error).message).toContain('new credential');
  });

  it('counts users and groups', async () => {
    await open({ groups: ['Standard'] });
    const check = (group_source: string): Promise<unknown> =>
      asking((source) => source.check(), { group_source });
    expect(await check('both')).toMatchObject({ users: 7, groups: 3, warnings: [] });
    expect(await check('groups')).toMatchObject({ users: 7, groups: 1 });
  });
});
