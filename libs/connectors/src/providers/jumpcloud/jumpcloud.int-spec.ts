import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import type { SourceError } from '../../sdk/source-error.js';
import {
  fakeJumpcloud as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeJumpcloud,
  type FakeJumpcloudOptions,
  type FakeServer,
  type FakeTenantSize,
  type ReadResult,
} from '#testing';
import jumpcloud from './index.js';

const OTHER = '5f0000000000000000000002';

describe('JumpCloud', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;

  const start = async (
    options: Partial<FakeJumpcloudOptions> = {},
    size: Partial<FakeTenantSize> = {},
  ): Promise<void> => {
    tenant = new FakeTenant({ users: 7, groups: 3, membersPerGroup: 4, ...size }, time.clock);
    server = await startFakeJumpcloud(tenant, { pageSize: 3, ...options });
  };
  afterEach(() => server.close());

  const answers = (over: JsonObject = {}): JsonObject => ({ ...fake.answers(server.url), ...over });
  const read = (over: JsonObject = {}): Promise<ReadResult> =>
    readSource(jumpcloud as Connector, { time, answers: answers(over), hosts: fake.hosts?.(server.url) });
  const ask = async <T>(
    work: (source: ReturnType<typeof jumpcloud.connect>) => Promise<T>,
    over: JsonObject = {},
  ): Promise<T | SourceError> => {
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
    try {
      return await work(jumpcloud.connect(jumpcloud.readConfig(answers(over)), ports));
    } catch (error) {
      return error as SourceError;
    } finally {
      end();
    }
  };
  const check = (over?: JsonObject): Promise<SourceCheck | SourceError> =>
    ask((source) => source.check(), over);

  it('reads the list anew when somebody was deleted meanwhile, and misses nobody', async () => {
    let seen = 0;
    await start({
      differs: ({ index }) => {
        // After the first page, whoever stood on it leaves, and everybody moves up.
        if (index === 0 && ++seen === 1) queueMicrotask(() => tenant.remove('user', 1));
        return {};
      },
    });
    const result = await read();
    expect(result.restarts).toEqual(['users']);
    expect([...result.users.keys()]).toEqual(expect.arrayContaining([0, 2, 3, 4, 5, 6].map(fake.userId)));
  });

  it('reads all of a group when version 2 does not count', async () => {
    await start({ isUncounted: true });
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null });
    expect(result.groups.size).toBe(3);
    expect(result.members.size).toBe(12);
    expect(await check()).toMatchObject({ users: 7, groups: null });
  });

  it.each([
    ['reads a group anew when its members shift', 1, true],
    ['gives up on a group whose members never rest', Infinity, false],
  ])('%s', async (_name, times, complete) => {
    await start({}, { groups: 1 });
    server.fail({ call: 'members', page: 2, times, fault: { kind: 'stale_token' } });
    const result = await read();
    expect(result.complete).toBe(complete);
    // Not all groups: only the one that shifted.
    if (complete) expect([result.restarts, result.members.size]).toEqual([[], 4]);
  });

  it('takes no list of members for whole in which one comes twice', async () => {
    const [a, b, c, d] = [0, 1, 2, 3].map(fake.userId) as [string, string, string, string];
    // Another order on each page: the joint fits, and d comes never.
    await start({ members: (_, skip) => (skip === 0 ? [a, b, c, d] : [d, b, c, a]) }, { groups: 1 });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'cursor_expired' } });
  });

  it('tells suspended, staged and locked people apart', async () => {
    const differing: JsonObject[] = [
      { account_locked: true },
      { state: 'ACTIVATED', activated: false },
      { state: null, activated: false },
      { state: null, activated: true },
      { suspended: true },
      { state: 'STAGED' },
      { state: 'ASLEEP' },
    ];
    await start({ differs: ({ index }) => differing[index] as JsonObject });
    const { users, invalid } = await read();
    const states = [0, 1, 2, 3, 4, 5].map((index) => users.get(fake.userId(index)));
    expect(states.map((user) => user?.stateReason)).toEqual([
      null,
      null,
      'pending',
      null,
      'suspended',
      'pending',
    ]);
    expect(states.map((user) => user?.active)).toEqual([true, true, false, true, false, false]);
    expect(invalid).toMatchObject([{ of: 'user', id: fake.userId(6) }]);
  });

  describe('organization', () => {
    it.each([
      { name: 'one that is not reached', options: {}, org_id: OTHER, code: 'not_found_tenant' },
      {
        name: 'none, where several are managed',
        options: { isMultiTenant: true },
        org_id: '',
        code: 'invalid_credentials',
      },
      {
        name: 'one whose people are of another',
        options: { organizations: [OTHER] },
        org_id: OTHER,
        code: 'not_found_tenant',
      },
    ])('$name is an error', async ({ options, org_id, code }) => {
      await start(options);
      expect(await read({ org_id })).toMatchObject({ complete: false, error: { code }, users: new Map() });
      expect(await check({ org_id })).toMatchObject({ code });
    });

    it('is not mixed with another one', async () => {
      await start({ differs: ({ index }): JsonObject => (index === 5 ? { organization: OTHER } : {}) });
      const result = await read({ org_id: '' });
      expect(result).toMatchObject({ complete: false, error: { code: 'not_found_tenant' } });
      expect(result.error?.message).toContain('organization ID');
    });

    it('is no empty directory unless it is the only one', async () => {
      await start({ organizations: ['5f0000000000000000000001', OTHER] }, { users: 0, groups: 0 });
      expect(await read({ org_id: '' })).toMatchObject({ error: { code: 'not_found_tenant' } });
      expect(await read()).toMatchObject({ complete: true, error: null });
      expect(await check()).toMatchObject({ users: 0, warnings: [expect.stringContaining('no users')] });
    });

    it('that is not found proves nobody gone', async () => {
      await start();
      const found = await ask((source) => source.lookUp!('user', [fake.userId(1)]), { org_id: OTHER });
      expect(found).toMatchObject({ code: 'not_found_tenant' });
    });
  });

  it('looks groups up', async () => {
    await start();
    tenant.remove('group', 1);
    const found = await ask((source) => source.lookUp!('group', [0, 1].map(fake.groupId)));
    expect(found).toEqual(
      new Map([
        [fake.groupId(0), 'present'],
        [fake.groupId(1), 'gone'],
      ]),
    );
  });

  it.each(['user', 'group'] as const)(
    'believes no "not found" while every single %s gets it',
    async (kind) => {
      await start();
      const fault = server.fail({ call: kind, times: Infinity, fault: { kind: 'status', status: 404 } });
      const idOf = kind === 'user' ? fake.userId : fake.groupId;
      expect(await ask((source) => source.lookUp!(kind, [0, 1].map(idOf)))).toEqual(new Map());
      expect(fault.fired()).toBe(3);
    },
  );

  it('leaves a group unread that lists something else than users, and no other', async () => {
    await start({ members: (group) => (group === 1 ? [''] : [fake.userId(0)]) });
    expect(await read()).toMatchObject({
      complete: true,
      invalid: [{ of: 'membership', id: fake.groupId(1) }],
      members: new Set([0, 2].map((group) => `${fake.groupId(group)} > user:${fake.userId(0)}`)),
    });
  });

  it('keeps whom it may not ask about, also while it believes no "not found"', async () => {
    await start();
    server.fail({ call: 'user', fault: { kind: 'no_list' } });
    server.fail({ call: 'user', times: Infinity, fault: { kind: 'status', status: 404 } });
    expect(await ask((source) => source.lookUp!('user', [0, 1].map(fake.userId)))).toEqual(
      new Map([[fake.userId(0), 'unanswered']]),
    );
  });

  it('says in the connection test that members may not be read', async () => {
    await start();
    server.fail({ call: 'members', times: Infinity, fault: { kind: 'status', status: 403 } });
    expect(await check()).toMatchObject({
      code: 'insufficient_permissions',
      message: expect.stringContaining('role'),
    });
  });

  it.each([
    ['us', 'console.jumpcloud.com', 'admin-oauth.id.jumpcloud.com'],
    ['eu', 'console.eu.jumpcloud.com', 'admin-oauth.id.eu.jumpcloud.com'],
    ['in', 'console.in.jumpcloud.com', 'admin-oauth.id.in.jumpcloud.com'],
  ])('asks in the region %s', async (region, console, login) => {
    await start();
    expect(jumpcloud.readConfig(answers({ region }))).toMatchObject({
      console: `https://${console}`,
      login: `https://${login}`,
    });
  });
});
