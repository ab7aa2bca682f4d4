import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { SnapshotRecord } from '#model';
import { readConfig } from './config.js';
import { flatten } from './flatten.js';
import { EmployeeMapper } from './map-employee.js';

const NOW = new Date('2026-03-02T08:00:00Z');
const LOCAL_MIDNIGHT = 'T00:00:00+02:00';

const EMPTY = {
  id: 17,
  first_name: 'Ada',
  last_name: 'Ahn',
  preferred_name: '',
  email: 'ada@example.com',
  status: 'active',
  position: '',
  supervisor: null,
  employment_type: 'internal',
  hire_date: `2020-06-01${LOCAL_MIDNIGHT}`,
  contract_end_date: null,
  termination_date: null,
  last_working_day: null,
  department: null,
  team: null,
  office: null,
  subcompany: null,
  cost_centers: [],
};

const employee = (values: JsonObject): JsonObject => ({
  type: 'Employee',
  attributes: Object.fromEntries(Object.entries(values).map(([label, value]) => [label, { label, value }])),
});

const read = (values: JsonObject, answers: JsonObject = {}): readonly SnapshotRecord[] =>
  new EmployeeMapper(readConfig({ client_id: 'c', client_secret: 's', ...answers })).map(
    flatten(employee({ ...EMPTY, ...values })),
    NOW,
  );

describe('state of an employee of Personio', () => {
  const end = `2026-03-31${LOCAL_MIDNIGHT}`;
  it.each<[string, JsonObject, JsonObject, object]>([
    ['active', {}, {}, { active: true, stateReason: null, upcoming: null }],
    ['on leave', { status: 'leave' }, {}, { active: true }],
    [
      'on leave, by settings',
      { status: 'leave' },
      { leave_state: 'inactive' },
      { active: false, stateReason: 'on_leave' },
    ],
    ['inactive', { status: 'inactive' }, {}, { active: false, stateReason: 'terminated' }],
    [
      'a future hire',
      { status: 'onboarding', hire_date: `2026-04-01${LOCAL_MIDNIGHT}` },
      {},
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'terminated in the future',
      { termination_date: end },
      {},
      {
        active: true,
        upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' },
      },
    ],
    [
      'terminated in the past, status late',
      { termination_date: `2026-03-01${LOCAL_MIDNIGHT}` },
      {},
      { active: false, stateReason: 'terminated' },
    ],
    [
      'on garden leave',
      { termination_date: end, last_working_day: `2026-03-01${LOCAL_MIDNIGHT}` },
      { garden_leave_state: 'inactive' },
      { active: false, stateReason: 'on_leave', upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
    [
      'soon on garden leave',
      { termination_date: end, last_working_day: `2026-03-14${LOCAL_MIDNIGHT}` },
      { garden_leave_state: 'inactive' },
      { active: true, upcoming: { at: '2026-03-15T00:00:00.000Z', active: false, stateReason: 'on_leave' } },
    ],
    [
      'on leave without access, and not coming back',
      { status: 'leave', termination_date: end, last_working_day: `2026-03-14${LOCAL_MIDNIGHT}` },
      { leave_state: 'inactive', garden_leave_state: 'inactive' },
      { active: false, upcoming: { at: '2026-04-01T00:00:00.000Z', stateReason: 'terminated' } },
    ],
    [
      'on garden leave that changes nothing',
      { termination_date: end, last_working_day: `2026-03-01${LOCAL_MIDNIGHT}` },
      {},
      { active: true, upcoming: { at: '2026-04-01T00:00:00.000Z' } },
    ],
    [
      'hired again for a term that is over',
      {
        termination_date: `2024-01-31${LOCAL_MIDNIGHT}`,
        hire_date: `2025-01-01${LOCAL_MIDNIGHT}`,
        contract_end_date: `2026-03-01${LOCAL_MIDNIGHT}`,
      },
      { contract_end: true },
      { active: false, stateReason: 'terminated' },
    ],
    [
      'hired again after a termination',
      { termination_date: `2024-01-31${LOCAL_MIDNIGHT}`, hire_date: `2025-01-01${LOCAL_MIDNIGHT}` },
      {},
      { active: true, upcoming: null },
    ],
    [
      'at the end of a contract',
      { contract_end_date: `2026-03-01${LOCAL_MIDNIGHT}` },
      {},
      { active: true, upcoming: null },
    ],
    [
      'at the end of a contract, by settings',
      { contract_end_date: `2026-03-01${LOCAL_MIDNIGHT}` },
      { contract_end: true },
      { active: false, stateReason: 'terminated' },
    ],
  ])('%s', (...[, values, answers, state]) => {
    expect(read(values, answers)).toMatchObject([{ kind: 'user', user: state }]);
  });

  it.each<[string, JsonObject]>([
    ['of an unknown status', { status: 'paused' }],
    ['of a status that objects know', { status: 'constructor' }],
    ['of a status that stands for objects', { status: '__proto__' }],
    ['with neither status nor dates', { status: null, hire_date: null }],
    ['with dates and no status', { status: null }],
    ['with an empty status', { status: '' }],
    ['with an end and no status', { status: null, termination_date: '2026-01-31' }],
    ['with a date that is none', { hire_date: 'soon' }],
    ['with an office without id', { office: { type: 'Office', attributes: { name: 'Vienna' } } }],
    ['with a department that is no reference', { department: 'Research' }],
  ])('%s is set aside under its id', (_, values) => {
    expect(read(values)[0]).toMatchObject({ kind: 'invalid', of: 'user', id: '17' });
  });
});

describe('groups of an employee of Personio who is set aside', () => {
  const department = { type: 'Department', attributes: { id: 4, name: 'Research' } };

  it('stay as they can be read', () => {
    expect(read({ status: 'paused', department })).toMatchObject([
      { kind: 'invalid', of: 'user' },
      { kind: 'group', group: { sourceId: 'department:4', name: 'Research' } },
      { kind: 'members', groupId: 'department:4', members: [{ id: '17', kind: 'user' }] },
    ]);
  });

  it('are unknown where they cannot be read, so that nobody leaves one', () => {
    const unknown = [
      { kind: 'invalid', of: 'user' },
      { kind: 'invalid', of: 'group', id: null },
      { kind: 'invalid', of: 'membership', id: null },
    ];
    expect(read({ department: 'Research' })).toMatchObject(unknown);
    expect(read({ department: 'Research' }, { group_types: ['none'] })).toHaveLength(1);
  });
});

describe('employee of Personio', () => {
  const user = (values: JsonObject, answers: JsonObject = {}): unknown => {
    const [record] = read(values, answers);
    return record?.kind === 'user' ? record.user : record;
  };

  it('whose record lacks an attribute is set aside: what was not sent is not empty', () => {
    const mapper = new EmployeeMapper(readConfig({ client_id: 'c', client_secret: 's' }));
    const { department: _, ...values } = EMPTY;
    expect(mapper.map(flatten(employee(values)), NOW)[0]).toMatchObject({
      kind: 'invalid',
      id: '17',
      problem: '"department" was not sent.',
    });
  });

  it('keeps dates as they are written, whatever the offset', () => {
    expect(user({ hire_date: '1983-09-01T00:00:00+02:00' })).toMatchObject({
      customAttributes: { employment_start_date: '1983-09-01' },
    });
  });

  it.each([
    ['', 'Ada'],
    ['Addie', 'Addie'],
    ['Addie Ahn', 'Addie'],
  ])('called "%s" is %s', (preferred_name, firstName) => {
    expect(user({ preferred_name })).toMatchObject({ firstName, lastName: 'Ahn' });
  });

  it('without an address has none', () => {
    expect(user({ email: null })).toMatchObject({ sourceId: '17', userName: null, email: null, emails: [] });
  });

  it('from outside is a contractor', () => {
    expect(user({ employment_type: 'external' })).toMatchObject({
      customAttributes: { employee_type: 'contractor' },
    });
  });

  const supervisor = (id: number): JsonObject => employee({ id, email: 'boss@example.com' });
  it('has a manager, unless it is the same person', () => {
    expect(user({ supervisor: supervisor(16) })).toMatchObject({
      customAttributes: { manager_id: '16', manager_email: 'boss@example.com' },
    });
    expect(user({ supervisor: supervisor(17) })).not.toHaveProperty('customAttributes.manager_id');
    expect(user({ supervisor: supervisor(17) })).not.toHaveProperty('customAttributes.manager_email');
  });

  it('keeps the attributes that were asked for', () => {
    const custom_attributes = ['dynamic_1'];
    expect(user({ dynamic_1: 'A-17', dynamic_2: 'x' }, { custom_attributes })).toMatchObject({
      customAttributes: { dynamic_1: 'A-17' },
    });
    expect(user({ dynamic_1: 'A-17', dynamic_2: 'x' }, { custom_attributes })).not.toHaveProperty(
      'customAttributes.dynamic_2',
    );
  });
});
