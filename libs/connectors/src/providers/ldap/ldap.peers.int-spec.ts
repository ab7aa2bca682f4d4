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
  SLAPD,
  startSlapd,
  type Reading,
  type ReadResult,
  type Slapd,
} from '#testing';
import type { JsonObject } from '#kernel';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const PEOPLE = 10_000;

describeWithPeer(SLAPD, (program) => {
  let slapd: Slapd;

  const answers = (): JsonObject => ({
    host: '127.0.0.1',
    port: slapd.tlsPort,
    security: 'ldaps',
    ca_certificate: LOOPBACK_CERTIFICATE.cert,
    bind_dn: slapd.readerDn,
    bind_password: slapd.readerPassword,
    user_base_dns: [`ou=people,${slapd.suffix}`],
    group_base_dns: [`ou=groups,${slapd.suffix}`],
  });

  const read = (
    settings: Record<string, unknown> = {},
    options: Partial<Reading> = {},
  ): Promise<ReadResult> =>
    readSource(connector as Connector, {
      // The server's own clock stamps the changes.
      time: fakeTime(new Date().toISOString()),
      answers: { ...answers(), ...(settings as Record<string, string>) },
      ...options,
    });

  describe('with 10 000 people, and a limit that paging passes', () => {
    beforeAll(async () => {
      const sizeLimit = 'size.soft=500 size.hard=500 size.prtotal=unlimited';
      slapd = await startSlapd(program, { people: PEOPLE, groups: 20, membersPerGroup: 300, sizeLimit });
    }, 60_000);
    afterAll(() => slapd.close(), 30_000);

    it('reads everybody, every group and every member, by LDAPS and by StartTLS', async () => {
      for (const settings of [{}, { security: 'starttls', port: slapd.port }]) {
        const result = await read(settings);
        expect(result).toMatchObject({ error: null, complete: true, invalid: [] });
        expect([result.users.size, result.groups.size, result.members.size]).toEqual([PEOPLE, 20, 6_000]);
        expect(JSON.stringify([...result.users.values()].slice(0, 50))).not.toContain('never-to-be-read');
      }
    }, 60_000);

    it('finds by an incremental run who was changed, renamed, added, and which groups were', async () => {
      const full = await read();
      const idOf = (login: string): string | undefined =>
        [...full.users].find(([, user]) => user.userName === login)?.[0];
      const people = `ou=people,${slapd.suffix}`;
      const change = (type: string, value: string): Change =>
        new Change({ operation: 'replace', modification: new Attribute({ type, values: [value] }) });
      await slapd.admin.modify(`uid=person1,${people}`, change('title', 'Director'));
      await slapd.admin.modifyDN(`uid=person2,${people}`, 'uid=renamed2');
      await slapd.admin.add(`uid=newcomer,${people}`, {
        objectClass: ['inetOrgPerson'],
        uid: 'newcomer',
        cn: 'New Comer',
        sn: 'Comer',
      });
      await slapd.admin.modify(`cn=Group 3,ou=groups,${slapd.suffix}`, [
        new Change({
          operation: 'add',
          modification: new Attribute({ type: 'member', values: [`uid=newcomer,${people}`] }),
        }),
      ]);
      const incremental = await read({}, { mode: 'incremental', cursors: full.cursors });
      expect(incremental).toMatchObject({ error: null, complete: true, covered: [] });
      const found = [...incremental.users.values()].map(({ userName }) => userName);
      expect(found).toEqual(expect.arrayContaining(['person1', 'renamed2', 'newcomer']));
      expect(incremental.users.has(idOf('person2') ?? '')).toBe(true);
      const newcomer = [...incremental.users].find(([, user]) => user.userName === 'newcomer')?.[0] ?? '';
      expect([...incremental.members].some((text) => text.endsWith(`user:${newcomer}`))).toBe(true);
    }, 60_000);

    it('leaves nobody out whose entry was deleted: the next full run does not list them', async () => {
      const before = await read();
      await slapd.admin.del(`uid=person9,ou=people,${slapd.suffix}`);
      const after = await read();
      expect(after.complete).toBe(true);
      expect(after.users.size).toBe(before.users.size - 1);
      // The server keeps the name of the deleted one among the members.
      expect(after.error).toBeNull();
    }, 60_000);

    it('is told by syncrepl who was deleted, and who left the filter or the base', async () => {
      const people = `ou=people,${slapd.suffix}`;
      const settings = { user_filter: '(&(objectClass=inetOrgPerson)(!(employeeType=external)))' };
      const full = await read(settings);
      const idOf = (login: string): string =>
        [...full.users].find(([, user]) => user.userName === login)?.[0] ?? login;
      await slapd.admin.del(`uid=person11,${people}`);
      await slapd.admin.modify(
        `uid=person12,${people}`,
        new Change({
          operation: 'add',
          modification: new Attribute({ type: 'employeeType', values: ['external'] }),
        }),
      );
      await slapd.admin.modifyDN(`uid=person13,${people}`, `uid=person13,ou=services,${slapd.suffix}`);
      await slapd.admin.del(`cn=Group 5,ou=groups,${slapd.suffix}`);
      await slapd.admin.modify(
        `uid=person14,${people}`,
        new Change({ operation: 'delete', modification: new Attribute({ type: 'title', values: [] }) }),
      );
      const told = await read(settings, { mode: 'incremental', cursors: full.cursors });
      expect(told).toMatchObject({ error: null, complete: true, covered: [], restarts: [] });
      const gone = ['person11', 'person12', 'person13'].map((login) => `user:${idOf(login)} deleted`);
      // Its log tells of every deletion, whatever was deleted: ids that nobody knows remove nobody.
      expect(told.removed).toEqual(expect.arrayContaining(gone));
      const known = told.removed.filter((text) => full.users.has(text.slice(5, 41)));
      expect(known.filter((text) => text.startsWith('user:'))).toHaveLength(gone.length);
      expect(told.users.get(idOf('person14'))).toMatchObject({ userName: 'person14', jobTitle: null });
      expect(believe(told, believe(full))).toEqual(believe(await read(settings)));
      const nothing = await read(settings, { mode: 'incremental', cursors: told.cursors });
      expect(nothing).toMatchObject({ complete: true, removed: [], restarts: [] });
      expect(nothing.users.size).toBe(0);
    }, 60_000);

    it('reads everything when the server has lost its log of changes', async () => {
      const full = await read();
      await slapd.admin.del(`uid=person15,ou=people,${slapd.suffix}`);
      await slapd.restart();
      const told = await read({}, { mode: 'incremental', cursors: full.cursors });
      expect(told).toMatchObject({
        error: null,
        complete: true,
        restarts: ['users', 'groups', 'memberships'],
      });
      expect(believe(told, believe(full))).toEqual(believe(await read()));
    }, 90_000);

    it('says of whomever it lists that they are members, and of nobody else', async () => {
      const { members, users } = await read();
      const [first = ''] = members;
      const [group] = first.split(' > ') as [string];
      const listed = [...members].filter((text) => text.startsWith(`${group} >`));
      const ask = (edges: readonly string[]): Promise<readonly unknown[]> =>
        askMembers(connector as Connector, { answers: answers() }, edges);
      expect(new Set(await ask(listed))).toEqual(new Set(['present']));
      const others = [...users.keys()]
        .map((id) => `${group} > user:${id}`)
        .filter((text) => !members.has(text));
      expect(new Set(await ask(others.slice(0, 120)))).toEqual(new Set(['gone']));
      // Nobody of that id: nothing is known.
      expect(await ask([`${group} > user:00000000-0000-4000-8000-000000000000`])).toEqual([undefined]);
    }, 60_000);

    it('says in its check what is missing', async () => {
      expect((await checkSource(connector as Connector, answers())).warnings).toEqual([]);
    }, 30_000);
  });

  describe('with a limit that stops paging', () => {
    beforeAll(async () => {
      slapd = await startSlapd(program, { people: 1_200, groups: 1, membersPerGroup: 5, sizeLimit: '500' });
    }, 60_000);
    afterAll(() => slapd.close(), 30_000);

    it.each([100, 400, 1_000])('takes no list for complete, with pages of %i', async (pageSize) => {
      const result = await read({ page_size: pageSize });
      expect(result.complete).toBe(false);
      expect(result.users.size).toBeLessThanOrEqual(500);
    });

    it('tells wrong passwords, unknown bases and certificates of strangers apart', async () => {
      const codeOf = async (settings: Record<string, unknown>): Promise<string | undefined> =>
        (await read(settings)).error?.code;
      expect(await codeOf({ bind_password: 'wrong' })).toBe('invalid_credentials');
      expect(await codeOf({ user_base_dns: [`ou=nowhere,${slapd.suffix}`] })).toBe('config_error');
      expect(await codeOf({ ca_certificate: undefined })).toBe('tls_failed');
      // A port without TLS hangs up, as a server that is restarted does.
      expect((await read({ port: slapd.port })).error).toMatchObject({
        code: 'source_unavailable',
        message: expect.stringContaining('choose StartTLS'),
      });
    });
  });
});
