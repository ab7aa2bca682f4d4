import { afterEach, describe, expect, it } from '@jest/globals';
import {
  believe,
  checkSource,
  fakeLdap,
  FakeTenant,
  fakeTime,
  fakeUniqueId,
  itemsOf,
  readSource,
  startFakeLdap,
  type Belief,
  type FakeLdapOptions,
  type FakeLdapServer,
  type FakeTime,
  type Reading,
  type ReadResult,
} from '#testing';
import type { JsonValue } from '#kernel';
import type { Connector } from '../../../sdk/contract.js';
import connector from '../index.js';

type Options = Partial<FakeLdapOptions>;

const AD: Options = { kind: 'active_directory' };
const DS: Options = { kind: '389ds' };

/** Every way of finding changes; whether it names who was deleted, or everybody has to be read again for that. */
const WAYS: [string, Options, boolean][] = [
  ['syncrepl of OpenLDAP', {}, true],
  ['syncrepl of 389 DS', DS, true],
  ['DirSync', AD, true],
  [
    'DirSync of an account that may not search for deleted objects',
    { ...AD, hidesDeleted: 'in_searches' },
    true,
  ],
  ['DirSync of an account that sees no deleted object', { ...AD, hidesDeleted: 'everywhere' }, false],
  ['uSNChanged with deleted objects', { ...AD, feed: 'refused' }, true],
  ['uSNChanged without deleted objects', { ...AD, feed: 'refused', hidesDeleted: 'everywhere' }, false],
  ['modifyTimestamp', { feed: 'absent' }, false],
  ['modifyTimestamp where the right is missing', { feed: 'refused' }, false],
  ['modifyTimestamp of 389 DS without a changelog to trust', { ...DS, changelog: 'without_ids' }, false],
  ['modifyTimestamp of 389 DS with a hidden changelog', { ...DS, changelog: 'hidden' }, false],
];

describe('changes in LDAP', () => {
  let time: FakeTime;
  let tenant: FakeTenant;
  let server: FakeLdapServer;
  let options: Options;
  afterEach(() => server.close());

  async function start(given: Options = {}): Promise<ReadResult> {
    options = given;
    time = fakeTime();
    tenant = new FakeTenant({ users: 9, groups: 7, membersPerGroup: 0 }, time.clock);
    for (let index = 0; index < 9; index++) tenant.addMember(index % 3, { kind: 'user', index });
    server = await startFakeLdap(tenant, { pageSize: 3, ...given });
    const full = await read();
    expect(full).toMatchObject({ error: null, complete: true });
    expect(believe(full)).toEqual(truth());
    later();
    return full;
  }

  function read(reading: Partial<Reading> = {}): Promise<ReadResult> {
    return readSource(connector as Connector, { time, answers: fakeLdap.answers(server.url), ...reading });
  }

  function incremental(cursors: ReadonlyMap<string, JsonValue>): Promise<ReadResult> {
    return read({ mode: 'incremental', cursors });
  }

  function idOf(kind: string, index: number): string {
    const id = kind === 'user' ? fakeLdap.userId(index) : fakeLdap.groupId(index);
    return options.kind === '389ds' ? fakeUniqueId(id) : id;
  }

  /** What the tenant has; in Active Directory everybody's primary group is the first one. */
  function truth(): Belief {
    const users = [...itemsOf(tenant.users)].map(({ index }) => idOf('user', index));
    const groups = [...itemsOf(tenant.groups)].map(({ index }) => index);
    const members = groups.flatMap((group) => {
      const own = [...itemsOf(tenant.members(group))].map(
        ({ kind, index }) => `${kind}:${idOf(kind, index)}`,
      );
      const primary =
        options.kind === 'active_directory' && group === 0 ? users.map((id) => `user:${id}`) : [];
      return [...new Set([...own, ...primary])].map((member) => `${idOf('group', group)} > ${member}`);
    });
    return {
      users: users.sort(),
      groups: groups.map((group) => idOf('group', group)).sort(),
      members: members.sort(),
    };
  }

  /** Longer than any overlap. */
  function later(): void {
    time.advance(3_600_000);
  }

  /** Somebody changes, comes, goes; groups change, too. */
  function aDayAtWork(): void {
    tenant.change(3, { title: 'Director' });
    tenant.rename(2, 'Night shift');
    tenant.addMember(1, { kind: 'user', index: 5 });
    tenant.removeMember(1, { kind: 'user', index: 7 });
    tenant.remove('user', 4);
    tenant.remove('group', 6);
    tenant.addMember(0, { kind: 'user', index: tenant.addUser() });
  }

  describe.each(WAYS)('found by %s', (_name, given, statesRemovals) => {
    it('leave neither too many nor too few, run after run', async () => {
      const full = await start(given);
      let belief = believe(full);
      let cursors = full.cursors;
      const days = [
        aDayAtWork,
        () => tenant.remove('user', 8),
        () => undefined,
        () => tenant.change(0, { title: 'Chair' }),
        () => tenant.remove('user', 0),
      ];
      for (const happens of days) {
        happens();
        later();
        const result = await incremental(cursors);
        expect(result).toMatchObject({ error: null, complete: true, invalid: [] });
        if (statesRemovals) expect(result.restarts).toEqual([]);
        belief = believe(result, belief);
        expect(belief).toEqual(truth());
        cursors = new Map([...cursors, ...result.cursors]);
        later();
      }
    });

    it('show who was changed as they are now', async () => {
      const full = await start(given);
      tenant.change(3, { title: 'Director' });
      const { users, covered } = await incremental(full.cursors);
      expect(covered).toEqual([]);
      expect([...users.values()].map(({ jobTitle }) => jobTitle)).toEqual(['Director']);
    });

    it(
      statesRemovals ? 'name who was deleted' : 'have everybody read again when somebody is missing',
      async () => {
        const full = await start(given);
        tenant.remove('user', 4);
        const { removed, covered } = await incremental(full.cursors);
        if (statesRemovals) expect(removed).toEqual([`user:${idOf('user', 4)} deleted`]);
        else expect([removed, covered]).toEqual([[], ['users']]);
      },
    );
  });

  it.each<[string, Options, Parameters<FakeLdapServer['fail']>[0]]>([
    ['e-syncRefreshRequired', {}, { call: 'sync', fault: { kind: 'status', status: 4096 } }],
    ['a state newer than the server’s', {}, { call: 'sync', fault: { kind: 'status', status: 53 } }],
    ['a limit of size', {}, { call: 'sync', fault: { kind: 'status', status: 4 } }],
    ['who is still there instead of who is gone', {}, { call: 'sync', fault: { kind: 'log_lost' } }],
    ['everything as if it had changed', {}, { call: 'sync', fault: { kind: 'everything' } }],
    ['everything as if it had changed, of 389 DS', DS, { call: 'sync', fault: { kind: 'everything' } }],
    ['e-syncRefreshRequired of 389 DS', DS, { call: 'sync', fault: { kind: 'status', status: 4096 } }],
    ['no end of the synchronization', {}, { call: 'sync', fault: { kind: 'nothing' } }],
    ['a refused DirSync cookie', AD, { call: 'dirsync', fault: { kind: 'status', status: 12 } }],
    ['a withdrawn right', AD, { call: 'dirsync', fault: { kind: 'status', status: 50 } }],
    ['no DirSync in the answer', AD, { call: 'dirsync', fault: { kind: 'nothing' } }],
  ])('are read whole after %s', async (_name, given, fault) => {
    const full = await start(given);
    aDayAtWork();
    const fired = server.fail({ ...fault, times: 1 });
    const result = await incremental(full.cursors);
    expect(fired.fired()).toBe(1);
    expect(result).toMatchObject({ error: null, complete: true, restarts: ['users'] });
    expect(believe(result, believe(full))).toEqual(truth());
  });

  it.each<[string, { name?: string; invocation?: string }]>([
    ['another domain controller answers', { name: 'DC2' }],
    ['the domain controller was restored', { invocation: '22222222222222222222222222222222' }],
  ])('are read whole when %s', async (_name, controller) => {
    for (const given of [AD, { ...AD, feed: 'refused' } as const]) {
      const full = await start(given);
      aDayAtWork();
      server.become(controller);
      const result = await incremental(full.cursors);
      expect(result.restarts).toEqual(['users', 'groups', 'memberships']);
      expect(believe(result, believe(full))).toEqual(truth());
      const next = await incremental(result.cursors);
      expect(next).toMatchObject({ complete: true, restarts: [] });
      if (given === AD) await server.close();
    }
  });

  it('are read whole when the retro changelog does not reach back', async () => {
    const full = await start({ ...DS, changelog: 'trimmed' });
    aDayAtWork();
    const result = await incremental(full.cursors);
    expect(result.restarts).toEqual(['users', 'groups', 'memberships']);
    expect(believe(result, believe(full))).toEqual(truth());
  });

  it.each<[string, Options, string]>([
    ['syncrepl', {}, 'sync'],
    ['DirSync', AD, 'dirsync'],
  ])('of which %s was cut in the middle are asked for again', async (_name, given, call) => {
    const full = await start(given);
    aDayAtWork();
    for (const kind of ['cut_body', 'hang_up', 'html'] as const) {
      server.fail({ call, times: Infinity, fault: { kind } });
      const cut = await incremental(full.cursors);
      expect(cut.complete).toBe(false);
      expect(['source_unavailable', 'source_changed_shape']).toContain(cut.error?.code);
      expect(cut.removed).toEqual([]);
      expect(cut.cursors).toEqual(new Map());
      server.calm();
    }
    const busy = server.fail({ call, times: 1, fault: { kind: 'status', status: 51 } });
    const result = await read({ mode: 'incremental', cursors: full.cursors, resumes: 1 });
    expect(busy.fired()).toBe(1);
    expect(result.restarts).toEqual([]);
    expect(believe(result, believe(full))).toEqual(truth());
  });

  it('come in many answers of DirSync, of which some are empty', async () => {
    const full = await start(AD);
    for (let index = 0; index < 8; index++) tenant.change(index, { title: 'Chair' });
    server.fail({ call: 'dirsync', times: 2, fault: { kind: 'empty_page' } });
    const result = await incremental(full.cursors);
    expect(server.calls.filter(({ call }) => call === 'dirsync').length).toBeGreaterThan(5);
    expect(result).toMatchObject({ error: null, complete: true, covered: [] });
    expect(result.users.size).toBe(8);
  });

  it('do not come for ever: DirSync that goes round in a circle is incomplete', async () => {
    const full = await start(AD);
    server.fail({ call: 'dirsync', times: Infinity, fault: { kind: 'empty_page' } });
    const { complete, error } = await incremental(full.cursors);
    expect([complete, error?.code]).toEqual([false, 'incomplete_listing']);
  });

  it('remove nobody when who changed cannot be read', async () => {
    for (const given of [{}, AD]) {
      const full = await start(given);
      tenant.change(3, { title: 'Director' });
      server.fail({ call: 'users', times: Infinity, fault: { kind: 'size_limit' } });
      const result = await incremental(full.cursors);
      expect(result.removed).toEqual([]);
      await server.close();
    }
    await start();
  });

  it.each<[string, Options, RegExp[]]>([
    ['DirSync', AD, []],
    ['an account without the right', { ...AD, feed: 'refused' }, [/DS-Replication-Get-Changes.*uSNChanged/]],
    ['hidden deleted objects', { ...AD, hidesDeleted: 'everywhere' }, [/Deleted Objects/]],
    ['syncrepl', {}, []],
    ['a server without syncrepl', { feed: 'absent' }, [/RFC 4533/, /comparing who is there/]],
    ['a refused syncrepl', { feed: 'refused' }, [/refuses content synchronization/, /comparing/]],
    ['a hidden changelog', { ...DS, changelog: 'hidden' }, [/may not read the retro changelog/, /comparing/]],
    ['a changelog without ids', { ...DS, changelog: 'without_ids' }, [/does not record the id/, /comparing/]],
  ])('are spoken of by the check: %s', async (_name, given, expected) => {
    await start(given);
    tenant.remove('user', 8);
    const { warnings } = await checkSource(connector as Connector, fakeLdap.answers(server.url));
    expect(warnings).toEqual(expected.map((words) => expect.stringMatching(words)));
  });
});
