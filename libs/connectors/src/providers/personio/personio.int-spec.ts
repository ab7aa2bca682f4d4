import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakePersonio as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakePersonio,
  type FakePersonioOptions,
  type FakeServer,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import personio from './index.js';

const reference = (type: string, id: number, name: string): JsonObject => ({
  type,
  attributes: { id, name },
});

describe('Personio', () => {
  const time = fakeTime();
  let server: FakeServer | undefined;
  let tenant: FakeTenant;
  afterEach(async () => server?.close());

  const open = async (options: Partial<FakePersonioOptions> = {}, users = 7): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakePersonio(tenant, { pageSize: 3, ...options });
  };
  const read = (
    answers: JsonObject = {},
    more: Partial<Parameters<typeof readSource>[1]> = {},
  ): ReturnType<typeof readSource> => {
    const url = (server as FakeServer).url;
    const given = { ...fake.answers(url), group_types: [], ...answers };
    return readSource(personio as Connector, { time, answers: given, hosts: fake.hosts?.(url), ...more });
  };

  describe('answers without a count, as Personio gave them until 2020', () => {
    it('end where nothing follows', async () => {
      await open({ isCounted: false });
      const { complete, users } = await read();
      expect({ complete, users: users.size }).toEqual({ complete: true, users: 7 });
    });

    it('end at once when they are not cut into pages', async () => {
      await open({ isCounted: false, isWhole: true, pageSize: 50 });
      const { complete, users } = await read();
      expect({ complete, users: users.size }).toEqual({ complete: true, users: 7 });
    });

    it('are no whole list when one page stands for all', async () => {
      await open({ isCounted: false, isWhole: true, pageSize: 100 }, 130);
      expect(await read()).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    });
  });

  it('makes groups of departments, teams, offices, companies and cost centers', async () => {
    const center = (id: number): JsonObject => reference('CostCenter', id, `Center ${id}`);
    await open(
      {
        differs: ({ index }) => ({
          department: reference('Department', index % 2, index % 2 === 0 ? 'Research' : 'Sales'),
          office: index === 0 ? reference('Office', 7, 'Vienna') : null,
          team: index === 1 ? reference('Team', 7, 'Night shift') : null,
          subcompany: index === 1 ? reference('Subcompany', 7, 'Example GmbH') : null,
          cost_centers: index === 2 ? [center(1), center(2)] : [],
        }),
      },
      3,
    );
    const { groups, members, complete, covered } = await read();
    expect({ complete, covered }).toEqual({ complete: true, covered: ['groups', 'memberships', 'users'] });
    expect([...groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`).sort()).toEqual([
      'company:7 Example GmbH',
      'cost_center:1 Center 1',
      'cost_center:2 Center 2',
      'department:0 Research',
      'department:1 Sales',
      'location:7 Vienna',
      'team:7 Night shift',
    ]);
    expect([...members].sort()).toEqual([
      'company:7 > user:300001',
      'cost_center:1 > user:300002',
      'cost_center:2 > user:300002',
      'department:0 > user:300000',
      'department:0 > user:300002',
      'department:1 > user:300001',
      'location:7 > user:300000',
      'team:7 > user:300001',
    ]);
  });

  it('stops when an attribute may not be read, and names it', async () => {
    await open({ hidden: ['department', 'termination_date'] });
    const { complete, error, users } = await read();
    expect({ complete, code: error?.code, users: users.size }).toEqual({
      complete: false,
      code: 'insufficient_permissions',
      users: 0,
    });
    expect(error?.message).toContain('department');
    expect(error?.message).toContain('termination_date');
  });

  it('leaves out what is not shared on purpose, and its groups', async () => {
    await open({ hidden: ['department'] });
    const { complete, groups, users } = await read({ unshared_attributes: ['department'] });
    expect({ complete, groups: groups.size, users: users.size }).toEqual({
      complete: true,
      groups: 0,
      users: 7,
    });
  });

  it('asks for nothing that is not used', async () => {
    await open({}, 1);
    expect(JSON.stringify([...(await read()).users.values()])).not.toContain('salary');
  });

  it('knows a 401 for a missing right from a wrong token', async () => {
    await open({ hasNoRight: true });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
  });

  it('reads anew when somebody was removed while it read, so that nobody is skipped', async () => {
    await open();
    const whole = await read();
    tenant.remove('user', 0);
    const from = whole.checkpoints[0];
    const resumed = await read({}, { from });
    expect(resumed.restarts).toEqual(['users']);
    expect(resumed.complete).toBe(true);
    expect([...resumed.users.keys()].sort()).toEqual([...whole.users.keys()].sort());
  });

  it('says who is gone and who is there, and nothing about groups', async () => {
    await open();
    tenant.remove('user', 2);
    const url = (server as FakeServer).url;
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(url) });
    const source = personio.connect(personio.readConfig(fake.answers(url)), ports);
    const found = await source.lookUp?.('user', [fake.userId(1), fake.userId(2)]);
    expect([...(found ?? [])]).toEqual([
      [fake.userId(1), 'present'],
      [fake.userId(2), 'gone'],
    ]);
    expect((await source.lookUp?.('group', ['department:1']))?.size).toBe(0);
    end();
  });

  it('warns in a test of people who cannot be read', async () => {
    await open({ differs: ({ index }): JsonObject => (index === 1 ? { status: 'dormant' } : {}) });
    const { url } = server as FakeServer;
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(url) });
    const found = await personio.connect(personio.readConfig(fake.answers(url)), ports).check();
    end();
    expect(found.warnings).toEqual([expect.stringContaining('1 of 3 people cannot be read')]);
  });

  it('says that version 1 is retired instead of reading nobody', async () => {
    await open();
    server?.fail({ call: 'users', times: Infinity, fault: { kind: 'status', status: 410 } });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'source_unavailable' } });
  });
});
