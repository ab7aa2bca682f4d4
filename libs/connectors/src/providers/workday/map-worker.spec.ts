import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { readConfig } from './config.js';
import { WorkerMapper } from './map-worker.js';
import { plainDate } from './plain-date.js';

const NOW = new Date('2026-03-02T12:00:00Z');
const URL = 'https://wd5-services1.myworkday.com/ccx/service/customreport2/acme/isu/Workers';

const map = (
  fields: JsonObject,
  answers: JsonObject = {},
  {
    hasStatus = true,
    hasActive = false,
    hidden = [],
  }: { hasStatus?: boolean; hasActive?: boolean; hidden?: string[] } = {},
): readonly SnapshotRecord[] => {
  const { rules } = readConfig({ username: 'isu', password: 'p', users_report_url: URL, ...answers });
  const mapper = new WorkerMapper({ rules, hasStatus, hasActive, derivesGroups: true });
  return mapper.map({ fields: { id: 'w1', ...fields }, hidden }, NOW);
};

const user = (fields: JsonObject, answers: JsonObject = {}): SnapshotUser => {
  const [record] = map(fields, answers);
  if (record?.kind !== 'user') throw new Error(JSON.stringify(record));
  return record.user;
};

describe('Workday worker', () => {
  it('has a login, or the work address, or nothing', () => {
    const base = { active: '1', work_email: 'ada@example.com' };
    expect(user({ ...base, user_name: 'aahn' })).toMatchObject({
      userName: 'aahn',
      email: 'ada@example.com',
    });
    expect(user(base).userName).toBe('ada@example.com');
    expect(user({ active: '1', home_email: 'ada@home.test' })).toMatchObject({
      userName: null,
      email: null,
      emails: [{ primary: false, type: 'home', value: 'ada@home.test' }],
    });
  });

  it('keeps what links a rehire under another id', () => {
    expect(user({ active: '1', universal_id: 'U7' }).personKey).toBe('U7');
  });

  it.each<[string, JsonObject, JsonObject, Partial<SnapshotUser>]>([
    ['works', { active: '1', hire_date: '2024-01-01' }, {}, { active: true, stateReason: null }],
    ['says so in words', { active: 'Active' }, {}, { active: true }],
    ['says in a word that they do not work', { active: 'Inactive' }, {}, { active: false }],
    ['was terminated', { active: '0', terminated: '1' }, {}, { active: false, stateReason: 'terminated' }],
    [
      'was terminated, whatever the flag of activity says',
      { active: '1', terminated: '1', termination_date: '2026-06-30' },
      {},
      { active: false, stateReason: 'terminated' },
    ],
    [
      'says that it is over in words',
      { active: 'Terminated' },
      {},
      { active: false, stateReason: 'terminated' },
    ],
    ['is retired', { active: '0', retired: '1' }, {}, { active: false, stateReason: 'terminated' }],
    [
      'has an end to come',
      { active: '1', hire_date: '2024-01-01', termination_date: '2026-03-31' },
      {},
      {
        active: true,
        upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' },
      },
    ],
    [
      'has an end that Workday has not got round to',
      { active: '1', hire_date: '2024-01-01', termination_date: '2026-03-01' },
      {},
      { active: false, stateReason: 'terminated' },
    ],
    [
      'works on the last day still',
      { active: '1', hire_date: '2024-01-01', termination_date: '2026-03-02' },
      {},
      { active: true },
    ],
    [
      'begins later, active or not',
      { active: '1', hire_date: '2026-05-04' },
      {},
      {
        active: false,
        stateReason: 'pending',
        upcoming: { at: '2026-05-04T00:00:00.000Z', active: true, stateReason: null },
      },
    ],
    ['begins later, inactive', { active: '0', hire_date: '2026-05-04' }, {}, { stateReason: 'pending' }],
    ['begins today, inactive still', { active: '0', hire_date: '2026-03-02' }, {}, { active: true }],
    [
      'begins later as a contingent worker, whose contract has an end',
      {
        active: '0',
        worker_type: 'Contingent Worker',
        hire_date: '2026-05-04',
        contract_end_date: '2026-12-31',
      },
      {},
      {
        active: false,
        stateReason: 'pending',
        upcoming: { at: '2026-05-04T00:00:00.000Z', active: true, stateReason: null },
      },
    ],
    [
      'is let in days before a contract of their own begins',
      {
        active: '0',
        worker_type: 'Contingent Worker',
        hire_date: '2026-03-05',
        contract_end_date: '2026-12-31',
      },
      { prehire_lead_days: 5 },
      { active: true },
    ],
    [
      'was to begin later and will not come',
      { active: '0', hire_date: '2026-05-04', termination_date: '2026-05-04' },
      {},
      { active: false, stateReason: 'terminated' },
    ],
    [
      'was hired again: an end before the start is of the employment before',
      { active: '1', hire_date: '2026-01-01', termination_date: '2025-06-30' },
      {},
      { active: true, stateReason: null, upcoming: null },
    ],
    [
      'was never hired after all',
      { active: '0', hire_date: '2026-05-04', hire_rescinded: '1' },
      {},
      { stateReason: 'terminated' },
    ],
    ['is on leave', { active: '1', on_leave: '1' }, {}, { active: true }],
    ['is on leave that makes inactive', { active: '0', on_leave: '1' }, {}, { active: true }],
    [
      'is on leave, which the directory deactivates',
      { active: '1', on_leave: '1' },
      { leave_state: 'inactive' },
      { active: false, stateReason: 'on_leave' },
    ],
    [
      'has left while on leave',
      { active: '0', on_leave: '1', hire_date: '2024-01-01', termination_date: '2026-02-01' },
      { trust_dates: false },
      { active: false, stateReason: 'terminated' },
    ],
    [
      'is released before the end',
      {
        active: '1',
        hire_date: '2024-01-01',
        termination_date: '2026-05-31',
        last_day_of_work: '2026-02-27',
      },
      { garden_leave_state: 'inactive' },
      { active: false, stateReason: 'on_leave' },
    ],
  ])('who %s', (_what, ...[fields, answers, expected]) => {
    expect(user(fields, answers)).toMatchObject(expected);
  });

  it('ends a contingent worker with the contract, and nobody else', () => {
    const contract = { active: '1', hire_date: '2025-01-01', contract_end_date: '2026-02-01' };
    expect(user({ ...contract, worker_type: 'Contingent Worker' })).toMatchObject({
      active: false,
      stateReason: 'terminated',
      customAttributes: { employee_type: 'contractor', employment_end_date: '2026-02-01' },
    });
    expect(user({ ...contract, worker_type: 'Employee' }).active).toBe(true);
    // Of an earlier contract.
    const renewed = { ...contract, worker_type: 'Contingent Worker', termination_date: '2024-06-30' };
    expect(user(renewed)).toMatchObject({ active: false, stateReason: 'terminated' });
  });

  it.each([
    ['Regular', 'Full_time', 'full_time'],
    ['Intern (Fixed Term)', 'Full_time', 'intern'],
    ['Seasonal', null, 'temporary'],
    ['Regular', 'Part_time', 'part_time'],
    ['Regular', null, 'other'],
  ])('sorts %s, %s under %s', (employee_type, time_type, expected) => {
    const fields = { active: '1', employee_type, ...(time_type === null ? {} : { time_type }) };
    expect(user(fields).customAttributes['employee_type']).toBe(expected);
  });

  it('is in organizations, the first of a kind by name', () => {
    const labels: JsonObject[] = [
      { type: 'department', id: 'S1', name: 'Research' },
      { type: 'department', id: 'S2', name: 'Board' },
      { type: 'location', name: 'Vienna' },
    ];
    const records = map({ active: '1', labels });
    expect(records.filter(({ kind }) => kind === 'members')).toHaveLength(3);
    expect(records.flatMap((record) => (record.kind === 'group' ? [record.group.sourceId] : []))).toEqual([
      'department:S1',
      'department:S2',
      'location:name:vienna',
    ]);
    expect(records[0]).toMatchObject({
      user: { customAttributes: { department_name: 'Research', location_name: 'Vienna' } },
    });
  });

  it.each([
    ['w1', {}],
    ['000042', { employee_id: '000042' }],
  ])('has no manager who is the worker: %s', (manager_id, fields) => {
    expect(user({ active: '1', ...fields, manager_id }).customAttributes).not.toHaveProperty('manager_id');
  });

  it.each<[JsonObject, string]>([
    [{ active: 'perhaps' }, '"active" has an unknown value'],
    [{ active: '1', terminated: 'x' }, '"terminated" has an unknown value'],
    [{ active: '1', hire_date: 'soon' }, '"hire_date" is not a date'],
    [{}, 'neither a status nor a date'],
    [{ active: '1', user_name: 'a\u0000' }, 'U+0000'],
  ])('is set aside, and stays in the groups: %j', (fields, problem) => {
    const records = map({ ...fields, labels: [{ type: 'company', id: 'C' }] });
    expect(records[0]).toMatchObject({
      kind: 'invalid',
      of: 'user',
      id: 'w1',
      problem: expect.stringContaining(problem),
    });
    expect(records).toContainEqual(expect.objectContaining({ kind: 'members', groupId: 'company:C' }));
  });

  it('is set aside where everybody’s data is hidden', () => {
    const [record] = map({ active: '1' }, {}, { hidden: ['Name_Data'] });
    expect(record).toMatchObject({
      kind: 'invalid',
      id: 'w1',
      problem: expect.stringContaining('Name_Data'),
    });
  });

  it('is set aside where others have the flag of activity, unless it is over by what is said', () => {
    const read = (fields: JsonObject, answers: JsonObject = {}): SnapshotRecord | undefined =>
      map(fields, answers, { hasActive: true })[0];
    const unsaid: readonly JsonObject[] = [
      { hire_date: '2024-01-01' },
      { terminated: '0' },
      { on_leave: '1' },
    ];
    const over: readonly JsonObject[] = [
      { terminated: '1' },
      { hire_date: '2024-01-01', termination_date: '2026-03-01' },
    ];
    for (const fields of unsaid)
      expect(read(fields)).toMatchObject({
        kind: 'invalid',
        problem: expect.stringContaining('"active" is missing'),
      });
    for (const fields of over)
      expect(read(fields)).toMatchObject({ user: { active: false, stateReason: 'terminated' } });
    expect(over.map((fields) => read(fields, { trust_dates: false })?.kind)).toEqual(['user', 'invalid']);
  });

  it('leaves all groups alone when nobody can say who it is', () => {
    const records = new WorkerMapper({
      rules: readConfig({ username: 'isu', password: 'p', users_report_url: URL }).rules,
      hasStatus: true,
      hasActive: true,
      derivesGroups: true,
    }).map({ fields: { active: '1' }, hidden: [] }, NOW);
    expect(records).toMatchObject([
      { kind: 'invalid', of: 'user', id: null },
      { kind: 'invalid', of: 'group', id: null },
      { kind: 'invalid', of: 'membership', id: null },
    ]);
  });

  it('counts as active in a report without any status, and only there', () => {
    expect(map({ name: 'Ada' }, {}, { hasStatus: false })[0]).toMatchObject({ user: { active: true } });
    expect(map({ terminated: '1' }, {}, { hasStatus: false })[0]).toMatchObject({ user: { active: false } });
  });
});

describe('plainDate', () => {
  it.each([
    ['2026-03-02', '2026-03-02'],
    ['2026-03-02-08:00', '2026-03-02'],
    ['2026-03-02+13:00', '2026-03-02'],
    ['2026-03-02Z', '2026-03-02'],
    ['2026-03-01T23:59:59.999-08:00', '2026-03-01'],
    ['02/03/2026', '02/03/2026'],
    ['2026-03-021', '2026-03-021'],
  ])('takes %s for the day %s', (text, day) => {
    expect(plainDate(text)).toBe(day);
  });
});
