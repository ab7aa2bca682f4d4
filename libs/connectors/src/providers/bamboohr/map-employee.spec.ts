import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { EmployeeMapper } from './map-employee.js';

const NOW = new Date('2026-03-02T12:00:00Z');

const config = (over: JsonObject = {}): ReturnType<typeof readConfig> =>
  readConfig({ subdomain: 'acme', api_key: 'k', ...over });

const employee = (over: JsonObject = {}): JsonObject => ({
  employeeId: '17',
  firstName: 'Adaeze',
  lastName: 'Ahn',
  preferredName: 'Ada',
  jobTitleName: 'Engineer',
  status: 'Active',
  workEmail: 'ada@example.com',
  employeeNumber: '0042',
  hireDate: '2024-02-01',
  originalHireDate: '2019-05-01',
  terminationDate: '0000-00-00',
  employmentStatusName: 'Full-Time',
  reportsToId: '3',
  departmentId: '9001',
  departmentName: 'Research',
  divisionId: null,
  divisionName: null,
  locationId: '55',
  locationName: 'Linz',
  teams: [{ id: 7, label: 'Blue' }],
  timezone: null,
  ...over,
});

const map = (over: JsonObject = {}, answers: JsonObject = {}) =>
  new EmployeeMapper(config(answers)).map(employee(over), NOW).records;
const user = (over: JsonObject = {}, answers: JsonObject = {}) => {
  const [record] = map(over, answers);
  return record?.kind === 'user' ? record.user : record;
};

describe('BambooHR employee', () => {
  it('has names, address, job and manager', () => {
    expect(user()).toMatchObject({
      sourceId: '17',
      userName: 'ada@example.com',
      email: 'ada@example.com',
      emails: [{ primary: true, type: 'work', value: 'ada@example.com' }],
      firstName: 'Ada',
      lastName: 'Ahn',
      jobTitle: 'Engineer',
      customAttributes: {
        employee_number: '0042',
        employee_type: 'full_time',
        employment_status: 'active',
        employment_start_date: '2024-02-01',
        original_hire_date: '2019-05-01',
        manager_id: '3',
        department_name: 'Research',
        location_name: 'Linz',
        team_name: 'Blue',
      },
      raw: { employeeId: '17', firstName: 'Adaeze', departmentId: '9001' },
    });
  });

  it('makes groups of department, location and teams, by their ids', () => {
    expect(map().slice(1)).toEqual([
      {
        kind: 'group',
        group: { sourceId: 'department:9001', name: 'Research', raw: { type: 'department', id: '9001' } },
      },
      { kind: 'members', groupId: 'department:9001', members: [{ id: '17', kind: 'user' }] },
      {
        kind: 'group',
        group: { sourceId: 'location:55', name: 'Linz', raw: { type: 'location', id: '55' } },
      },
      { kind: 'members', groupId: 'location:55', members: [{ id: '17', kind: 'user' }] },
      { kind: 'group', group: { sourceId: 'team:7', name: 'Blue', raw: { type: 'team', id: '7' } } },
      { kind: 'members', groupId: 'team:7', members: [{ id: '17', kind: 'user' }] },
    ]);
  });

  it('without work e-mail has none, whatever else there is', () => {
    const answers = { personal_emails: true };
    expect(user({ workEmail: '', homeEmail: 'ada@home.test' }, answers)).toMatchObject({
      userName: null,
      email: null,
      emails: [{ primary: false, type: 'personal', value: 'ada@home.test' }],
    });
  });

  it('is not read beyond what was asked for', () => {
    const extra = { homeEmail: 'ada@home.test', payRate: '1', photoUrl: 'https://images.example.com/signed' };
    expect(JSON.stringify(user(extra))).not.toMatch(/home[.]test|payRate|signed/);
  });

  it('who reports to themselves has no manager', () => {
    expect(user({ reportsToId: '17' })).not.toHaveProperty('customAttributes.manager_id');
  });

  it.each([
    ['Contractor', 'contractor'],
    ['Part-Time', 'part_time'],
    ['Intern', 'intern'],
    ['International', 'other'],
    ['Seasonal', 'temporary'],
  ])('of the employment status %s works as %s', (employmentStatusName, type) => {
    expect(user({ employmentStatusName })).toHaveProperty('customAttributes.employee_type', type);
  });
});

describe('BambooHR state', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['active', {}, { active: true, stateReason: null, upcoming: null }],
    ['active without a hire date', { hireDate: '0000-00-00' }, { active: true }],
    [
      'a future hire, whom BambooHR calls inactive',
      { status: 'Inactive', hireDate: '2026-04-01', employmentStatusName: null },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'a future hire, whose kind of work is known already',
      { status: 'Inactive', hireDate: '2026-04-01', employmentStatusName: 'Full-Time' },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'inactive, and no date says since when',
      { status: 'Inactive', hireDate: '0000-00-00', employmentStatusName: 'Full-Time' },
      { active: false, stateReason: 'terminated', upcoming: null },
    ],
    [
      'the first day, on which BambooHR may be late',
      { status: 'Inactive', hireDate: '2026-03-02', employmentStatusName: null },
      { active: true, stateReason: null },
    ],
    [
      'inactive since the day after',
      { status: 'Inactive', hireDate: '2026-03-01', employmentStatusName: null },
      { active: false, stateReason: 'terminated' },
    ],
    [
      'a rehire, whose old end is before the new start',
      {
        status: 'Inactive',
        hireDate: '2026-04-01',
        terminationDate: '2023-01-31',
        employmentStatusName: null,
      },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'a hire that was called off',
      { status: 'Inactive', hireDate: '2026-04-01', terminationDate: '2026-04-01' },
      { active: false, stateReason: 'terminated', upcoming: null },
    ],
    [
      'not hired yet for a known day',
      { status: 'Inactive', hireDate: '0000-00-00', employmentStatusName: null },
      { active: false, stateReason: 'pending', upcoming: null },
    ],
    [
      'leaving',
      { terminationDate: '2026-03-31' },
      {
        active: true,
        upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' },
      },
    ],
    [
      'gone, though still called active',
      { terminationDate: '2026-02-27' },
      { active: false, stateReason: 'terminated' },
    ],
    ['inactive', { status: 'Inactive' }, { active: false, stateReason: 'terminated' }],
    [
      'called terminated',
      { employmentStatusName: 'Terminated' },
      { active: false, stateReason: 'terminated' },
    ],
    ['on leave', { employmentStatusName: 'Parental Leave' }, { active: true, stateReason: null }],
  ])('%s', (_name, over, expected) => {
    expect(user(over)).toMatchObject(expected);
  });

  it('on leave is as the directory wants it, by the labels that it names', () => {
    const answers = { leave_state: 'inactive', leave_statuses: ['Karenz'] };
    expect(user({ employmentStatusName: 'karenz' }, answers)).toMatchObject({ stateReason: 'on_leave' });
    expect(user({ employmentStatusName: 'Furloughed' }, answers)).toMatchObject({ active: true });
    expect(user({ employmentStatusName: 'Furloughed' }, { leave_state: 'inactive' })).toMatchObject({
      stateReason: 'on_leave',
    });
  });

  it('begins with the first day in the zone of the place of work, on which BambooHR may be late', () => {
    const late = {
      status: 'Inactive',
      hireDate: '2026-03-01',
      employmentStatusName: null,
      timezone: 'Pacific/Honolulu',
    };
    const stateAt = (now: string): unknown =>
      new EmployeeMapper(config()).map(employee(late), new Date(now)).records[0];
    expect(stateAt('2026-03-01T09:00:00Z')).toMatchObject({ user: { stateReason: 'pending' } });
    expect(stateAt('2026-03-02T09:00:00Z')).toMatchObject({ user: { active: true } });
    expect(stateAt('2026-03-02T10:00:00Z')).toMatchObject({ user: { stateReason: 'terminated' } });
  });

  it('ends with the day in the zone of the place of work', () => {
    const over = { terminationDate: '2026-03-01', timezone: 'Pacific/Honolulu' };
    const records = new EmployeeMapper(config()).map(
      employee(over),
      new Date('2026-03-02T09:00:00Z'),
    ).records;
    expect(records[0]).toMatchObject({
      user: { active: true, upcoming: { at: '2026-03-02T10:00:00.000Z' } },
    });
  });

  it.each([
    ['an unknown status', { status: 'Dormant' }],
    ['neither status nor dates', { status: null, hireDate: '0000-00-00' }],
    ['dates and no status', { status: null }],
    ['an end and no status', { status: null, terminationDate: '2026-02-27' }],
    ['a date that is none', { hireDate: '2026-02-30' }],
  ])('of %s is set aside under its id', (_name, over) => {
    const [record, ...groups] = map(over);
    expect(record).toMatchObject({ kind: 'invalid', of: 'user', id: '17' });
    expect(groups.filter(({ kind }) => kind === 'members')).toHaveLength(3);
  });
});

describe('BambooHR field that the key may not read', () => {
  it('is not known rather than empty', () => {
    expect(user({ hireDate: null, _restrictedFields: ['hireDate'] })).toEqual({
      kind: 'invalid',
      of: 'user',
      id: '17',
      problem: 'The API key may not read "hireDate" of this person.',
    });
  });

  it('and that is left out is not known either', () => {
    const { teams, ...rest } = employee();
    expect(teams).toBeDefined();
    expect(new EmployeeMapper(config()).map(rest, NOW).records).toMatchObject([
      { kind: 'invalid', id: '17', problem: expect.stringContaining('"teams"') },
    ]);
  });

  it('is empty when the admin said so', () => {
    const over = {
      departmentId: null,
      departmentName: null,
      _restrictedFields: ['departmentId', 'departmentName'],
    };
    const records = map(over, { unshared_fields: ['department'] });
    expect(records[0]?.kind).toBe('user');
    expect(records.flatMap((record) => (record.kind === 'group' ? [record.group.sourceId] : []))).toEqual([
      'location:55',
      'team:7',
    ]);
  });

  it('does not matter where it was not asked for', () => {
    expect(user({ _restrictedFields: ['photoUrl', 'timezone'] })).toMatchObject({ active: true });
  });
});

describe('BambooHR settings', () => {
  it.each(['acme', 'ACME', 'acme.bamboohr.com', 'https://acme.bamboohr.com/'])('take %s', (subdomain) => {
    expect(config({ subdomain }).subdomain).toBe('acme');
  });

  it('take no other host', () => {
    expect(() => config({ subdomain: 'acme.example.com' })).toThrow();
  });
});
