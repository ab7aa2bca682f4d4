import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Attribute, Change } from 'ldapts';
import {
  askMembers,
  believe,
  checkSource,
  describeWithPeer,
  fakeTime,
  LOOPBACK_CERTIFICATE,
  readSource,
  SAMBA,
  startSamba,
  type Reading,
  type ReadResult,
  type Samba,
  type SambaAccount,
} from '#testing';
import type { JsonObject } from '#kernel';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const PEOPLE = 12;

/** A real domain controller; making it takes most of the time, so everything shares one. */
describeWithPeer(SAMBA, (program) => {
  let samba: Samba;
  let [people, groups, elsewhere] = ['', '', ''];

  beforeAll(async () => {
    samba = await startSamba(program);
    people = `OU=People,${samba.domain}`;
    groups = `OU=Groups,${samba.domain}`;
    elsewhere = `OU=Elsewhere,${samba.domain}`;
    for (const [dn, ou] of [
      [people, 'People'],
      [`OU=Team,${people}`, 'Team'],
      [groups, 'Groups'],
      [elsewhere, 'Elsewhere'],
    ] as const)
      await samba.admin.add(dn, { objectClass: 'organizationalUnit', ou });
    for (let index = 0; index < PEOPLE; index++) await addPerson(`person${index}`);
    await addPerson('team0', `OU=Team,${people}`);
    for (const name of ['readers', 'writers', 'both'])
      await samba.admin.add(`CN=${name},${groups}`, { objectClass: 'group', sAMAccountName: name });
    for (let index = 0; index < 6; index++)
      await samba.admin.modify(`CN=readers,${groups}`, change('add', 'member', dnOf(`person${index}`)));
    await samba.admin.modify(`CN=both,${groups}`, change('add', 'member', `CN=readers,${groups}`));
  }, 240_000);
  // Undefined when it could not be started.
  afterAll(() => (samba as Samba | undefined)?.close(), 30_000);

  function dnOf(name: string, folder = people): string {
    return `CN=${name},${folder}`;
  }

  async function addPerson(name: string, folder = people): Promise<void> {
    await samba.admin.add(dnOf(name, folder), {
      objectClass: 'user',
      sAMAccountName: name,
      givenName: name,
      title: 'Engineer',
      mail: `${name}@example.com`,
      userAccountControl: '544',
    });
  }

  function change(operation: 'add' | 'delete' | 'replace', type: string, ...values: string[]): Change {
    return new Change({ operation, modification: new Attribute({ type, values }) });
  }

  function answers(account: SambaAccount, settings: Record<string, unknown> = {}): JsonObject {
    return {
      host: samba.host,
      security: 'ldaps',
      ca_certificate: LOOPBACK_CERTIFICATE.cert,
      tls_server_name: 'localhost',
      bind_dn: account.dn,
      bind_password: account.password,
      user_base_dns: [people],
      group_base_dns: [groups],
      ...(settings as Record<string, string>),
    };
  }

  function read(account: SambaAccount, options: Partial<Reading> = {}): Promise<ReadResult> {
    const time = fakeTime(new Date().toISOString());
    return readSource(connector as Connector, { time, answers: answers(account), ...options });
  }

  async function warnings(account: SambaAccount): Promise<readonly string[]> {
    return (await checkSource(connector as Connector, answers(account))).warnings;
  }

  function idOf({ users }: ReadResult, login: string): string {
    return [...users].find(([, user]) => user.userName === login)?.[0] ?? login;
  }

  it('reads people, groups in groups, by LDAPS and by StartTLS, and refuses to sign in without TLS', async () => {
    for (const settings of [{}, { security: 'starttls' }]) {
      const result = await read(samba.plain, { answers: answers(samba.plain, settings) });
      expect(result).toMatchObject({ error: null, complete: true, invalid: [] });
      expect([result.users.size, result.groups.size, result.members.size]).toEqual([PEOPLE + 1, 3, 7]);
    }
    const clear = await read(samba.plain, { answers: answers(samba.plain, { security: 'none' }) });
    expect(clear.error).toMatchObject({ code: 'config_error', message: expect.stringContaining('StartTLS') });
    const wrong = await read({ ...samba.plain, password: 'wrong' });
    expect(wrong.error).toMatchObject({ message: expect.stringContaining('password is wrong') });
  });

  it('says who is a member, also of a group in a group, and who is not', async () => {
    const result = await read(samba.plain);
    const group = (name: string): string =>
      [...result.groups].find(([, found]) => found.name === name)?.[0] ?? name;
    const asked = [
      `${group('readers')} > user:${idOf(result, 'person0')}`,
      `${group('readers')} > user:${idOf(result, 'person7')}`,
      `${group('both')} > group:${group('readers')}`,
      `${group('both')} > user:${idOf(result, 'person0')}`,
    ];
    expect(await askMembers(connector as Connector, { answers: answers(samba.plain) }, asked)).toEqual([
      'present',
      'gone',
      'present',
      'gone',
    ]);
  });

  it('says in its check which right is missing, and who sees no deleted object', async () => {
    await addPerson('leaver');
    await samba.admin.del(dnOf('leaver'));
    expect(await warnings(samba.administrator)).toEqual([]);
    expect(await warnings(samba.replicator)).toEqual([expect.stringContaining('"Deleted Objects"')]);
    expect(await warnings(samba.plain)).toEqual([
      expect.stringContaining('DS-Replication-Get-Changes'),
      expect.stringContaining('"Deleted Objects"'),
    ]);
  });

  describe.each([
    ['DirSync', 'administrator', 'dirsync'],
    ['DirSync of an account that sees no deleted object', 'replicator', 'dirsync'],
    ['uSNChanged', 'plain', 'usn'],
  ] as const)('%s', (_name, role, key) => {
    it('finds every kind of change, and nothing else', async () => {
      const account = samba[role];
      const full = await read(account);
      expect(full).toMatchObject({ error: null, complete: true });
      expect(full.cursors.get('users')).toHaveProperty(key);
      const before = believe(full);

      await samba.admin.modify(dnOf('person0'), change('delete', 'title'));
      await samba.admin.modify(dnOf('person1'), change('replace', 'userAccountControl', '546'));
      await samba.admin.modifyDN(dnOf('person2'), `CN=renamed2,${people}`);
      await addPerson('newcomer');
      await samba.admin.modify(`CN=readers,${groups}`, change('delete', 'member', dnOf('person3')));
      await samba.admin.modify(`CN=writers,${groups}`, change('add', 'member', dnOf('newcomer')));
      const changed = await read(account, { mode: 'incremental', cursors: full.cursors });
      expect(changed).toMatchObject({ error: null, complete: true, invalid: [], restarts: [] });
      const expected = ['person0', 'person1', 'person2', 'newcomer'].map((login) => idOf(changed, login));
      expect([...changed.users.keys()]).toEqual(expect.arrayContaining(expected));
      // Change numbers overlap with those of the last run.
      if (key === 'dirsync') expect(changed.users.size).toBe(expected.length);
      expect(changed.users.get(idOf(full, 'person0'))).toMatchObject({ userName: 'person0', jobTitle: null });
      expect(changed.users.get(idOf(full, 'person1'))).toMatchObject({ active: false });
      const belief = believe(changed, before);
      expect(belief).toEqual(believe(await read(account)));

      await samba.admin.del(dnOf('person4'));
      await samba.admin.modifyDN(dnOf('person5'), `CN=person5,${elsewhere}`);
      await samba.admin.del(`CN=writers,${groups}`);
      const cursors = new Map([...full.cursors, ...changed.cursors]);
      const left = await read(account, { mode: 'incremental', cursors });
      expect(left).toMatchObject({ error: null, complete: true, invalid: [] });
      if (role === 'administrator') {
        expect(left.restarts).toEqual([]);
        expect(left.removed).toContain(`user:${idOf(full, 'person4')} deleted`);
        expect(left.removed).toContain(`user:${idOf(full, 'person5')} out_of_scope`);
      } else expect(left.restarts).toContain('users');
      const truth = await read(account);
      expect([...truth.users.values()].map(({ userName }) => userName)).not.toContain('person5');
      expect(believe(left, belief)).toEqual(believe(truth));
      await restore();
    }, 60_000);

    it('finds everybody in a folder that was moved away with them', async () => {
      const account = samba[role];
      const full = await read(account);
      expect([...full.users.values()].map(({ userName }) => userName)).toContain('team0');
      await samba.admin.modifyDN(`OU=Team,${people}`, `OU=Team,${elsewhere}`);
      const moved = await read(account, { mode: 'incremental', cursors: full.cursors });
      expect(moved).toMatchObject({ error: null, complete: true });
      expect(moved.restarts).toContain('users');
      expect(believe(moved, believe(full)).users).not.toContain(idOf(full, 'team0'));
      await samba.admin.modifyDN(`OU=Team,${elsewhere}`, `OU=Team,${people}`);
    }, 60_000);
  });

  it.each(['administrator', 'plain'] as const)(
    'removes who leaves a filter by something that is not read, or by a group, in the next incremental run (%s)',
    async (role) => {
      const account = samba[role];
      const filters = [
        {
          text: '(!(comment=external))',
          leave: () => write('person6', change('add', 'comment', 'external')),
        },
        {
          text: `(memberOf=CN=readers,${groups})`,
          leave: () => write('readers', change('delete', 'member', dnOf('person0')), groups),
        },
      ];
      for (const [index, { text, leave }] of filters.entries()) {
        const given = answers(account, {
          user_filter: `(&(objectCategory=person)(objectClass=user)${text})`,
        });
        const full = await read(account, { answers: given });
        const idle = await read(account, { answers: given, mode: 'incremental', cursors: full.cursors });
        expect(idle).toMatchObject({ error: null, complete: true, restarts: [] });
        await leave();
        const cursors = new Map([...full.cursors, ...idle.cursors]);
        const left = await read(account, { answers: given, mode: 'incremental', cursors });
        const leaver = idOf(full, index === 0 ? 'person6' : 'person0');
        const expected = believe(full).users.filter((id) => id !== leaver);
        expect(expected).toHaveLength(full.users.size - 1);
        expect(believe(left, believe(full)).users).toEqual(expected);
      }
      await write('person6', change('delete', 'comment'));
      await write('readers', change('add', 'member', dnOf('person0')), groups);
    },
    60_000,
  );

  function write(name: string, what: Change, folder = people): Promise<void> {
    return samba.admin.modify(dnOf(name, folder), what);
  }

  /** As it was, for the next account. */
  async function restore(): Promise<void> {
    await samba.admin.modify(dnOf('person0'), change('replace', 'title', 'Engineer'));
    await samba.admin.modify(dnOf('person1'), change('replace', 'userAccountControl', '544'));
    await samba.admin.modifyDN(`CN=renamed2,${people}`, dnOf('person2'));
    await samba.admin.del(dnOf('newcomer'));
    await samba.admin.modify(`CN=readers,${groups}`, change('add', 'member', dnOf('person3')));
    await addPerson('person4');
    await samba.admin.modifyDN(`CN=person5,${elsewhere}`, dnOf('person5'));
    await samba.admin.add(`CN=writers,${groups}`, { objectClass: 'group', sAMAccountName: 'writers' });
  }
});
