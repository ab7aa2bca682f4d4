import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { readConfig } from './config.js';
import { Locations } from './locations.js';
import { mapDepartment } from './map-department.js';
import { PersonMapper } from './map-person.js';

const NOW = new Date('2026-03-02T08:00:00Z');
const ANSWERS = { client_id: 'c', client_secret: 's', refresh_token: 'r' };
const LOCATIONS = new Locations([
  { uuid: 'l1', street_1: '1 Main St', city: 'Denver', state: 'CO' },
  { uuid: 'l2', street_1: 7 },
]);

const employee = (fields: JsonObject = {}): JsonObject => ({
  uuid: 'e1',
  first_name: 'Ada',
  last_name: 'Ahn',
  preferred_first_name: null,
  email: 'home@example.test',
  work_email: 'ada@example.com',
  terminated: false,
  onboarded: true,
  current_employment_status: 'full_time',
  jobs: [{ uuid: 'j1', primary: true, title: 'Engineer', hire_date: '2024-02-01' }],
  terminations: [],
  ...fields,
});

const contractor = (fields: JsonObject = {}): JsonObject => ({
  uuid: 'c1',
  type: 'Individual',
  first_name: 'Bo',
  last_name: 'Berg',
  email: 'bo@example.test',
  is_active: true,
  onboarded: true,
  start_date: '2024-02-01',
  dismissal_date: null,
  ...fields,
});

function mapAll(
  value: JsonObject,
  population: 'employees' | 'contractors' = 'employees',
  answers: JsonObject = {},
): readonly SnapshotRecord[] {
  const mapper = new PersonMapper(readConfig({ ...ANSWERS, ...answers }));
  return mapper.map(value, population, { locations: LOCATIONS, now: NOW });
}

function map(...given: Parameters<typeof mapAll>): SnapshotUser {
  const [record] = mapAll(...given);
  if (record?.kind !== 'user') throw new Error(JSON.stringify(record));
  return record.user;
}

const ACTIVE = { active: true, stateReason: null };
const PENDING = { active: false, stateReason: 'pending' };
const GONE = { active: false, stateReason: 'terminated', upcoming: null };
const job = (hire_date: string): JsonObject[] => [{ primary: true, title: 'Engineer', hire_date }];
const ending = (effective_date: string, active: boolean): JsonObject => ({ effective_date, active });

describe('the state of an employee', () => {
  it.each<[string, JsonObject, object]>([
    ['works here', {}, { ...ACTIVE, upcoming: null }],
    ['is onboarding', { onboarded: false, jobs: [] }, { ...PENDING, upcoming: null }],
    ['is onboarding after the first day', { onboarded: false }, { ...PENDING, upcoming: null }],
    [
      'starts later',
      { jobs: job('2026-04-01') },
      { ...PENDING, upcoming: { at: '2026-04-01T00:00:00.000Z', active: true, stateReason: null } },
    ],
    [
      'will leave',
      { terminations: [ending('2026-03-31', false)] },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' } },
    ],
    [
      'will leave, though Gusto does not say whether they have',
      { terminations: [{ effective_date: '2026-03-31' }] },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z', active: false } },
    ],
    ['has the last day today', { terminations: [ending('2026-03-02', false)] }, ACTIVE],
    ['had the last day, and Gusto is late', { terminations: [ending('2026-03-01', false)] }, GONE],
    ['has left', { terminated: true, terminations: [ending('2026-01-31', true)] }, GONE],
    ['has left, and nobody knows when', { terminated: true }, GONE],
    [
      'left and was hired again',
      { terminations: [ending('2025-06-30', true)] },
      { ...ACTIVE, upcoming: null },
    ],
    [
      'was hired again and will leave again',
      { terminations: [ending('2025-06-30', true), ending('2026-03-31', false)] },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
  ])('who %s', (_, fields, expected) => {
    expect(map(employee(fields))).toMatchObject(expected);
  });

  it.each<[string, JsonObject]>([
    ['a date that is none', { terminations: [ending('soon', false)] }],
    ['an address that is no text', { work_email: 17 }],
    ['a flag that is no flag', { terminated: 'no' }],
  ])('stays as it was with %s', (_, fields) => {
    expect(mapAll(employee(fields))[0]).toMatchObject({ kind: 'invalid', of: 'user', id: 'e1' });
  });

  it.each(['terminated', 'onboarded', 'jobs', 'terminations'])(
    'stays as it was when "%s" is not sent, or sent as null',
    (name) => {
      const { [name]: _, ...rest } = employee();
      expect(mapAll(rest)[0]).toMatchObject({ kind: 'invalid', id: 'e1' });
      expect(mapAll(employee({ [name]: null }))[0]).toMatchObject({ kind: 'invalid', id: 'e1' });
    },
  );

  it('leaves all places alone when the jobs, which tell them, are not sent', () => {
    expect(mapAll(employee({ jobs: null })).slice(1)).toMatchObject([
      { kind: 'invalid', of: 'group', id: null },
      { kind: 'invalid', of: 'membership', id: null },
    ]);
  });
});

describe('the state of a contractor', () => {
  it.each<[string, JsonObject, object]>([
    ['works here', {}, { ...ACTIVE, upcoming: null }],
    ['is onboarding', { onboarded: false }, PENDING],
    ['starts later', { start_date: '2026-04-01' }, PENDING],
    [
      'will be dismissed',
      { dismissal_date: '2026-03-31' },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
    ['was dismissed', { is_active: false, dismissal_date: '2026-01-31' }, GONE],
    [
      'was dismissed and comes back',
      { is_active: false, dismissal_date: '2026-01-31', upcoming_employment: { start_date: '2026-04-01' } },
      { ...PENDING, upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
    ['came back', { start_date: '2026-02-01', dismissal_date: '2025-06-30' }, { ...ACTIVE, upcoming: null }],
    [
      'works here until the end of the month and comes back later',
      { dismissal_date: '2026-03-31', upcoming_employment: { start_date: '2026-05-01' } },
      { ...ACTIVE, upcoming: { at: '2026-04-01T00:00:00.000Z', active: false } },
    ],
    [
      'has no start yet but one to come',
      { start_date: null, upcoming_employment: { start_date: '2026-04-01' } },
      { ...PENDING, upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
  ])('who %s', (_, fields, expected) => {
    const user = map(contractor(fields), 'contractors');
    expect(user).toMatchObject(expected);
    expect(user.customAttributes['employee_type']).toBe('contractor');
  });

  it('stays as it was when the flag is not sent', () => {
    const { is_active: _, ...rest } = contractor();
    expect(mapAll(rest, 'contractors')[0]).toMatchObject({ kind: 'invalid', id: 'c1' });
    expect(mapAll(contractor({ is_active: null }), 'contractors')[0]).toMatchObject({ kind: 'invalid' });
  });

  it('is nobody when it is a business, also one that was a person before', () => {
    const business = { uuid: 'c1', type: 'Business', business_name: 'Example LLC', is_active: true };
    expect(mapAll(business, 'contractors')).toEqual([
      { kind: 'removed', of: 'user', id: 'c1', reason: expect.any(String) },
    ]);
  });
});

describe('the record of a person', () => {
  it('never takes the personal address for the main one', () => {
    const fields = { work_email: null };
    expect(map(employee(fields))).toMatchObject({ userName: null, email: null, emails: [] });
    expect(map(employee(fields), 'employees', { personal_emails: true })).toMatchObject({
      userName: null,
      email: null,
      emails: [{ primary: false, type: 'personal', value: 'home@example.test' }],
    });
    expect(map(contractor(), 'contractors')).toMatchObject({ email: null, emails: [] });
  });

  it('has the preferred name, the primary job and the manager', () => {
    const jobs = [{ title: 'Second', primary: false, hire_date: '2023-01-01' }, ...job('2024-02-01')];
    const fields = { preferred_first_name: 'Addie', jobs, manager_uuid: 'e2', department: 'Research' };
    const user = map(employee(fields));
    expect(user).toMatchObject({ firstName: 'Addie', jobTitle: 'Engineer' });
    expect(user.customAttributes).toMatchObject({
      manager_id: 'e2',
      department_name: 'Research',
      employment_start_date: '2024-02-01',
      employee_type: 'full_time',
    });
    expect(map(employee({ manager_uuid: 'e1' })).customAttributes['manager_id']).toBeUndefined();
  });

  it.each([
    ['part_time_under_twenty_hours', 'part_time'],
    ['part_time_twenty_plus_hours', 'part_time'],
    ['seasonal', 'temporary'],
    ['variable', 'other'],
    [null, undefined],
  ])('has the type of employment: %s is %s', (word, expected) => {
    const user = map(employee({ current_employment_status: word }));
    expect(user.customAttributes['employee_type']).toBe(expected);
  });

  it('keeps nothing of pay, birth or identity', () => {
    const jobs = [
      { primary: true, hire_date: '2024-02-01', rate: '777.00', compensations: [{ rate: '777.00' }] },
    ];
    const user = map(employee({ jobs, date_of_birth: '1990-01-01', ssn: '000-00-0000', home_address: {} }));
    expect(JSON.stringify(user)).not.toMatch(/777|1990|000-00|home/);
  });

  it('is in the place of the primary job, by its address', () => {
    const at = (location_uuid: string): JsonObject => ({
      jobs: [{ ...job('2024-02-01')[0], location_uuid }],
    });
    expect(mapAll(employee(at('l1'))).slice(1)).toMatchObject([
      { kind: 'group', group: { sourceId: 'location:l1', name: '1 Main St, Denver, CO' } },
      { kind: 'members', groupId: 'location:l1' },
    ]);
    expect(mapAll(employee(at('l2')))[1]).toMatchObject({ group: { sourceId: 'location:l2', name: 'l2' } });
  });
});

describe('a department', () => {
  const department = (fields: JsonObject = {}): JsonObject => ({
    uuid: 'd1',
    title: 'Research',
    employees: [{ uuid: 'e1' }],
    contractors: [{ uuid: 'c1' }],
    ...fields,
  });

  it('has employees, and contractors when they are read', () => {
    const members = (contractors: boolean): unknown =>
      mapDepartment(department(), contractors).flatMap((record) =>
        record.kind === 'members' ? record.members.map(({ id }) => id) : [],
      );
    expect(members(true)).toEqual(['e1', 'c1']);
    expect(members(false)).toEqual(['e1']);
  });

  it.each<[string, JsonObject]>([
    ['does not tell its members', { employees: 'not sent' }],
    ['has a member without an id', { employees: [{}] }],
  ])('that %s loses nobody', (_, fields) => {
    const { employees, ...rest } = department(fields);
    const value = employees === 'not sent' ? rest : { ...rest, employees: employees ?? null };
    const records = mapDepartment(value, true);
    expect(records.map(({ kind }) => kind)).not.toContain('members');
    expect(records).toContainEqual(
      expect.objectContaining({ kind: 'invalid', of: 'membership', id: 'department:d1' }),
    );
  });

  it('without a name stays as it was', () => {
    expect(mapDepartment(department({ title: '' }), true)[0]).toMatchObject({
      kind: 'invalid',
      of: 'group',
      id: 'department:d1',
    });
  });
});
