import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { readConfig } from './config.js';
import { PersonMapper } from './map-person.js';

const NOW = new Date('2026-03-02T12:00:00Z');
const ID = '3332883884017713238';

const config = (over: JsonObject = {}): ReturnType<typeof readConfig> =>
  readConfig({ service_user_id: 'SERVICE-1', service_user_token: 't', ...over });

interface Parts {
  readonly root?: JsonObject;
  readonly work?: JsonObject;
  readonly internal?: JsonObject;
  readonly more?: JsonObject;
}

const person = ({ root, work, internal, more }: Parts = {}): JsonObject => ({
  id: ID,
  email: 'ada@example.com',
  firstName: 'Ada',
  surname: 'Ahn',
  displayName: 'Ada Ahn',
  '/root/id': { value: ID },
  work: {
    title: '77',
    department: '209192163',
    site: 'Vienna',
    siteId: 2606110,
    startDate: '2024-02-01',
    originalStartDate: '2019-05-01',
    employeeIdInCompany: 42,
    reportsTo: { id: '3332883884017713200', email: 'bo@example.com', firstName: 'Bo' },
    ...work,
  },
  internal: { status: 'Active', lifecycleStatus: 'employed', ...internal },
  humanReadable: {
    work: {
      title: 'Engineer',
      department: 'Research',
      site: 'Vienna',
      siteId: 'Vienna',
      startDate: '01/02/2024',
    },
  },
  ...root,
  ...more,
});

const map = (parts: Parts = {}, answers: JsonObject = {}) =>
  new PersonMapper(config(answers)).map(ID, person(parts), NOW);
const user = (parts: Parts = {}, answers: JsonObject = {}) => {
  const [record] = map(parts, answers);
  return record?.kind === 'user' ? record.user : record;
};

describe('HiBob person', () => {
  it('has names, address, job and manager, labels where Bob has ids', () => {
    expect(user()).toMatchObject({
      sourceId: ID,
      userName: 'ada@example.com',
      email: 'ada@example.com',
      emails: [{ primary: true, type: 'work', value: 'ada@example.com' }],
      firstName: 'Ada',
      lastName: 'Ahn',
      name: 'Ada Ahn',
      jobTitle: 'Engineer',
      customAttributes: {
        employee_number: '42',
        employment_status: 'active',
        employment_start_date: '2024-02-01',
        original_hire_date: '2019-05-01',
        manager_id: '3332883884017713200',
        manager_email: 'bo@example.com',
        department_name: 'Research',
        location_name: 'Vienna',
      },
      raw: { id: ID, 'work.department': '209192163' },
    });
  });

  it('makes groups by the ids of list items, named as people see them', () => {
    const field = 'work.custom.field_9';
    const work = { custom: { field_9: '5' } };
    const more = { humanReadable: { work: { department: 'Research', custom: { field_9: 'Blue' } } } };
    const groups = map({ work, more }, { team_field: field }).flatMap((record) =>
      record.kind === 'group' ? [[record.group.sourceId, record.group.name]] : [],
    );
    expect(groups).toEqual([
      ['department:209192163', 'Research'],
      ['location:2606110', 'Vienna'],
      ['team:5', 'Blue'],
    ]);
    expect(map({ work, more }, { team_field: field }).filter(({ kind }) => kind === 'members')).toHaveLength(
      3,
    );
  });

  it('is read from the keys with slashes where there are no objects', () => {
    const { work, ...rest } = person();
    expect(work).toBeDefined();
    const slashed = {
      ...rest,
      '/work/startDate': { value: '2024-02-01' },
      '/work/department': { value: '9' },
    };
    const [record, group] = new PersonMapper(config()).map(ID, slashed, NOW);
    expect(record).toMatchObject({ user: { customAttributes: { employment_start_date: '2024-02-01' } } });
    expect(group).toMatchObject({ group: { sourceId: 'department:9', name: 'Research' } });
  });

  it('without login has no address, whatever else there is', () => {
    const parts = { root: { email: null }, more: { home: { privateEmail: 'ada@home.test' } } };
    expect(user(parts, { personal_emails: true })).toMatchObject({
      userName: null,
      email: null,
      emails: [{ primary: false, type: 'personal', value: 'ada@home.test' }],
    });
    expect(JSON.stringify(user(parts))).not.toContain('home.test');
  });

  it('who reports to themselves has no manager, and one that is only an id is one', () => {
    expect(user({ work: { reportsTo: { id: ID, email: 'ada@example.com' } } })).not.toHaveProperty(
      'customAttributes.manager_email',
    );
    expect(user({ work: { reportsTo: '17' } })).toHaveProperty('customAttributes.manager_id', '17');
  });

  it.each([
    [{ type: 'Permanent', contract: 'Full time' }, 'full_time'],
    [{ type: 'Permanent', contract: 'Part time' }, 'part_time'],
    [{ type: 'Temporary', contract: 'Full time' }, 'temporary'],
    [{ type: 'Contractor', contract: 'Full time' }, 'contractor'],
    [{ type: 'Permanent' }, 'other'],
  ])('of the employment %j works as %s', (employment, type) => {
    const parts = { more: { payroll: { employment } } };
    expect(user(parts, { employment_type: true })).toHaveProperty('customAttributes.employee_type', type);
    expect(user(parts)).not.toHaveProperty('customAttributes.employee_type');
  });
});

describe('HiBob state', () => {
  const inactive = { status: 'Inactive' };

  it.each<[string, Parts, JsonObject]>([
    ['employed', {}, { active: true, stateReason: null, upcoming: null }],
    [
      'a future hire whom Bob calls active already',
      { work: { startDate: '2026-04-01' }, internal: { lifecycleStatus: 'hired' } },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'a future hire whom Bob calls inactive',
      { work: { startDate: '2026-04-01' }, internal: { ...inactive, lifecycleStatus: 'hired' } },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'a rehire, whose old end is before the new start',
      {
        work: { startDate: '2026-04-01' },
        internal: { ...inactive, lifecycleStatus: 'hired', terminationDate: '2023-01-31' },
      },
      { active: false, stateReason: 'pending', upcoming: { at: '2026-04-01T00:00:00.000Z', active: true } },
    ],
    [
      'rehired',
      { work: { startDate: '2026-01-01' }, internal: { terminationDate: '2023-01-31' } },
      { active: true, stateReason: null },
    ],
    [
      'a hire that was called off',
      {
        work: { startDate: '2026-04-01' },
        internal: { ...inactive, lifecycleStatus: 'terminated', terminationDate: '2026-04-01' },
      },
      { active: false, stateReason: 'terminated', upcoming: null },
    ],
    [
      'a hire with an end and no beginning of work',
      {
        work: { startDate: '2026-04-01' },
        internal: { ...inactive, lifecycleStatus: 'hired', terminationDate: '2026-04-01' },
      },
      { active: false, stateReason: 'terminated', upcoming: null },
    ],
    [
      'leaving',
      { internal: { terminationDate: '2026-03-31' } },
      {
        active: true,
        upcoming: { at: '2026-04-01T00:00:00.000Z', active: false, stateReason: 'terminated' },
      },
    ],
    [
      'gone, though still called employed',
      { internal: { terminationDate: '2026-02-27' } },
      { active: false, stateReason: 'terminated' },
    ],
    ['inactive', { internal: inactive }, { active: false, stateReason: 'terminated' }],
    [
      'a leaver, who is on no leave',
      { internal: { ...inactive, lifecycleStatus: 'Leaver' } },
      { active: false, stateReason: 'terminated' },
    ],
    [
      'terminated',
      { internal: { ...inactive, lifecycleStatus: 'Terminated' } },
      { active: false, stateReason: 'terminated' },
    ],
    [
      'on garden leave, before the end',
      { internal: { lifecycleStatus: 'Garden leave', terminationDate: '2026-05-31' } },
      { active: false, stateReason: 'on_leave' },
    ],
    [
      'on leave',
      { internal: { ...inactive, lifecycleStatus: 'parentalLeave' } },
      { active: true, stateReason: null },
    ],
  ])('%s', (_name, parts, expected) => {
    expect(user(parts)).toMatchObject(expected);
  });

  it('on leave is as the directory wants it, each kind by itself', () => {
    const answers = { leave_state: 'inactive', garden_leave_state: 'active' };
    expect(user({ internal: { lifecycleStatus: 'leave' } }, answers)).toMatchObject({
      stateReason: 'on_leave',
    });
    expect(user({ internal: { lifecycleStatus: 'gardenLeave' } }, answers)).toMatchObject({ active: true });
  });

  it('that nobody knows is set aside under its id, and the person stays in the groups', () => {
    const [record, ...groups] = map({ internal: { status: 'Dormant' } });
    expect(record).toMatchObject({ kind: 'invalid', of: 'user', id: ID });
    expect(groups.filter(({ kind }) => kind === 'members')).toHaveLength(2);
  });
});

describe('HiBob field that the service user may not read', () => {
  it('is not known rather than empty', () => {
    const { internal, ...rest } = person();
    expect(internal).toBeDefined();
    expect(new PersonMapper(config()).map(ID, rest, NOW)[0]).toEqual({
      kind: 'invalid',
      of: 'user',
      id: ID,
      problem: 'The service user may not read "internal.status", "internal.lifecycleStatus" of this person.',
    });
  });

  it('leaves it open which groups the person is in', () => {
    const { work, ...rest } = person();
    expect(work).toBeDefined();
    expect(new PersonMapper(config()).map(ID, rest, NOW)).toMatchObject([
      { kind: 'invalid', of: 'user', id: ID },
      { kind: 'invalid', of: 'group', id: null },
      { kind: 'invalid', of: 'membership', id: null },
    ]);
  });

  it('makes no groups when the admin said so', () => {
    const groups = map({}, { unshared_fields: ['department'] }).flatMap((record) =>
      record.kind === 'group' ? [record.group.sourceId] : [],
    );
    expect(groups).toEqual(['location:2606110']);
  });
});
