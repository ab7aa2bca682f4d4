import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import {
  fakePorts,
  fakeRippling as fake,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeRippling,
  type FakeRipplingOptions,
  type FakeServer,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import rippling from './index.js';

const DEPARTMENTS = [
  // As in the vendor's own example: the top is its own parent.
  { id: 'd1', name: 'Company', parent_id: 'd1' },
  { id: 'd2', name: 'Engineering', parent_id: 'd1' },
  { id: 'd3', name: 'Platform', parent_id: 'd2' },
  { id: 'd4', name: 'Nobody yet', parent_id: 'gone' },
];

describe('Rippling', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;
  afterEach(() => server.close());

  const open = async (options: Partial<FakeRipplingOptions> = {}, users = 7): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 2, membersPerGroup: 2 }, time.clock);
    server = await startFakeRippling(tenant, { pageSize: 3, ...options });
  };
  const read = (
    answers: JsonObject = {},
    more: Partial<Parameters<typeof readSource>[1]> = {},
  ): ReturnType<typeof readSource> => {
    const given = { ...fake.answers(server.url), group_types: [], supergroups: false, ...answers };
    const hosts = fake.hosts?.(server.url);
    return readSource(rippling as Connector, { time, answers: given, hosts, ...more });
  };
  const lookUp = async (ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
    try {
      const source = rippling.connect(rippling.readConfig(fake.answers(server.url)), ports);
      return (await source.lookUp?.('user', ids)) ?? new Map();
    } finally {
      end();
    }
  };

  it('makes groups of departments with all above them, teams, places of work and legal entities', async () => {
    await open(
      {
        departments: () => DEPARTMENTS,
        teams: [{ id: 't1', name: 'Night shift', parent_id: null }],
        locations: [{ id: 'l1', name: 'Vienna' }],
        differs: ({ index }) => ({
          department_id: index === 0 ? 'd3' : 'd1',
          teams_id: index === 0 ? ['t1', 't1'] : [],
          location:
            index === 0 ? { type: 'WORK', work_location_id: 'l1' } : { type: 'REMOTE', work_location_id: '' },
          legal_entity_id: index === 0 ? 'e1' : null,
          legal_entity:
            index === 0 ? { id: 'e1', legal_name: 'Example LLC', tax_identifier: 'secret' } : null,
        }),
      },
      2,
    );
    const { groups, members, users, complete, covered, invalid } = await read();
    expect({ complete, covered, invalid }).toEqual({
      complete: true,
      covered: ['groups', 'memberships', 'users'],
      invalid: [],
    });
    expect([...groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`).sort()).toEqual([
      'company:e1 Example LLC',
      'department:d1 Company',
      'department:d2 Engineering',
      'department:d3 Platform',
      'department:d4 Nobody yet',
      'location:l1 Vienna',
      'location:remote Remote',
      'team:t1 Night shift',
    ]);
    const [first, second] = [fake.userId(0), fake.userId(1)];
    expect([...members].sort()).toEqual(
      [
        `company:e1 > user:${first}`,
        `department:d1 > user:${first}`,
        `department:d1 > user:${second}`,
        `department:d2 > user:${first}`,
        `department:d3 > user:${first}`,
        `location:l1 > user:${first}`,
        `location:remote > user:${second}`,
        `team:t1 > user:${first}`,
      ].sort(),
    );
    expect(users.get(first)?.customAttributes).toMatchObject({
      department_name: 'Platform',
      division_name: 'Company',
      location_name: 'Vienna',
      team_name: 'Night shift',
      company_name: 'Example LLC',
    });
    expect(JSON.stringify([...users.values()])).not.toContain('secret');
  });

  it('cuts a circle of departments', async () => {
    const circle = [
      { id: 'a', name: 'A', parent_id: 'b' },
      { id: 'b', name: 'B', parent_id: 'a' },
    ];
    await open({ departments: () => circle, differs: () => ({ department_id: 'a' }) }, 1);
    const { members } = await read();
    expect(members.size).toBe(2);
  });

  it('reads the lists again for a department that was made meanwhile', async () => {
    let asked = 0;
    await open(
      {
        departments: () => (asked++ === 0 ? [] : DEPARTMENTS),
        differs: () => ({ department_id: 'd2' }),
      },
      1,
    );
    const { groups, invalid } = await read();
    expect(groups.get('department:d2')?.name).toBe('Engineering');
    expect(invalid).toEqual([]);
  });

  it('leaves a department as it was that people are in and nobody lists', async () => {
    await open({ departments: () => DEPARTMENTS, differs: () => ({ department_id: 'hidden' }) }, 7);
    const { groups, members, invalid, complete } = await read();
    expect(complete).toBe(true);
    expect(groups.has('department:hidden')).toBe(false);
    expect(members.has(`department:hidden > user:${fake.userId(0)}`)).toBe(true);
    expect(invalid[0]).toMatchObject({ of: 'group', id: 'department:hidden' });
    expect(server.calls.filter(({ call, page }) => call === 'departments' && page === 1)).toHaveLength(2);
  });

  it('stops when a field is redacted, and names it', async () => {
    await open({ redacted: ['user.name', 'title'] });
    const { complete, error, users } = await read();
    expect({ complete, users: users.size }).toEqual({ complete: false, users: 0 });
    expect(error).toMatchObject({ code: 'insufficient_permissions' });
    expect(error?.message).toContain('user');
    expect(error?.message).toContain('title');
  });

  it('leaves out what is not shared on purpose', async () => {
    await open({ redacted: ['title', 'compensation_id'] });
    const { complete, users } = await read({ unshared_fields: ['job_title'] });
    expect(complete).toBe(true);
    expect(users.get(fake.userId(0))?.jobTitle).toBeNull();
  });

  it.each([
    ['departments.read', 'department'],
    ['teams.read', 'team'],
    ['work-locations.read', 'location'],
  ])('names the missing right %s, and does without when that is wanted', async (scope, field) => {
    await open({ lacks: [scope] });
    const refused = await read();
    expect(refused).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    expect(refused.error?.message).toContain(scope);
    expect((await read({ unshared_fields: [field] })).complete).toBe(true);
  });

  it('sets a worker aside whose user was not sent', async () => {
    await open({ differs: ({ index }): JsonObject => (index === 1 ? { user: null } : {}) });
    const { invalid, users } = await read();
    expect(invalid).toMatchObject([{ of: 'user', id: fake.userId(1) }]);
    expect(users.size).toBe(6);
  });

  it('believes no look-up while single workers cannot be read', async () => {
    await open({ hidesSingle: true });
    tenant.remove('user', 2);
    expect((await lookUp([fake.userId(1), fake.userId(2)])).size).toBe(0);
  });

  it('says of changed workers which listed groups they left', async () => {
    let department = 'd2';
    await open({ departments: () => DEPARTMENTS, differs: () => ({ department_id: department }) });
    const full = await read();
    time.advance(3_600_000);
    department = 'd4';
    tenant.change(3, { title: 'Director' });
    const { users, members, removedMembers, complete, covered } = await read(
      {},
      { mode: 'incremental', cursors: full.cursors },
    );
    const id = fake.userId(3);
    expect({ complete, covered }).toEqual({ complete: true, covered: [] });
    expect([...users.keys()]).toEqual([id]);
    expect([...members]).toEqual([`department:d4 > user:${id}`]);
    expect([...removedMembers].sort()).toEqual(
      ['department:d1', 'department:d2', 'department:d3', 'location:remote'].map(
        (group) => `${group} > user:${id}`,
      ),
    );
  });

  it('says of a worker who was remote that they are not any more', async () => {
    let location: JsonObject = { type: 'REMOTE', work_location_id: '' };
    await open({ locations: [{ id: 'l1', name: 'Vienna' }], differs: () => ({ location }) });
    const full = await read();
    time.advance(3_600_000);
    location = { type: 'WORK', work_location_id: 'l1' };
    tenant.change(3, { title: 'Director' });
    const moved = await read({}, { mode: 'incremental', cursors: full.cursors });
    const id = fake.userId(3);
    expect([...moved.members]).toEqual([`location:l1 > user:${id}`]);
    expect(moved.removedMembers).toEqual([`location:remote > user:${id}`]);
  });

  it('leaves out supergroups that Rippling keeps out of sight, and members who are no workers', async () => {
    await open({ supergroups: ({ index }) => ({ is_invisible: index === 1 }) }, 3);
    const { groups, members } = await read({ supergroups: true, group_types: ['none'] });
    expect([...groups.keys()]).toEqual([fake.groupId(0)]);
    expect(members.size).toBe(2);
  });

  describe('by the platform API', () => {
    const platform = { api: 'platform' };

    it('reads leavers too, and departments by their names', async () => {
      await open({
        departments: () => [
          { id: 'p1', name: 'Everybody', parent: 'p1' },
          { id: 'p2', name: 'Department 1', parent: 'p1' },
        ],
        differs: ({ index }): JsonObject => (index === 6 ? { startDate: '2020-06-01' } : {}),
      });
      tenant.change(5, { state: 'archived' });
      tenant.change(6, { state: 'pending' });
      const { users, groups, members, complete, covered } = await read(platform);
      expect({ complete, covered }).toEqual({ complete: true, covered: ['groups', 'memberships', 'users'] });
      expect(users.size).toBe(7);
      expect(users.get(fake.userId(5))).toMatchObject({
        active: false,
        stateReason: 'terminated',
        email: null,
      });
      // The start date has come although the status says otherwise.
      expect(users.get(fake.userId(6))).toMatchObject({ active: true });
      expect(groups.get('department:p2')?.name).toBe('Department 1');
      expect(members.has(`department:p1 > user:${fake.userId(1)}`)).toBe(true);
      expect(members.has(`location:name:salem > user:${fake.userId(1)}`)).toBe(true);
      expect(JSON.stringify([...users.values()])).not.toMatch(/Identity|exempt|example\.test/);
    });

    it.each([
      ['departments', ['department', 'departmentId'], 'department'],
      ['places of work', ['workLocation'], 'location'],
    ])('stops when the key may not see %s any more, unless that is meant so', async (_, names, field) => {
      await open({
        pageSize: 100,
        differs: () => Object.fromEntries(names.map((name) => [name, undefined as unknown as JsonValue])),
      });
      const { complete, error, users } = await read(platform);
      expect({ complete, users: users.size }).toEqual({ complete: false, users: 0 });
      expect(error).toMatchObject({ code: 'insufficient_permissions' });
      expect(error?.message).toContain(names[0]);
      expect((await read({ ...platform, unshared_fields: [field] })).complete).toBe(true);
    });

    it('stops when the key may not see who works here any more', async () => {
      await open({
        pageSize: 100,
        differs: () => ({ roleState: undefined as unknown as JsonValue }),
      });
      expect(await read(platform)).toMatchObject({
        complete: false,
        error: { code: 'insufficient_permissions' },
      });
    });

    it('does not take a short page for the last one', async () => {
      await open();
      const fault = server.fail({ call: 'employees', page: 2, fault: { kind: 'short_page' } });
      const { users, complete } = await read(platform);
      expect(fault.fired()).toBe(1);
      expect({ complete, users: users.size }).toEqual({ complete: true, users: 7 });
    });

    it('reads anew when somebody was removed while it read, so that nobody is skipped', async () => {
      await open();
      const whole = await read(platform);
      tenant.remove('user', 0);
      const resumed = await read(platform, { from: whole.checkpoints[0] });
      expect(resumed.restarts).toEqual(['users']);
      expect(resumed.users.size).toBe(7);
    });

    it.each(['nothing', 'no_list', 'html', 'cut_body', 'repeat_token'] as const)(
      'takes no listing for complete in which a page is %s',
      async (kind) => {
        await open();
        const fault = server.fail({ call: 'employees', page: 2, times: Infinity, fault: { kind } });
        expect((await read(platform)).complete).toBe(false);
        expect(fault.fired()).toBeGreaterThan(0);
      },
    );

    it('proves nobody’s absence by asking', async () => {
      await open();
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      const answers = { ...fake.answers(server.url), ...platform };
      const source = rippling.connect(rippling.readConfig(answers), ports);
      expect('lookUp' in source).toBe(false);
      const { samples, warnings } = await source.check();
      expect(samples[0]).toMatchObject({ kind: 'user' });
      expect(warnings).toHaveLength(1);
      end();
    });
  });
});
