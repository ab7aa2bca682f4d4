import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakeKeycloak as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeKeycloak,
  type FakeKeycloakOptions,
  type FakeServer,
} from '#testing';
import type { Connector, Source } from '../../sdk/contract.js';
import keycloak from './index.js';

describe('Keycloak', () => {
  const time = fakeTime();
  let server: FakeServer | undefined;
  let tenant: FakeTenant;
  let options: FakeKeycloakOptions;
  afterEach(async () => server?.close());

  const open = async (over: Partial<FakeKeycloakOptions> = {}, users = 7, groups = 2): Promise<void> => {
    tenant = new FakeTenant({ users, groups, membersPerGroup: 2 }, time.clock);
    options = { pageSize: 3, ...over };
    server = await startFakeKeycloak(tenant, options);
  };
  const answersOf = (more: JsonObject = {}): JsonObject => ({
    ...fake.answers((server as FakeServer).url),
    ...more,
  });
  const read = (
    answers: JsonObject = {},
    more: Partial<Parameters<typeof readSource>[1]> = {},
  ): ReturnType<typeof readSource> =>
    readSource(keycloak as Connector, { time, answers: answersOf(answers), ...more });
  const asking = async <T>(ask: (source: Source) => Promise<T>, answers: JsonObject = {}): Promise<T> => {
    const { ports, end } = fakePorts({ time });
    try {
      return await ask(keycloak.connect(keycloak.readConfig(answersOf(answers)), ports));
    } finally {
      end();
    }
  };
  const pathsOf = (call: string): unknown[] =>
    (server as FakeServer).calls.filter((made) => made.call === call);

  describe('a service account that may query users only', () => {
    it.each([
      ['nobody', () => false],
      ['a part of the users', ({ index }: { index: number }) => index < 4],
    ])('and is shown %s: the connection test says so and names the role', async (_, shows) => {
      await open({ role: 'query-users', shows });
      const failure = await asking((source) => source.check()).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'insufficient_permissions' });
      expect((failure as Error).message).toContain('view-users');
    });

    it('reads nothing at all', async () => {
      await open({ role: 'query-users', shows: ({ index }) => index < 4 });
      const { complete, covered, error, users } = await read();
      expect({ complete, covered, users: users.size, code: error?.code }).toEqual({
        complete: false,
        covered: [],
        users: 0,
        code: 'insufficient_permissions',
      });
    });

    it('ends no list as complete when the role was taken away meanwhile', async () => {
      await open({
        // The last page is being written.
        differs: ({ index }) => {
          if (index >= 4) options.role = 'query-users';
          return {};
        },
        shows: ({ index }) => index < 5,
      });
      const { complete, covered, error, users } = await read();
      expect({ complete, covered, code: error?.code }).toEqual({
        complete: false,
        covered: [],
        code: 'insufficient_permissions',
      });
      expect(users.size).toBeLessThan(7);
    });

    it('is no word about who is gone', async () => {
      await open({ role: 'query-users' });
      const found = await asking(async (source) => source.lookUp?.('user', [fake.userId(3)]));
      expect(found).toEqual(new Map([[fake.userId(3), 'unanswered']]));
    });
  });

  describe('positions', () => {
    it('are read anew when somebody was removed who had been read, so that nobody is skipped', async () => {
      await open();
      const whole = await read();
      tenant.remove('user', 0);
      const resumed = await read({}, { from: whole.checkpoints[0] });
      expect(resumed.restarts).toEqual(['users']);
      expect(resumed.complete).toBe(true);
      expect([...resumed.users.keys()].sort()).toEqual([...whole.users.keys()].sort());
    });

    it('go on behind a page that users were dropped from after it was cut', async () => {
      await open({ drops: ({ index }) => index === 1 || index === 6 });
      const { complete, users } = await read();
      expect(complete).toBe(true);
      expect([...users.keys()]).toEqual([0, 2, 3, 4, 5].map(fake.userId));
    });

    it('of members are read again for their group alone', async () => {
      await open({}, 7, 3);
      for (const index of [2, 3, 4, 5]) tenant.addMember(0, { kind: 'user', index });
      const of = fake.groupId(0);
      const handle = (server as FakeServer).fail({
        call: 'members',
        of,
        page: 2,
        fault: { kind: 'stale_token' },
      });
      const result = await read();
      expect(handle.fired()).toBe(1);
      expect(result).toMatchObject({ complete: true, restarts: [] });
      expect([...result.members].filter((text) => text.startsWith(of))).toHaveLength(6);
      expect(pathsOf('members').filter((made) => (made as { of: string }).of !== of)).toHaveLength(2);
    });
  });

  it('takes the count of users as the length of the list, and asks for it when the list has ended', async () => {
    await open({ count: (users) => users + 93 });
    const { ports, end } = fakePorts({ time });
    const source = keycloak.connect(keycloak.readConfig(answersOf()), ports);
    const totals: unknown[] = [];
    for await (const page of source.streams({ mode: 'full', cursors: new Map() })[0]?.pages(null) ?? [])
      totals.push([page.total, page.end?.complete]);
    end();
    expect(totals.at(-1)).toEqual([100, true]);
    expect(totals.slice(0, -1)).toEqual(totals.slice(0, -1).map(() => [undefined, undefined]));
  });

  describe.each(['children', 'embedded'] as const)('groups in groups (%s)', (groups) => {
    const parentOf = (group: number): number | undefined => (group === 0 ? undefined : (group - 1) >> 1);

    it('are all read', async () => {
      await open({ groups, parentOf }, 7, 9);
      const result = await read();
      expect(result.complete).toBe(true);
      expect([...result.groups.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map(fake.groupId));
      expect(result.members.size).toBe(18);
    });

    it('count as members of the group above when that is wanted', async () => {
      await open({ groups, parentOf }, 7, 4);
      const { complete, members } = await read({ subgroup_members: true });
      expect(complete).toBe(true);
      expect([...members].filter((text) => text.includes('group:')).sort()).toEqual([
        `${fake.groupId(0)} > group:${fake.groupId(1)}`,
        `${fake.groupId(0)} > group:${fake.groupId(2)}`,
        `${fake.groupId(1)} > group:${fake.groupId(3)}`,
      ]);
    });
  });

  it('asks no group for subgroups that says it has none', async () => {
    await open({ parentOf: (group) => (group === 2 ? 1 : undefined) }, 7, 4);
    await read();
    expect(pathsOf('children')).toMatchObject([{ of: fake.groupId(1) }]);
  });

  it('asks an old server once whether it lists children', async () => {
    await open({ groups: 'embedded' }, 7, 9);
    expect((await read()).groups.size).toBe(9);
    expect(pathsOf('children').length).toBeLessThanOrEqual(4);
  });

  it('proves neither groups nor memberships when subgroups are missing', async () => {
    await open(
      { parentOf: (group) => (group === 2 ? 1 : undefined), subGroupCount: (count) => (count > 0 ? 5 : 0) },
      7,
      4,
    );
    const { complete, covered, error } = await read();
    expect({ complete, covered, code: error?.code }).toEqual({
      complete: false,
      covered: ['users'],
      code: 'incomplete_listing',
    });
  });

  it('does not take memberships for whole while groups may be missing', async () => {
    await open();
    const streams = await asking(async (source) => source.streams({ mode: 'full', cursors: new Map() }));
    expect(streams.map(({ id, covers }) => [id, covers])).toEqual([
      ['users', ['users', 'memberships']],
      ['groups', ['groups', 'memberships']],
      ['memberships', ['memberships']],
    ]);
  });

  it('keeps the members of a group that vanished while it was read', async () => {
    await open();
    const { end, ports } = fakePorts({ time, staged: async () => [fake.groupId(0), fake.groupId(99)] });
    const source = keycloak.connect(keycloak.readConfig(answersOf()), ports);
    const records = [];
    for await (const page of source.streams({ mode: 'full', cursors: new Map() })[2]?.pages(null) ?? [])
      records.push(...page.records);
    end();
    expect(records).toMatchObject([
      { kind: 'members', groupId: fake.groupId(0) },
      { kind: 'invalid', of: 'membership', id: fake.groupId(99) },
    ]);
  });

  it('leaves service accounts out', async () => {
    await open({
      differs: ({ index }): JsonObject => (index === 1 ? { serviceAccountClientId: 'robot' } : {}),
    });
    const { users, invalid } = await read();
    expect({ users: users.size, invalid }).toEqual({ users: 6, invalid: [] });
  });

  describe('a federation that keeps its users to itself', () => {
    const FEDERATION = '8a0ffee0-0000-4000-8000-000000000001';
    const id = (index: number): string => `f:${FEDERATION}:person${index}`;
    const differs = ({ index }: { index: number }): JsonObject => (index > 4 ? { id: id(index) } : {});
    const isAway = ({ index }: { index: number }): boolean => index > 4;

    it('lets nobody count as missing while it is away', async () => {
      await open({ differs });
      const whole = await read();
      expect(whole).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
      options.drops = isAway;
      const without = await read({}, { previous: whole.cursors });
      expect({ complete: without.complete, users: without.users.size }).toEqual({
        complete: false,
        users: 5,
      });
      // It is not forgotten by that.
      expect((await read({}, { previous: without.cursors })).complete).toBe(false);
    });

    it('is remembered at every checkpoint', async () => {
      await open({ differs: ({ index }): JsonObject => (index < 2 ? { id: id(index) } : {}) });
      const whole = await read();
      const resumed = await read({}, { from: whole.checkpoints[0], previous: whole.cursors });
      expect(resumed.complete).toBe(true);
      expect(resumed.cursors).toEqual(whole.cursors);
    });

    it('has nobody leave a group while it is away', async () => {
      await open({ differs });
      const whole = await read();
      options.drops = isAway;
      expect((await read({}, { previous: whole.cursors })).covered).toEqual(['groups']);
    });

    it.each([
      [403, false],
      [404, true],
    ])('was removed if Keycloak says so (%i)', async (status, complete) => {
      await open({ differs, component: () => ({ status, body: { error: 'Could not find component' } }) });
      const whole = await read();
      options.drops = isAway;
      expect((await read({}, { previous: whole.cursors })).complete).toBe(complete);
      const found = await asking(async (source) => source.lookUp?.('user', [id(6)]));
      expect(found).toEqual(new Map(complete ? [[id(6), 'gone']] : []));
    });
  });

  describe('a federation whose users are imported', () => {
    const link = { federationLink: '8a0ffee0-0000-4000-8000-000000000002' };
    const isTheirs = ({ index }: { index: number }): boolean => index > 2;
    const differs = (person: { index: number }): JsonObject => (isTheirs(person) ? link : {});
    const isDisabled = (person: { index: number }): JsonObject =>
      isTheirs(person) ? { ...link, enabled: false } : {};

    it('has nobody disabled and nobody leave a group by being away', async () => {
      await open({ differs });
      const whole = await read();
      expect(whole).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
      options.differs = isDisabled;
      const without = await read({}, { previous: whole.cursors });
      expect(without).toMatchObject({ complete: false, covered: ['groups'] });
      expect(without.invalid.map(({ id }) => id)).toEqual([3, 4, 5, 6].map(fake.userId));
      // It is not forgotten by that, and back when somebody is enabled again.
      expect((await read({}, { previous: without.cursors })).complete).toBe(false);
      options.differs = ({ index }) => ({ ...link, enabled: index === 3 });
      const back = await read({}, { previous: without.cursors });
      expect(back).toMatchObject({ complete: true, invalid: [] });
      expect([...back.users.values()].filter(({ active }) => active)).toHaveLength(1);
    });

    it('is remembered at every checkpoint', async () => {
      await open({ differs });
      const whole = await read();
      options.differs = isDisabled;
      const away = await read({}, { previous: whole.cursors });
      // Back before the last page: those on the pages before are not known for all that.
      options.differs = differs;
      const resumed = await read({}, { from: away.checkpoints[1], previous: whole.cursors });
      expect(resumed).toMatchObject({ complete: false, covered: ['groups'] });
    });

    it('is believed when fewer than three of its people were enabled', async () => {
      const few = ({ index }: { index: number }): JsonObject => (index > 4 ? link : {});
      await open({ differs: few });
      const whole = await read();
      options.differs = (person) => ({ ...few(person), enabled: person.index < 5 });
      const { users, invalid } = await read({}, { previous: whole.cursors });
      expect(invalid).toEqual([]);
      expect([...users.values()].filter(({ active }) => !active)).toHaveLength(2);
    });

    it('proves no membership absent when it was away only while these were read', async () => {
      await open({ differs });
      const whole = await read();
      const streams = await asking(async (source) => {
        const [people, , members] = source.streams({
          mode: 'full',
          cursors: new Map(),
          previous: whole.cursors,
        });
        const ends = [];
        for (const stream of [people, members]) {
          for await (const { end } of stream?.pages(null) ?? []) if (end) ends.push(end.complete);
          options.differs = isDisabled;
        }
        return ends;
      });
      expect(streams).toEqual([true, false]);
    });
  });

  describe('look-up', () => {
    it('tells groups that are there from groups that are gone', async () => {
      await open();
      tenant.remove('group', 1);
      const found = await asking(async (source) => source.lookUp?.('group', [0, 1].map(fake.groupId)));
      expect(found).toEqual(
        new Map([
          [fake.groupId(0), 'present'],
          [fake.groupId(1), 'gone'],
        ]),
      );
    });

    const askedMembers = (
      edges: readonly (readonly [number, 'user' | 'group', number])[],
    ): Promise<unknown[]> => {
      const asked = edges.map(([group, kind, index]) => ({
        groupId: fake.groupId(group),
        member: { kind, id: kind === 'user' ? fake.userId(index) : fake.groupId(index) },
      }));
      return asking(async (source) => {
        const found = await source.lookUpMembers?.(asked);
        return asked.map((one) => found?.get(one));
      });
    };
    const parentOf = (group: number): number | undefined => (group === 2 ? 1 : undefined);

    it('says which group a subgroup is in, and nothing of one that may be in none', async () => {
      await open({ parentOf }, 7, 4);
      expect(
        await askedMembers([
          [1, 'group', 2],
          [0, 'group', 2],
          [0, 'group', 1],
        ]),
      ).toEqual(['present', 'gone', undefined]);
      await server?.close();
      await open({ parentOf, groups: 'embedded' }, 7, 4);
      expect(await askedMembers([[1, 'group', 2]])).toEqual([undefined]);
    });

    it('says nothing of memberships once the service account may not see all', async () => {
      await open();
      server?.fail({ call: 'probe', fault: { kind: 'status', status: 403 } });
      await expect(askedMembers([[0, 'user', 5]])).rejects.toMatchObject({
        code: 'insufficient_permissions',
      });
    });

    it('takes nobody for gone in a realm that is gone', async () => {
      await open();
      const found = await asking(async (source) => source.lookUp?.('user', [fake.userId(3)]), {
        realm: 'other',
      });
      expect(found).toEqual(new Map([[fake.userId(3), 'unanswered']]));
    });
  });

  it.each([
    ['a wrong realm', { status: 404, body: { error: 'Realm does not exist' } }, 'not_found_tenant'],
    [
      'a path that Keycloak does not have',
      { status: 404, body: { error: 'Unable to find matching target resource method' } },
      'wrong_host',
    ],
    ['an address without Keycloak', { status: 404, body: '<html></html>' }, 'wrong_host'],
    [
      'a client without a service account',
      {
        status: 401,
        body: {
          error: 'unauthorized_client',
          error_description: 'Client not enabled to retrieve service account',
        },
      },
      'config_error',
    ],
    [
      'an old server’s wrong secret',
      { status: 400, body: { error: 'unauthorized_client' } },
      'invalid_credentials',
    ],
    ['an unknown client', { status: 401, body: { error: 'invalid_client' } }, 'invalid_credentials'],
  ])('tells %s apart', async (_, tokenError, code) => {
    await open({ tokenError });
    await expect(asking((source) => source.check())).rejects.toMatchObject({ code });
  });

  it('counts users and groups', async () => {
    await open({ parentOf: (group) => (group === 2 ? 1 : undefined) }, 7, 4);
    expect(await asking((source) => source.check())).toMatchObject({ users: 7, groups: 4, warnings: [] });
  });
});
