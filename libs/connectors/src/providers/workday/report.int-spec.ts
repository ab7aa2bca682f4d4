import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import { SourceError } from '../../sdk/source-error.js';
import {
  FAKE_GROUPS_REPORT,
  fakeWorkdayReport as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeWorkdayReport,
  workerId,
  type FakeReportOptions,
  type FakeServer,
  type FakeWorker,
  type ReadResult,
} from '#testing';
import workday from './index.js';

type RowEdit = (row: JsonObject, index: number) => JsonObject | null;

describe('Workday report', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;
  let row: RowEdit;
  let edit: (worker: FakeWorker, index: number) => FakeWorker;
  beforeEach(() => {
    row = (given) => given;
    edit = (given) => given;
  });
  afterEach(() => server.close());

  const start = async (users = 7, options: FakeReportOptions = {}): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeWorkdayReport(tenant, {
      row: (given, index) => row(given, index),
      edit: (worker, index) => edit(worker, index),
      ...options,
    });
  };
  const answers = (more: JsonObject = {}): JsonObject => ({
    ...fake.answers(server.url),
    group_types: [],
    ...more,
  });
  const read = (options: Partial<Parameters<typeof readSource>[1]> = {}): Promise<ReadResult> =>
    readSource(workday as Connector, {
      time,
      answers: answers(),
      hosts: fake.hosts?.(server.url),
      ...options,
    });
  const without =
    (...names: string[]): RowEdit =>
    (given) =>
      Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));

  it('makes groups of departments, places, companies and cost centers, with everybody who is in them', async () => {
    await start();
    const result = await read();
    expect(result).toMatchObject({ complete: true, error: null });
    expect(result.covered).toEqual(['groups', 'memberships', 'users']);
    expect([...result.groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`).sort()).toEqual([
      'company:name:example corp Example Corp',
      'cost_center:name:cost center 0 Cost center 0',
      'cost_center:name:cost center 1 Cost center 1',
      ...[0, 1, 2, 3, 4].map((n) => `department:SUP-${n} Department ${n}`),
      'location:name:site 0 Site 0',
      'location:name:site 1 Site 1',
    ]);
    expect(result.members).toContain(`department:SUP-1 > user:${workerId(6)}`);
  });

  it('reads several organizations of a kind, and managers in a list', async () => {
    await start();
    row = (given, index) =>
      index === 0
        ? {
            ...without('Supervisory_Organization', 'Supervisory_Organization_ID')(given, 0),
            Supervisory_Organization_group: [
              { Supervisory_Organization: 'Board', Supervisory_Organization_ID: 'B' },
              { Supervisory_Organization: 'Research', Supervisory_Organization_ID: 'R' },
            ],
            Worker_s_Manager_group: [{ Manager_Workday_ID: 'm1' }, { Manager_Workday_ID: 'm2' }],
          }
        : given;
    const { users, members } = await read();
    expect([...members].filter((member) => /department:[BR] >/.test(member))).toHaveLength(2);
    expect(users.get(workerId(0))?.customAttributes).toMatchObject({
      manager_id: 'm1',
      department_name: 'Board',
      employee_number: '000100',
    });
  });

  it('reads numbers, flags and several values where one is meant', async () => {
    await start();
    row = (given) => ({
      ...given,
      Business_Title: ['Engineer', 'Chair'],
      Active_Status: true,
      Employee_ID: 42,
      User_Name: { Name: 'aahn' },
    });
    expect((await read()).users.get(workerId(0))).toMatchObject({
      userName: 'aahn',
      jobTitle: 'Engineer',
      active: true,
      customAttributes: { employee_number: '42' },
    });
  });

  it('finds columns by the settings', async () => {
    await start();
    row = (given) => ({ ...without('Email_-_Work')(given, 0), 'E-Mail Büro': given['Email_-_Work'] ?? null });
    const column_map = ['work_email=E-Mail Büro', 'id=Employee_ID'];
    const { users } = await read({ answers: answers({ column_map }) });
    expect(users.get('000103')).toMatchObject({ email: 'person3@example.com' });
  });

  it('leaves contingent workers out on request', async () => {
    await start();
    edit = (worker, index) => (index < 2 ? { ...worker, isContingent: true } : worker);
    expect((await read()).users.size).toBe(7);
    const { users } = await read({ answers: answers({ include_contingent: false }) });
    expect(users.size).toBe(5);
  });

  it('reads private addresses on request only', async () => {
    await start();
    const shown = JSON.stringify([...(await read()).users.values()]);
    expect(shown).not.toContain('example.test');
    const { users } = await read({ answers: answers({ personal_emails: true }) });
    expect(users.get(workerId(0))?.emails).toHaveLength(2);
  });

  describe('with columns that were renamed or removed', () => {
    const after = async (change: RowEdit): Promise<ReadResult> => {
      const first = await read();
      expect(first.complete).toBe(true);
      row = change;
      return read({ previous: first.cursors });
    };

    it.each([
      ['the address', 'Email_-_Work', 'work_email'],
      ['the title', 'Business_Title', 'job_title'],
      ['the organization', 'Supervisory_Organization', 'department'],
      ['the status', 'Active_Status', 'active'],
      ['the hire date', 'Hire_Date', 'hire_date'],
      ['the manager', 'Worker_s_Manager_group', 'manager_id'],
    ])('stops without %s, and names it', async (_what, name, field) => {
      await start();
      const related = name === 'Supervisory_Organization' ? [`${name}_ID`] : [];
      const result = await after(without(name, ...related));
      expect(result).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
      expect(result.error?.message).toContain(field);
      expect(result.users.size + result.invalid.length).toBe(0);
    });

    it('stops in a small company too when the status is gone: leavers would come back', async () => {
      await start(2);
      tenant.change(0, { state: 'archived' });
      expect(await after(without('Active_Status'))).toMatchObject({
        complete: false,
        error: { code: 'source_changed_shape' },
      });
    });

    it('leaves it to a handful of people to have no title any more', async () => {
      await start(3);
      expect(await after(without('Business_Title'))).toMatchObject({ complete: true });
    });

    it('stops when ids come from another column', async () => {
      await start();
      const result = await after(without('Workday_ID'));
      expect(result).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
      expect(result.users.size).toBe(0);
    });

    it('stops without any ids, and names what there is', async () => {
      await start();
      const result = await after(without('Workday_ID', 'Employee_ID'));
      expect(result).toMatchObject({ complete: false, error: { code: 'config_error' } });
      expect(result.error?.message).toContain('Business_Title');
    });

    it('stops without a column of the settings, from the first run on', async () => {
      await start();
      const result = await read({ answers: answers({ column_map: ['job_title=Position_Name'] }) });
      expect(result).toMatchObject({ complete: false, error: { code: 'config_error' } });
      expect(result.error?.message).toContain('"Position_Name" (job_title)');
    });

    it('goes by what the column says, whatever it is called', async () => {
      await start();
      const result = await after((given) => ({
        ...without('Business_Title')(given, 0),
        'Job-Title': given['Business_Title'] ?? null,
      }));
      expect(result).toMatchObject({ complete: true });
      expect(result.users.get(workerId(1))?.jobTitle).toBe('Engineer 1');
    });

    it('remembers its columns over a report of nobody', async () => {
      await start();
      const first = await read();
      row = () => null;
      const empty = await read({ previous: first.cursors });
      expect(empty).toMatchObject({ complete: true });
      row = without('Active_Status');
      expect(await read({ previous: empty.cursors })).toMatchObject({
        complete: false,
        error: { code: 'source_changed_shape' },
      });
    });
  });

  it('sets a row without an id aside, so that nobody counts as gone', async () => {
    await start();
    row = (given, index) => (index === 2 ? without('Workday_ID')(given, 0) : given);
    const result = await read();
    expect(result.users.size).toBe(6);
    expect(result.invalid).toMatchObject([
      { of: 'user', id: null },
      { of: 'group', id: null },
      { of: 'membership', id: null },
    ]);
  });

  describe('with a worker in several rows', () => {
    const twice = (change: (given: JsonObject) => JsonObject): void => {
      row = (given, index) => {
        return index === 6 ? { ...change(given), Workday_ID: workerId(0) } : given;
      };
    };

    it('takes them together when they differ in organizations only', async () => {
      await start();
      edit = (worker, index) =>
        index === 6
          ? {
              ...worker,
              number: '000100',
              universalId: 'UID0',
              userId: 'person0@example.com',
              email: 'person0@example.com',
              homeEmail: null,
              firstName: 'Ada',
              lastName: 'Ahn',
              title: 'Engineer 0',
              managerWid: null,
            }
          : worker;
      twice((given) => given);
      const result = await read();
      expect(result).toMatchObject({ complete: true, invalid: [] });
      const groups = [...result.members].filter((member) => member.endsWith(`user:${workerId(0)}`));
      expect(groups.filter((member) => member.startsWith('department'))).toHaveLength(2);
    });

    it('takes the active one of two profiles', async () => {
      await start();
      edit = (worker, index) => (index === 0 ? { ...worker, active: '0' } : worker);
      twice((given) => given);
      expect((await read()).users.get(workerId(0))).toMatchObject({ active: true, firstName: 'Gus' });
    });

    it('sets them aside when they contradict each other', async () => {
      await start();
      twice((given) => ({ ...given, Business_Title: 'Another' }));
      const result = await read();
      expect(result.invalid).toMatchObject([{ of: 'user', id: workerId(0) }]);
      expect(result.users.has(workerId(0))).toBe(false);
      expect([...result.members].filter((member) => member.endsWith(workerId(0))).length).toBeGreaterThan(0);
    });
  });

  it.each([
    ['an error with 200', { body: { error: 'invalid request' } }, 'source_changed_shape', 'an error'],
    ['nothing that ran', { body: {} }, 'source_changed_shape', 'did not run'],
    [
      'a report that ends early, and says nothing of it',
      { body: null, text: '{"Report_Entry":[{"Workday_ID":"w1"},{"Workday' },
      'source_changed_shape',
      'cut off',
    ],
    [
      'a page to sign in at',
      { body: null, text: '<html>invalid</html>', headers: { 'content-type': 'text/html' } },
      'source_changed_shape',
      'web page',
    ],
    [
      'a right that is missing',
      { status: 500, body: { error: 'Processing error occurred. The task submitted is not authorized.' } },
      'insufficient_permissions',
      'Worker Data: Public Worker Reports',
    ],
    [
      'a report that was renamed',
      { status: 500, body: { error: 'The report Workers does not exist.' } },
      'config_error',
      'no such report',
    ],
    ['an address of nothing', { status: 404, body: { error: 'none' } }, 'config_error', 'no such report'],
    [
      'another host’s tenant',
      { status: 503, body: { error: 'Service Unavailable Invalid Tenant Name' } },
      'not_found_tenant',
      'no such tenant',
    ],
    [
      'a locked account, with 500',
      { status: 500, body: { error: 'invalid username or password' } },
      'invalid_credentials',
      'integration system user',
    ],
  ])('tells %s', async (_what, answer, ...[code, words]) => {
    await start(7, { instead: () => answer });
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: { code } });
    expect(result.error?.message).toContain(words);
  });

  describe('of groups', () => {
    const groups: readonly JsonObject[] = [
      { Group_ID: 'g1', Group_Name: 'Board', Members_group: [{ Workday_ID: 'w1' }, { Workday_ID: 'w2' }] },
      { Group_ID: 'g2', Group_Name: 'Staff', Member_ID: 'w1' },
      { Group_ID: 'g2', Group_Name: 'Staff', Member_ID: 'w3' },
      { Group_ID: 'g3', Group_Name: 'Nobody', Members_group: [] },
      { Group_ID: 'g4', Group_Name: 'Texts', Members: ['w1', 'w2'] },
    ];
    const listed = (): JsonObject => answers({ groups_report_url: FAKE_GROUPS_REPORT });

    it('reads groups with members, and rows per member, instead of departments', async () => {
      await start(7, { groups });
      const result = await read({ answers: listed() });
      expect([...result.groups.keys()]).toEqual(['g1', 'g2', 'g3', 'g4']);
      expect([...result.members].sort()).toEqual(
        [
          'g1 > user:w1',
          'g1 > user:w2',
          'g2 > user:w1',
          'g2 > user:w3',
          'g4 > user:w1',
          'g4 > user:w2',
        ].sort(),
      );
      expect(result).toMatchObject({ complete: true, covered: ['groups', 'memberships', 'users'] });
    });

    it('does not take groups for empty whose column of members was renamed', async () => {
      await start(7, { groups });
      const { cursors } = await read({ answers: listed() });
      await server.close();
      await start(7, {
        groups: groups.map(
          (group) => without('Members_group', 'Member_ID', 'Members')(group, 0) as JsonObject,
        ),
      });
      const result = await read({ answers: listed(), previous: cursors });
      expect(result).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
      expect(result.groups.size).toBe(0);
    });

    it('leaves memberships alone of what cannot be read', async () => {
      await start(7, {
        groups: [
          { Group_ID: 'g1', Members_group: [{ Workday_ID: 'w1' }] },
          {
            Group_ID: 'g2',
            Group_Name: 'Half',
            Members_group: [{ Workday_ID: 'w1' }, { Name: 'x', Age: 'y' }],
          },
        ],
      });
      const { invalid } = await read({ answers: listed() });
      expect(invalid).toMatchObject([
        { of: 'group', id: 'g1' },
        { of: 'membership', id: 'g1' },
        { of: 'membership', id: 'g2' },
      ]);
    });

    it('stops without ids of groups', async () => {
      await start(7, { groups: [{ Group_Name: 'Board' }] });
      expect(await read({ answers: listed() })).toMatchObject({
        complete: false,
        error: { code: 'config_error' },
      });
    });
  });

  it('reads the whole report each time without a prompt for changes', async () => {
    await start();
    const plain = answers({ changes_prompt: '' });
    const { cursors } = await read({ answers: plain });
    const result = await read({ answers: plain, mode: 'incremental', cursors });
    expect(result.users.size).toBe(7);
    expect(result.covered).toContain('users');
  });

  it('leaves it to the people who changed to have nothing in a column of the settings', async () => {
    await start();
    const mapped = answers({ column_map: ['job_title=Business_Title'] });
    const { cursors } = await read({ answers: mapped });
    time.advance(3_600_000);
    for (let index = 0; index < 6; index++) tenant.change(index, { state: 'archived' });
    row = without('Business_Title');
    const result = await read({ answers: mapped, mode: 'incremental', cursors });
    expect(result).toMatchObject({ complete: true, error: null });
    expect(result.users.size).toBe(6);
  });

  it('keeps what is known of the columns over incremental runs', async () => {
    await start();
    const { cursors } = await read();
    time.advance(3_600_000);
    tenant.change(1, { title: 'Chair' });
    const second = await read({ mode: 'incremental', cursors });
    expect([...second.users.keys()]).toEqual([workerId(1)]);
    row = without('Active_Status');
    expect(await read({ previous: second.cursors })).toMatchObject({
      complete: false,
      error: { code: 'source_changed_shape' },
    });
  });

  describe('connection test', () => {
    const check = async (more: JsonObject = {}): Promise<SourceCheck | SourceError> => {
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      try {
        return await workday.connect(workday.readConfig(answers(more)), ports).check();
      } catch (error) {
        return error as SourceError;
      } finally {
        end();
      }
    };

    it('counts people and groups', async () => {
      await start();
      expect(await check()).toMatchObject({ users: 7, groups: 10, warnings: [] });
    });

    it('warns of a report that does not say who works here', async () => {
      await start();
      row = without('Active_Status', 'Hire_Date', 'On_Leave', 'Email_-_Work');
      expect(await check()).toMatchObject({
        warnings: [
          expect.stringContaining('whether they work here'),
          expect.stringContaining('Work_Email'),
          expect.stringContaining('Hire_Date'),
        ],
      });
    });

    it('warns of nobody, of several managers, of people who cannot be read', async () => {
      await start();
      row = (given, index) => ({
        ...given,
        ...(index === 0 ? { Active_Status: 'perhaps' } : {}),
        Worker_s_Manager_group: [{ Manager_ID: '1' }, { Manager_ID: '2' }],
      });
      expect(await check()).toMatchObject({
        warnings: [expect.stringContaining('7 workers have several'), expect.stringContaining('1 of 7')],
      });
      row = () => null;
      expect(await check()).toMatchObject({ users: 0, warnings: [expect.stringContaining('no rows')] });
    });
  });
});
