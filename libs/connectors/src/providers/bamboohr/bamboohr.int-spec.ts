import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import { SourceError } from '../../sdk/source-error.js';
import {
  fakeBamboohr as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeBamboohr,
  type FakeServer,
  type ReadResult,
} from '#testing';
import bamboohr from './index.js';

const LISTS = [
  {
    id: 1,
    alias: 'department',
    options: [9_000, 9_001, 9_002].map((id) => ({ id, name: `D ${id}`, archived: 'no' })),
  },
  { id: 2, alias: 'jobTitle', options: [{ id: 5, name: 'Engineer', archived: 'no' }] },
  { id: 3, alias: 'location', options: [{ id: 55, name: 'Linz', archived: 'yes' }] },
];

describe('BambooHR', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;
  let edits: Map<number, JsonObject>;
  let hidden: Set<number>;
  let lists: JsonObject[] | undefined;

  const start = async (users = 7): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeBamboohr(tenant, {
      pageSize: 3,
      edit: (employee, index) => ({ ...employee, ...edits.get(index) }),
      hidden,
      lists,
    });
  };
  beforeEach(() => {
    edits = new Map();
    hidden = new Set();
    lists = LISTS;
  });
  afterEach(() => server.close());

  const answers = (): JsonObject => ({ ...fake.answers(server.url), group_types: [] });
  const read = (options: Partial<Parameters<typeof readSource>[1]> = {}): Promise<ReadResult> =>
    readSource(bamboohr as Connector, {
      time,
      answers: answers(),
      hosts: fake.hosts?.(server.url),
      ...options,
    });
  const hide = (...names: string[]): JsonObject => ({ _restrictedFields: names });

  it('makes groups of departments, each once, with everybody who is in them', async () => {
    await start();
    const result = await read();
    expect(result.covered).toEqual(['groups', 'memberships', 'users']);
    expect([...result.groups.keys()].sort()).toEqual([0, 1, 2, 3, 4].map((n) => `department:${9_000 + n}`));
    expect(result.members).toContain(`department:9001 > user:${fake.userId(6)}`);
    expect(result.members.size).toBe(7);
  });

  it('believes no listing that is shorter than the company', async () => {
    await start();
    const fault = server.fail({ call: 'users', page: 3, fault: { kind: 'wrong_total' } });
    const result = await read();
    expect(fault.fired()).toBe(1);
    expect(result).toMatchObject({ complete: false, error: null });
    expect(result.cursors.size).toBe(0);
    expect(result.users.size).toBe(7);
  });

  it('goes on five minutes before the server’s time, in whole seconds', async () => {
    await start();
    const now = time.clock.now().getTime();
    const since = new Date(now - 300_000).toISOString().replace('.000Z', 'Z');
    expect([...(await read()).cursors]).toEqual([['users', since]]);
  });

  it('counts across checkpoints', async () => {
    await start();
    const whole = await read();
    for (const from of whole.checkpoints) expect(await read({ from })).toMatchObject({ complete: true });
  });

  it('keeps a person of whom a field became unreadable, and reads the others', async () => {
    await start();
    edits.set(4, hide('workEmail'));
    const result = await read();
    expect(result).toMatchObject({ complete: true, invalid: [{ of: 'user', id: fake.userId(4) }] });
    expect(result.users.size).toBe(6);
    expect(result.members).toContain(`department:9004 > user:${fake.userId(4)}`);
  });

  it('takes no group and no membership for gone when somebody’s department became unreadable', async () => {
    await start();
    edits.set(4, hide('departmentId', 'departmentName'));
    expect((await read()).invalid).toMatchObject([
      { of: 'user', id: fake.userId(4) },
      { of: 'group', id: null },
      { of: 'membership', id: null },
    ]);
  });

  it('stops when a field is hidden of everybody, and names it', async () => {
    await start();
    for (let index = 0; index < 7; index++) edits.set(index, hide('hireDate', 'terminationDate'));
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    expect(result.error?.message).toContain('hireDate, terminationDate');
    expect(result.users.size + result.invalid.length).toBe(0);
  });

  describe('incrementally', () => {
    const changes = async (work: () => void): Promise<ReadResult> => {
      const { cursors } = await read();
      time.advance(3_600_000);
      server.calm();
      work();
      return read({ mode: 'incremental', cursors });
    };

    it('says where a person who moved is, and is not any more', async () => {
      await start();
      const result = await changes(() => {
        tenant.change(0, { title: 'Director' });
        edits.set(0, { departmentId: '9001', departmentName: 'Sales' });
      });
      expect([...result.members]).toEqual([`department:9001 > user:${fake.userId(0)}`]);
      expect([...result.removedMembers].sort()).toEqual(
        ['department:9000', 'department:9002', 'location:55'].map(
          (group) => `${group} > user:${fake.userId(0)}`,
        ),
      );
    });

    it('does without the lists when it may not read them', async () => {
      lists = undefined;
      await start();
      const result = await changes(() => tenant.change(0, { title: 'Director' }));
      expect(result).toMatchObject({ complete: true, removedMembers: [] });
      expect([...result.users.keys()]).toEqual([fake.userId(0)]);
    });

    it('leaves the groups of an unreadable person alone', async () => {
      await start();
      const result = await changes(() => {
        tenant.change(0, { title: 'Director' });
        edits.set(0, hide('departmentId'));
      });
      expect(result).toMatchObject({ removedMembers: [], invalid: [{ id: fake.userId(0) }] });
    });

    it('asks for the changed people only', async () => {
      await start();
      await changes(() => tenant.change(2, { title: 'Director' }));
      expect(server.calls.map(({ call }) => call)).toEqual(['changed', 'lists', 'by_id']);
    });

    it('reads more changed people than fit into one call', async () => {
      await start(130);
      const result = await changes(() => {
        for (let index = 0; index < 120; index++) tenant.change(index, { title: 'Director' });
      });
      expect(result).toMatchObject({ complete: true });
      expect(result.users.size).toBe(120);
      expect(result.checkpoints).toHaveLength(3);
    });
  });

  describe('asked for people who are not listed', () => {
    const lookUp = async (indexes: readonly number[]): Promise<ReadonlyMap<string, string> | undefined> => {
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      try {
        const source = bamboohr.connect(bamboohr.readConfig(answers()), ports);
        return await source.lookUp?.('user', indexes.map(fake.userId));
      } finally {
        end();
      }
    };

    it('leaves alone of whom the key has lost sight: they are counted, and not shown', async () => {
      hidden.add(3);
      await start();
      tenant.remove('user', 2);
      expect(await lookUp([2, 3])).toEqual(
        new Map([
          [fake.userId(2), 'gone'],
          [fake.userId(3), 'unanswered'],
        ]),
      );
    });

    it('takes nobody for gone of whom BambooHR does not say so', async () => {
      await start();
      tenant.remove('user', 2);
      expect(await lookUp([1, 2, 50])).toEqual(
        new Map([
          [fake.userId(2), 'gone'],
          [fake.userId(1), 'present'],
        ]),
      );
    });
  });

  describe('connection test', () => {
    const check = async (): Promise<SourceCheck | SourceError> => {
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      try {
        return await bamboohr.connect(bamboohr.readConfig(answers()), ports).check();
      } catch (error) {
        return error as SourceError;
      } finally {
        end();
      }
    };

    it('counts the company and warns of people who cannot be read', async () => {
      await start();
      edits.set(1, hide('status'));
      expect(await check()).toMatchObject({
        users: 7,
        groups: null,
        warnings: [expect.stringContaining('1 of 3')],
      });
    });

    it('names the rights that are missing altogether', async () => {
      await start(2);
      edits.set(0, hide('workEmail')).set(1, hide('workEmail'));
      const error = await check();
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({
        code: 'insufficient_permissions',
        message: expect.stringContaining('workEmail'),
      });
    });
  });
});
