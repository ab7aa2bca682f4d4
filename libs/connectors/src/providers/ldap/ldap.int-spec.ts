import { afterEach, describe, expect, it } from '@jest/globals';
import {
  askMembers,
  FAKE_LDAP,
  fakeLdap,
  fakePorts,
  FakeTenant,
  fakeTime,
  readSource,
  startFakeLdap,
  type FakeLdapOptions,
  type FakeLdapServer,
  type FakeTime,
  type Reading,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

type Attributes = Parameters<NonNullable<FakeLdapOptions['distort']>>[0]['attributes'];

/** Traps that were met at real servers. */
describe('ldap', () => {
  let time: FakeTime;
  let tenant: FakeTenant;
  let server: FakeLdapServer;
  afterEach(() => server.close());

  async function start(options: Partial<FakeLdapOptions> = {}): Promise<void> {
    time = fakeTime();
    tenant = new FakeTenant({ users: 9, groups: 7, membersPerGroup: 4 }, time.clock);
    server = await startFakeLdap(tenant, { pageSize: 3, ...options });
  }

  function read(settings: Record<string, unknown> = {}, options: Partial<Reading> = {}): Promise<ReadResult> {
    const answers = { ...fakeLdap.answers(server.url), ...(settings as Record<string, string>) };
    return readSource(connector as Connector, { time, answers, ...options });
  }

  it('goes on after a page without entries that is not the last one', async () => {
    await start();
    const fault = server.fail({ call: 'users', page: 2, times: 2, fault: { kind: 'empty_page' } });
    const result = await read();
    expect(fault.fired()).toBeGreaterThan(0);
    expect(result).toMatchObject({ complete: true, error: null });
    expect(result.users.size).toBe(9);
  });

  it('gives up on a server that sends nothing but pages without entries', async () => {
    await start();
    server.fail({ call: 'users', times: Infinity, fault: { kind: 'empty_page' } });
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
  });

  it.each(['users', 'groups', 'members'])(
    'keeps what came before a limit of size, of %s, as incomplete',
    async (call) => {
      await start();
      server.fail({ call, page: 2, times: Infinity, fault: { kind: 'size_limit' } });
      const result = await read();
      expect(result.complete).toBe(false);
      expect(result.error).toBeNull();
      if (call === 'users') expect(result.users.size).toBe(6);
    },
  );

  it.each(['user_names', 'group_names', 'comparison'])(
    'says nothing of a membership when the server cuts its answer: %s',
    async (call) => {
      await start();
      const fault = server.fail({ call, times: Infinity, fault: { kind: 'size_limit' } });
      const asked = [`${fakeLdap.groupId(0)} > user:${fakeLdap.userId(8)}`];
      const reading = { answers: fakeLdap.answers(server.url), time };
      expect(await askMembers(connector as Connector, reading, asked)).toEqual([undefined]);
      expect(fault.fired()).toBeGreaterThan(0);
    },
  );

  it('removes no member when the list of names is cut', async () => {
    await start();
    const fault = server.fail({
      call: 'user_names',
      page: 2,
      times: Infinity,
      fault: { kind: 'size_limit' },
    });
    const result = await read();
    expect(fault.fired()).toBeGreaterThan(0);
    expect(result).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    expect(result.members.size).toBe(0);
  });

  it('reads long lists of members in their parts', async () => {
    await start({ kind: 'active_directory', maxValues: 2 });
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null });
    const ofFirst = [...result.members].filter((text) => text.startsWith(`${fakeLdap.groupId(1)} >`));
    expect(ofFirst).toHaveLength(4);
  });

  describe('of Active Directory', () => {
    it('knows people by objectGUID, reads their state, and adds their primary group', async () => {
      await start({ kind: 'active_directory' });
      tenant.change(2, { state: 'suspended' });
      const { users, members } = await read();
      expect(users.get(fakeLdap.userId(2))).toMatchObject({ active: false, stateReason: 'suspended' });
      // Group 1000 of the domain is everybody's primary group, and lists nobody but its own four.
      const primary = [...members].filter((text) => text.startsWith(`${fakeLdap.groupId(0)} >`));
      expect(primary).toHaveLength(9);
      const edge = (group: number, person: number): string =>
        `${fakeLdap.groupId(group)} > user:${fakeLdap.userId(person)}`;
      tenant.hideMember(1, { kind: 'user', index: 8 });
      const asked = [edge(0, 5), edge(1, 8), edge(1, 3)];
      const reading = { answers: fakeLdap.answers(server.url) };
      expect(await askMembers(connector as Connector, reading, asked)).toEqual([
        'present',
        'present',
        'gone',
      ]);
    });

    it('asks by change number, and reads whole when another domain controller answers', async () => {
      await start({ kind: 'active_directory' });
      const full = await read();
      const [cursor] = full.cursors.values();
      expect(cursor).toMatchObject({
        server: expect.stringContaining('NTDS Settings'),
        usn: expect.any(Number),
      });
      const elsewhere = new Map([...full.cursors].map(([id]) => [id, { server: 'CN=DC2', usn: 5 }]));
      const result = await read({}, { mode: 'incremental', cursors: elsewhere });
      expect(result).toMatchObject({ complete: true, error: null });
      expect(result.restarts.length).toBeGreaterThan(0);
      expect(result.users.size).toBe(9);
    });

    it.each([
      ['52e', 'The password is wrong'],
      ['533', 'The account is disabled'],
      ['775', 'The account is locked'],
    ])('explains a refused bind, %s', async (data, words) => {
      await start({ kind: 'active_directory' });
      const reason = `80090308: LdapErr: DSID-0C09042A, AcceptSecurityContext error, data ${data}, v4563`;
      server.fail({ call: 'bind', times: Infinity, fault: { kind: 'status', status: 49, reason } });
      const { error } = await read();
      expect(error).toMatchObject({ code: 'invalid_credentials', message: expect.stringContaining(words) });
    });
  });

  it('encrypts by StartTLS, and sends no password when the server does not', async () => {
    await start({ transport: 'ldap' });
    expect(await read({ security: 'starttls' })).toMatchObject({ complete: true, error: null });
    const fault = server.fail({ call: 'starttls', times: Infinity, fault: { kind: 'nothing' } });
    server.calm();
    server.fail({ call: 'starttls', times: Infinity, fault: { kind: 'nothing' } });
    expect(fault.fired()).toBe(0);
    expect((await read({ security: 'starttls' })).error).toMatchObject({ code: 'tls_failed' });
    expect(server.calls.filter(({ call }) => call === 'bind')).toEqual([]);
  });

  it('asks for no attribute that holds a secret', async () => {
    await start();
    const result = await read();
    expect(JSON.stringify([...result.users.values()])).not.toContain('never-to-be-read');
    expect(() =>
      connector.readConfig({ ...fakeLdap.answers(server.url), custom_attributes: ['pw=userPassword'] }),
    ).toThrow('Validation failed');
  });

  it.each([
    [{ host: 'a b' }],
    [{ port: 70_000 }],
    [{ bind_password: '' }],
    [{ user_filter: '(uid=' }],
    [{ ca_certificate: 'none' }],
    [{ page_size: 0 }],
  ])('refuses the settings %j', async (settings) => {
    await start();
    expect(() => connector.readConfig({ ...fakeLdap.answers(server.url), ...settings })).toThrow(
      'Validation failed',
    );
  });

  it('reads groups in groups, and leaves out members that are nobody', async () => {
    await start();
    tenant.addMember(1, { kind: 'group', index: 2 });
    const { members, complete } = await read();
    expect(complete).toBe(true);
    expect(members).toContain(`${fakeLdap.groupId(1)} > group:${fakeLdap.groupId(2)}`);
    expect(JSON.stringify([...members])).not.toContain(`uid=gone,${FAKE_LDAP.people}`);
  });

  describe('whose entries are not as usual', () => {
    const distorted = (
      distort: (attributes: Attributes, dn: string) => Attributes,
    ): Partial<FakeLdapOptions> => ({
      distort: (entry) => ({ ...entry, attributes: distort(entry.attributes, entry.dn) }),
    });
    const without = (given: Attributes, name: string): Attributes =>
      Object.fromEntries(Object.entries(given).filter(([key]) => key !== name));

    it('finds attributes that come with options only, whatever their order and case', async () => {
      await start(
        distorted(({ title, mail, ...others }) => ({
          ...others,
          ...(title && { 'title;lang-fr': ['Directrice'], 'TITLE;lang-en': ['Director'], title_: title }),
          ...(mail && { 'Mail;binary': mail }),
        })),
      );
      const [person] = [...(await read()).users.values()];
      expect(person).toMatchObject({ jobTitle: 'Director', email: expect.stringContaining('@') });
    });

    it('prefers the attribute without options', async () => {
      await start(distorted((given) => ({ 'title;lang-fr': ['Directrice'], ...given })));
      expect([...(await read()).users.values()].map(({ jobTitle }) => jobTitle)).not.toContain('Directrice');
    });

    it('reads all parts of any attribute', async () => {
      const proxies = ['smtp:a@example.com', 'smtp:b@example.com', 'SMTP:main@example.com'];
      await start({
        kind: 'active_directory',
        distort: (entry, asked) => {
          const isRest = asked.includes('proxyaddresses;range=2-*');
          if (!isRest && !asked.includes('proxyaddresses')) return entry;
          const part: Attributes = isRest
            ? { 'proxyAddresses;range=2-*': proxies.slice(2) }
            : { 'proxyAddresses;range=0-1': proxies.slice(0, 2) };
          return { ...entry, attributes: { ...without(entry.attributes, 'mail'), ...part } };
        },
      });
      const { users } = await read();
      expect([...users.values()][0]).toMatchObject({ email: 'main@example.com' });
    });

    it('keeps the members of a group whose id is hidden, and of groups with somebody in them whose id is', async () => {
      await start();
      const full = await read();
      await server.close();
      server = await startFakeLdap(tenant, {
        pageSize: 3,
        ...distorted((given, dn) =>
          dn.includes('uid=person4,') || dn.includes('2C 2,') ? without(given, 'entryUUID') : given,
        ),
      });
      const { members, invalid } = await read();
      const lost = [...full.members].filter((edge) => !members.has(edge)).map((edge) => edge.split(' > ')[0]);
      const ofMemberships = invalid.filter(({ of }) => of === 'membership').map(({ id }) => id);
      expect(ofMemberships).toContain(null);
      for (const group of lost) if (group !== fakeLdap.groupId(2)) expect(ofMemberships).toContain(group);
      expect(lost.length).toBeGreaterThan(4);
    });
  });

  async function lookUpUsers(ids: readonly string[]): Promise<unknown> {
    const { ports, end } = fakePorts({ time });
    const source = (connector as Connector).connect(
      connector.readConfig(fakeLdap.answers(server.url)),
      ports,
    );
    try {
      return [...((await source.lookUp?.('user', ids)) ?? [])];
    } finally {
      await source.close?.();
      end();
    }
  }

  it.each(['size_limit', 'hang_up'] as const)(
    'says of nobody that they are gone after an answer that ends with %s',
    async (kind) => {
      await start();
      const asked = Array.from({ length: 9 }, (_, index) => fakeLdap.userId(index));
      expect(await lookUpUsers([...asked, fakeLdap.userId(77)])).toContainEqual([
        fakeLdap.userId(77),
        'gone',
      ]);
      server.fail({ call: 'user_names', page: 2, times: Infinity, fault: { kind } });
      const found = await lookUpUsers(asked).catch(() => []);
      expect(JSON.stringify(found)).not.toContain('gone');
    },
  );

  it('says nothing of who is gone when another server has a part of what it listed itself', async () => {
    let parts: string[] = ['ldap://other.test/ou=old,ou=people,dc=example,dc=test??sub'];
    await start({ references: () => parts });
    const first = await read();
    expect(first).toMatchObject({ complete: true, error: null });
    const again = { previous: first.cursors };
    expect(await read({}, again)).toMatchObject({ complete: true });
    parts = [...parts, 'ldap://other.test/OU=Sales,OU=People,dc=example,dc=test??sub'];
    expect(await lookUpUsers([fakeLdap.userId(0), fakeLdap.userId(77)])).toEqual([
      [fakeLdap.userId(0), 'present'],
    ]);
    const moved = await read({}, again);
    expect(moved).toMatchObject({ complete: false, error: null, covered: ['groups', 'memberships'] });
    parts = ['ldap://other.test/dc=other,dc=test'];
    expect(await read({}, again)).toMatchObject({ complete: true });
    // What is settled by saving the settings again.
    parts = ['ldap://other.test/ou=sales,ou=people,dc=example,dc=test??sub'];
    expect(await read()).toMatchObject({ complete: true });
  });

  it('is not taken for another kind of server when it says nothing of itself any more', async () => {
    await start({ kind: '389ds' });
    const first = await read();
    server.become({ isHidden: true });
    for (const reading of [
      { previous: first.cursors },
      { mode: 'incremental' as const, cursors: first.cursors },
    ]) {
      const result = await read({}, reading);
      expect(result).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
      expect([result.users.size, result.removed]).toEqual([0, []]);
    }
    expect(await read({ server_type: '389ds' }, { previous: first.cursors })).toMatchObject({
      complete: true,
    });
  });

  it.each([3, 51, 52, 80])(
    'does not go on without what the server says of itself: result %i',
    async (status) => {
      await start({ kind: '389ds' });
      server.fail({ call: 'root', times: 1, fault: { kind: 'status', status } });
      const result = await read();
      expect(result).toMatchObject({ complete: false, error: { code: 'source_unavailable' } });
      expect(result.users.size).toBe(0);
    },
  );
});
