import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakePersonioV2 as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakePersonioV2,
  type FakePersonioV2Options,
  type FakeServer,
} from '#testing';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import type { SnapshotFinding } from '#model';
import personio from './index.js';

const employment = (more: JsonObject = {}): JsonObject => ({
  id: 'e-1',
  status: 'ACTIVE',
  type: 'INTERNAL',
  employment_start_date: '2020-06-01',
  ...more,
});
const list = (...items: JsonObject[]): JsonObject => ({ _data: items, _meta: { links: {} } });

describe('Personio by version 2', () => {
  const time = fakeTime();
  let server: FakeServer | undefined;
  let tenant: FakeTenant;
  afterEach(async () => server?.close());

  const open = async (options: Partial<FakePersonioV2Options> = {}, users = 3): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakePersonioV2(tenant, { pageSize: 2, ...options });
  };
  const answersTo = (answers: JsonObject): JsonObject => ({
    ...fake.answers(''),
    group_types: [],
    ...answers,
  });
  const read = (answers: JsonObject = {}): ReturnType<typeof readSource> => {
    const hosts = fake.hosts?.((server as FakeServer).url);
    return readSource(personio as Connector, { time, answers: answersTo(answers), hosts });
  };
  const ask = async <T>(
    question: (source: ReturnType<typeof personio.connect>) => Promise<T> | undefined,
  ): Promise<T | undefined> => {
    const { ports, end } = fakePorts({ time, hosts: fake.hosts?.((server as FakeServer).url) });
    try {
      return await question(personio.connect(personio.readConfig(answersTo({})), ports));
    } finally {
      end();
    }
  };

  it('makes groups of departments, teams, workplaces, companies and cost centers, by their names', async () => {
    await open({
      employments: ({ index }) => [
        employment({
          org_units: [
            { type: 'department', id: '401' },
            ...(index === 1 ? [{ type: 'TEAM', id: '401' }] : []),
          ],
          office: index === 0 ? { id: '7' } : null,
          legal_entity: { id: '170' },
          cost_centers:
            index === 2
              ? [
                  { id: 'c-1', weight: 50 },
                  { id: 'c-2', weight: 50 },
                ]
              : [],
        }),
      ],
      names: {
        '/v2/org-units/401?type=department': { id: '401', type: 'department', name: 'Research' },
        '/v2/org-units/401?type=team': { id: '401', type: 'team', name: 'Night shift' },
        '/v2/workplaces': list({ id: 7, name: 'Vienna' }),
        '/v2/legal-entities': list({ id: '170', name: 'Example GmbH' }),
        '/v2/cost-centers': list({ id: 'c-1', name: 'Rent' }, { id: 'c-2', name: 'Power' }),
      },
    });
    const { groups, members, complete, covered, users } = await read();
    expect({ complete, covered }).toEqual({ complete: true, covered: ['groups', 'memberships', 'users'] });
    expect([...groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`).sort()).toEqual([
      'company:170 Example GmbH',
      'cost_center:c-1 Rent',
      'cost_center:c-2 Power',
      'department:401 Research',
      'location:7 Vienna',
      'team:401 Night shift',
    ]);
    expect([...members].filter((member) => !member.startsWith('company')).sort()).toEqual([
      'cost_center:c-1 > user:300002',
      'cost_center:c-2 > user:300002',
      'department:401 > user:300000',
      'department:401 > user:300001',
      'department:401 > user:300002',
      'location:7 > user:300000',
      'team:401 > user:300001',
    ]);
    expect(users.get('300001')?.customAttributes).toMatchObject({ department_name: 'Research' });
    // Once for all who are in it.
    expect(server?.calls.filter(({ call }) => call === 'names')).toHaveLength(5);
  });

  it('reads employments of a person to the end: the one that counts may be the last', async () => {
    const next = employment({ status: 'ONBOARDING', employment_start_date: '2027-01-01' });
    await open({
      employmentsPerPage: 1,
      employments: () => [next, employment({ position: { title: 'Chef' } })],
    });
    expect((await read()).users.get('300001')).toMatchObject({ active: true, jobTitle: 'Chef' });
  });

  it('keeps nothing that it does not use', async () => {
    await open({
      person: () => ({ gender: 'DIVERSE', profile_picture: { url: 'https://example.test/face' } }),
    });
    const kept = JSON.stringify([...(await read()).users.values()]);
    expect(kept).not.toMatch(/DIVERSE|face/);
  });

  it('takes nobody’s absence for proved by a link that it cannot follow', async () => {
    await open({ links: () => ({ next: { href: 'https://api.personio.de/v2/persons?page=2' } }) });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
  });

  it('leaves a group as it was whose department Personio does not know any more', async () => {
    await open({ employments: () => [employment({ org_units: [{ type: 'department', id: '9' }] })] });
    const { complete, groups, members, invalid } = await read();
    expect({ complete, groups: groups.size, members: members.size }).toEqual({
      complete: true,
      groups: 0,
      members: 3,
    });
    expect(invalid.map(({ of, id }) => `${of} ${id}`)).toContain('group department:9');
  });

  it('goes by ids where a company has no list of workplaces', async () => {
    await open({ unknown: ['/v2/workplaces'], employments: () => [employment({ office: { id: '7' } })] });
    const { complete, groups } = await read();
    expect({ complete, names: [...groups.values()].map(({ name }) => name) }).toEqual({
      complete: true,
      names: ['7'],
    });
  });

  it.each([
    ['persons', '/v2/persons', 'Persons: Read'],
    ['names', '/v2/org-units', '"department" under "Attributes that are not shared"'],
  ])('knows a 401 for a missing right to %s from a refused token', async (_, path, words) => {
    await open({
      refused: [path],
      employments: () => [employment({ org_units: [{ type: 'department', id: '9' }] })],
    });
    const { complete, error } = await read();
    expect({ complete, code: error?.code }).toEqual({ complete: false, code: 'insufficient_permissions' });
    expect(error?.message).toContain(words);
  });

  it('asks for no names of what is not shared', async () => {
    await open({
      refused: ['/v2/org-units'],
      employments: () => [employment({ org_units: [{ type: 'department', id: '9' }] })],
    });
    expect(await read({ unshared_attributes: ['department'] })).toMatchObject({
      complete: true,
      error: null,
    });
  });

  it('keeps nothing of what is not shared, though Personio sends it', async () => {
    await open({
      employments: () => [employment({ supervisor: { id: '9001' }, position: { title: 'Boss' } })],
    });
    const { users } = await read({ unshared_attributes: ['supervisor', 'position'] });
    expect(JSON.stringify([...users.values()])).not.toMatch(/9001|Boss/);
  });

  it.each([
    ['the start of everybody', ['employment_start_date'], 3, 'hire_date'],
    ['the first names of everybody', ['first_name'], 3, 'first_name'],
    ['the departments of a company', ['org_units'], 7, 'department, team'],
  ])('stops when %s may not be read, and names it', async (_, hidden, ...[size, words]) => {
    await open({ hidden, pageSize: 50 }, size);
    const { complete, error, users } = await read();
    expect({ complete, code: error?.code, read: users.size }).toEqual({
      complete: false,
      code: 'insufficient_permissions',
      read: 0,
    });
    expect(error?.message).toContain(words);
  });

  it('leaves it to a handful of people to be in no department', async () => {
    await open({ hidden: ['org_units'] });
    expect(await read()).toMatchObject({ complete: true, error: null });
  });

  it('reads the custom attributes of the settings, and no others', async () => {
    const custom = [
      { id: 'dynamic_305', type: 'STRING', global_id: 'color', value: 'Red' },
      { id: 'dynamic_306', type: 'STRING', global_id: 'account', value: 'AT00 0000' },
    ];
    await open({ person: () => ({ custom_attributes: custom }) });
    const { users } = await read({ custom_attributes: ['dynamic_305'] });
    expect(users.get('300001')?.customAttributes).toMatchObject({ dynamic_305: 'Red' });
    expect(JSON.stringify([...users.values()])).not.toContain('AT00');
  });

  it('stops when a custom attribute of the settings is shown of nobody', async () => {
    await open({ pageSize: 50 }, 7);
    const { error } = await read({ custom_attributes: ['dynamic_305'] });
    expect(error?.message).toContain('dynamic_305');
  });

  it('keeps whom Personio lists and does not know when asked, and all memberships', async () => {
    await open({ employments: ({ index }) => (index === 1 ? null : undefined) });
    const { complete, users, invalid } = await read();
    expect({ complete, users: users.size }).toEqual({ complete: true, users: 2 });
    expect(invalid.map(({ of, id }) => `${of} ${id}`)).toEqual([
      'user 300001',
      'group null',
      'membership null',
    ]);
  });

  it.each(['nothing', 'no_list', 'html', 'html_404', 'cut_body', 'hang_up'] as const)(
    'proves nothing when employments come as %s',
    async (kind) => {
      await open();
      server?.fail({ call: 'employments', of: '300001', times: Infinity, fault: { kind } });
      const { complete, users } = await read();
      expect({ complete, knows: users.has('300001') }).toEqual({ complete: false, knows: false });
    },
  );

  it('takes nobody for gone because the address of persons is gone', async () => {
    await open({ unknown: ['/v2/persons'] });
    const found = await ask((source) => source.lookUp?.('user', ['300001']));
    expect(found).toEqual(new Map<string, SnapshotFinding>());
  });

  it('says in a test what it has seen, and of whom it cannot tell', async () => {
    await open({ pageSize: 50, person: ({ index }) => (index === 1 ? { status: 'UNSPECIFIED' } : {}) });
    const found = (await ask((source) => source.check())) as SourceCheck;
    expect({ ...found, samples: found.samples.length }).toEqual({
      users: 3,
      groups: 0,
      samples: 3,
      warnings: ['1 of 3 people cannot be read. They stay as they were; see the samples.'],
    });
  });
});
