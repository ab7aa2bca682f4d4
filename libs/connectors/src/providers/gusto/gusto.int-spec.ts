import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakeGusto as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  inMemorySecrets,
  readSource,
  startFakeGusto,
  type FakeGusto,
  type FakeGustoOptions,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import type { RotatingSecrets } from '../../sdk/rotating-secrets.js';
import gusto from './index.js';

const CONTRACTOR = {
  uuid: 'c1',
  type: 'Individual',
  first_name: 'Bo',
  last_name: 'Berg',
  is_active: true,
  start_date: '2024-02-01',
};

describe('Gusto', () => {
  const time = fakeTime();
  let server: FakeGusto;
  let tenant: FakeTenant;
  let secrets: RotatingSecrets;
  afterEach(() => server.close());

  const open = async (options: Partial<FakeGustoOptions> = {}, users = 7): Promise<void> => {
    secrets = inMemorySecrets();
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeGusto(tenant, { pageSize: 3, ...options });
  };
  const read = (
    answers: JsonObject = {},
    more: Partial<Parameters<typeof readSource>[1]> = {},
  ): ReturnType<typeof readSource> => {
    const given = { ...fake.answers(server.url), ...answers };
    const hosts = fake.hosts?.(server.url);
    return readSource(gusto as Connector, { time, secrets, answers: given, hosts, ...more });
  };
  const lookUp = async (
    ids: readonly string[],
    answers: JsonObject = {},
  ): Promise<ReadonlyMap<string, string>> => {
    const { ports, end } = fakePorts({ time, secrets, hosts: fake.hosts?.(server.url) });
    try {
      const given = { ...fake.answers(server.url), ...answers };
      return (await gusto.connect(gusto.readConfig(given), ports).lookUp?.('user', ids)) ?? new Map();
    } finally {
      end();
    }
  };

  it('reads employees, contractors, and departments with the members of both', async () => {
    await open({
      contractors: [
        CONTRACTOR,
        { uuid: 'c2', type: 'Business', business_name: 'Example LLC', is_active: true },
      ],
      departments: [
        {
          uuid: 'd1',
          title: 'Research',
          employees: [{ uuid: fake.userId(1) }],
          contractors: [{ uuid: 'c1' }],
        },
        { uuid: 'd2', title: 'Nobody yet', employees: [], contractors: [] },
      ],
    });
    const { users, groups, members, complete, covered, removed } = await read({ group_types: [] });
    expect({ complete, covered }).toEqual({ complete: true, covered: ['groups', 'memberships', 'users'] });
    expect(users.size).toBe(8);
    expect(users.get('c1')?.customAttributes['employee_type']).toBe('contractor');
    expect(removed).toEqual(['user:c2 a business, and no person']);
    expect([...groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`)).toEqual([
      'department:d1 Research',
      'department:d2 Nobody yet',
    ]);
    expect([...members].sort()).toEqual(
      [`department:d1 > user:${fake.userId(1)}`, 'department:d1 > user:c1'].sort(),
    );
  });

  it('asks for contractors and places only when they are wanted', async () => {
    await open({ contractors: [CONTRACTOR] });
    expect((await read({ contractors: false, group_types: ['department'] })).users.size).toBe(7);
    const calls = new Set(server.calls.map(({ call }) => call));
    expect([...calls].sort()).toEqual(['departments', 'token', 'token_info', 'users']);
  });

  it.each([
    ['contractors', 'contractors:read', { contractors: false }],
    ['departments', 'departments:read', { group_types: ['location'] }],
    ['locations', 'companies:read', { group_types: ['department'] }],
  ])(
    'names the missing right to read %s, and does without when that is wanted',
    async (list, scope, without) => {
      await open({ lacks: [list], contractors: [CONTRACTOR] });
      const refused = await read({ group_types: [] });
      expect(refused).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
      expect(refused.error?.message).toContain(scope);
      expect((await read({ group_types: [], ...without })).complete).toBe(true);
    },
  );

  it('reads anew when the listing became shorter while it read, so that nobody is skipped', async () => {
    await open();
    const whole = await read();
    tenant.remove('user', 0);
    const resumed = await read({}, { from: whole.checkpoints[0] });
    expect(resumed.restarts).toEqual(['users']);
    expect(resumed.complete).toBe(true);
    expect([...resumed.users.keys()].sort()).toEqual([...whole.users.keys()].sort());
  });

  it('warns in a test of people who cannot be read', async () => {
    await open({ differs: ({ index }): JsonObject => (index === 1 ? { terminated: null } : {}) });
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
    const found = await gusto.connect(gusto.readConfig(fake.answers(server.url)), ports).check();
    end();
    expect(found.warnings).toEqual([expect.stringContaining('1 of 3 people cannot be read')]);
  });

  it('says that its version of the API is retired, instead of reading nobody', async () => {
    await open();
    server.fail({ call: 'users', times: Infinity, fault: { kind: 'status', status: 406 } });
    const { complete, error } = await read();
    expect({ complete, code: error?.code }).toEqual({ complete: false, code: 'source_unavailable' });
    expect(error?.message).toContain('Update Rollcall');
  });

  it('says that the token belongs to no company', async () => {
    await open({ resource: { type: 'Application', uuid: 'x' } });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'not_found_tenant' } });
  });

  describe('asked for single people', () => {
    it('says who is gone from both populations', async () => {
      await open({ contractors: [CONTRACTOR] });
      tenant.remove('user', 2);
      const found = await lookUp([fake.userId(1), fake.userId(2), 'c1']);
      expect([...found]).toEqual([
        [fake.userId(1), 'present'],
        [fake.userId(2), 'gone'],
        ['c1', 'present'],
      ]);
      expect((await lookUp(['c1'], { contractors: false })).get('c1')).toBe('gone');
    });

    it('does not take a missing endpoint for a missing person', async () => {
      await open({ hasNoSingle: true });
      expect((await lookUp([fake.userId(1)])).size).toBe(0);
    });
  });

  describe('with a refresh token that is good for one use', () => {
    it('goes on with the newest in every run', async () => {
      await open();
      for (let run = 1; run <= 3; run++) {
        expect((await read()).complete).toBe(true);
        expect(server.tokens.exchanges).toBe(run);
      }
    });

    it('is locked out when nothing is kept, so the fake is faithful', async () => {
      await open();
      await read();
      const forgetful = await read({}, { secrets: inMemorySecrets() });
      expect(forgetful).toMatchObject({ complete: false, error: { code: 'invalid_credentials' } });
    });

    it('is not locked out by a run that died between the exchange and the storing', async () => {
      await open();
      const dying = { ...secrets, replace: () => Promise.reject(new Error('killed')) };
      await expect(read({}, { secrets: dying })).rejects.toThrow('killed');
      expect((await read()).complete).toBe(true);
    });

    it('is not locked out by a run that died between the storing and the first use', async () => {
      await open();
      const dying: RotatingSecrets = {
        ...secrets,
        replace: async (field, change) => {
          await secrets.replace(field, change);
          throw new Error('killed');
        },
      };
      await expect(read({}, { secrets: dying })).rejects.toThrow('killed');
      expect((await read()).complete).toBe(true);
    });

    it('goes on when a connection test has made its access token void', async () => {
      await open();
      let isTested = false;
      const test = async (): Promise<void> => {
        isTested = true;
        const { ports, end } = fakePorts({ time, secrets, hosts: fake.hosts?.(server.url) });
        await gusto.connect(gusto.readConfig(fake.answers(server.url)), ports).check();
        end();
      };
      const changes = {
        ...secrets,
        replace: async (...args: Parameters<RotatingSecrets['replace']>): Promise<boolean> => {
          const isStored = await secrets.replace(...args);
          // Before the run has used what it got.
          if (!isTested) await test();
          return isStored;
        },
      };
      const result = await read({}, { secrets: changes });
      expect({ isTested, complete: result.complete, users: result.users.size }).toEqual({
        isTested: true,
        complete: true,
        users: 7,
      });
      expect((await read()).complete).toBe(true);
    });
  });
});
