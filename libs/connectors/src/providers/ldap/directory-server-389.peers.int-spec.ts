import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Attribute, Change } from 'ldapts';
import {
  askMembers,
  believe,
  checkSource,
  describeWithPeer,
  DIRECTORY_SERVER_389,
  fakeTime,
  readSource,
  startDirectoryServer389,
  type DirectoryServer389,
  type Reading,
  type ReadResult,
} from '#testing';
import type { JsonObject } from '#kernel';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const PEOPLE = 40;

describeWithPeer(DIRECTORY_SERVER_389, (program) => {
  let server: DirectoryServer389;
  let [people, groups, elsewhere] = ['', '', ''];

  beforeAll(async () => {
    server = await startDirectoryServer389(program, { recordsIds: true });
    people = `ou=people,${server.suffix}`;
    groups = `ou=groups,${server.suffix}`;
    elsewhere = `ou=elsewhere,${server.suffix}`;
    for (const ou of ['people', 'groups', 'elsewhere'])
      await server.admin.add(`ou=${ou},${server.suffix}`, { objectClass: 'organizationalUnit', ou });
    for (let index = 0; index < PEOPLE; index++) await addPerson(`person${index}`);
    for (let index = 0; index < 4; index++)
      await server.admin.add(`cn=group${index},${groups}`, {
        objectClass: 'groupOfNames',
        cn: `group${index}`,
        member: [0, 1, 2].map((step) => dnOf(`person${index + step}`)),
      });
  }, 240_000);
  // Undefined when it could not be started.
  afterAll(() => (server as DirectoryServer389 | undefined)?.close(), 30_000);

  function dnOf(uid: string, folder = people): string {
    return `uid=${uid},${folder}`;
  }

  async function addPerson(uid: string): Promise<void> {
    await server.admin.add(dnOf(uid), {
      objectClass: 'inetOrgPerson',
      uid,
      cn: uid,
      sn: uid,
      title: 'Engineer',
      mail: `${uid}@example.com`,
    });
  }

  function change(operation: 'add' | 'delete' | 'replace', type: string, ...values: string[]): Change {
    return new Change({ operation, modification: new Attribute({ type, values }) });
  }

  function answers(): JsonObject {
    return {
      host: '127.0.0.1',
      port: server.port,
      security: 'none',
      bind_dn: server.readerDn,
      bind_password: server.readerPassword,
      user_base_dns: [people],
      group_base_dns: [groups],
      user_filter: '(&(objectClass=inetOrgPerson)(!(employeeType=external)))',
    };
  }

  function read(options: Partial<Reading> = {}): Promise<ReadResult> {
    const time = fakeTime(new Date().toISOString());
    return readSource(connector as Connector, { time, answers: answers(), ...options });
  }

  async function warnings(): Promise<readonly string[]> {
    const { warnings: all } = await checkSource(connector as Connector, answers());
    return all.filter((text) => !text.includes('not encrypted'));
  }

  /** Somebody loses a title, is renamed, comes, goes, leaves the filter, leaves the base; groups change. */
  async function aDayAtWork(day: number): Promise<void> {
    const person = (step: number): string => `person${day * 10 + step}`;
    await server.admin.modify(dnOf(person(0)), change('delete', 'title'));
    await server.admin.modifyDN(dnOf(person(1)), `uid=renamed${day},${people}`);
    await addPerson(`newcomer${day}`);
    await server.admin.del(dnOf(person(2)));
    await server.admin.modify(dnOf(person(3)), change('add', 'employeeType', 'external'));
    await server.admin.modifyDN(dnOf(person(4)), `uid=${person(4)},${elsewhere}`);
    await server.admin.modify(`cn=group0,${groups}`, change('add', 'member', dnOf(person(5))));
    await server.admin.del(`cn=group${day},${groups}`);
    // Born and gone between two runs.
    await addPerson(`guest${day}`);
    await server.admin.del(dnOf(`guest${day}`));
  }

  it('says of whomever it lists that they are members, and of nobody else', async () => {
    const { members, users, groups: found } = await read();
    const every = [...found.keys()].flatMap((group) =>
      [...users.keys()].map((user) => `${group} > user:${user}`),
    );
    const said = await askMembers(connector as Connector, { answers: answers() }, every);
    expect(every.filter((_, index) => said[index] === 'present').sort()).toEqual([...members].sort());
    expect(said).not.toContain(undefined);
  });

  it('finds by content synchronization what has changed, and who is gone', async () => {
    const full = await read();
    expect(full).toMatchObject({ error: null, complete: true, invalid: [] });
    expect(full.users.size).toBe(PEOPLE);
    expect(full.cursors.get('users')).toHaveProperty('sync');
    await aDayAtWork(1);
    const told = await read({ mode: 'incremental', cursors: full.cursors });
    expect(told).toMatchObject({ error: null, complete: true, covered: [], restarts: [], invalid: [] });
    const idOf = (login: string): string =>
      [...full.users].find(([, user]) => user.userName === login)?.[0] ?? login;
    for (const login of ['person12', 'person14'])
      expect(told.removed).toContain(`user:${idOf(login)} deleted`);
    // Of whom a change takes out of the filter the server says nothing.
    expect(told.removed).toContain(`user:${idOf('person13')} out_of_scope`);
    expect(told.users.get(idOf('person10'))).toMatchObject({ userName: 'person10', jobTitle: null });
    expect(told.users.get(idOf('person11'))).toMatchObject({ userName: 'renamed1' });
    expect(believe(told, believe(full))).toEqual(believe(await read()));

    const nothing = await read({ mode: 'incremental', cursors: told.cursors });
    expect(nothing).toMatchObject({ complete: true, covered: [], removed: [] });
    expect(nothing.users.size + nothing.groups.size).toBe(0);
  }, 60_000);

  it('reads everything when the cookie is refused, as that of another base is', async () => {
    const full = await read();
    const { sync } = full.cursors.get('users') as { sync: Record<string, string> };
    const foreign = Buffer.from(sync[people] ?? '', 'base64')
      .toString()
      .replace('ou=people', 'ou=others');
    const users = { sync: { [people]: Buffer.from(foreign).toString('base64') } };
    const cursors = new Map([...full.cursors, ['users', users]]);
    const other = await read({ mode: 'incremental', cursors });
    expect(other).toMatchObject({ error: null, complete: true, restarts: ['users'] });
  }, 60_000);

  it('does not trust the synchronization of which it cannot see the changelog, and loses nobody', async () => {
    expect(await warnings()).toEqual([]);
    const full = await read();
    await server.admin.modify('cn=changelog', change('delete', 'aci'));
    await aDayAtWork(2);
    expect(await warnings()).toEqual([
      expect.stringContaining('may not read the retro changelog'),
      expect.stringContaining('comparing who is there'),
    ]);
    const told = await read({ mode: 'incremental', cursors: full.cursors });
    expect(told).toMatchObject({ error: null, complete: true });
    expect(told.restarts).toContain('users');
    expect(told.cursors.get('users')).toHaveProperty('roll');
    const belief = believe(told, believe(full));
    expect(belief).toEqual(believe(await read()));

    await aDayAtWork(3);
    const next = await read({ mode: 'incremental', cursors: told.cursors });
    expect(next).toMatchObject({ error: null, complete: true });
    expect(believe(next, belief)).toEqual(believe(await read()));
  }, 90_000);
});
