import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { decodeRecord, type Fields } from '../../../sdk/decode.js';
import { deriveState, type DerivedState } from '../../../sdk/hr/derive-state.js';
import { emailsOf } from '../../../sdk/hr/emails.js';
import { DerivedGroups, type GroupLabel } from '../../../sdk/hr/derived-groups.js';
import type { RipplingConfig } from '../config.js';
import { statusOf } from '../employment.js';
import type { Departments } from './departments.js';

/** What is kept. The vendor's own example holds identity numbers and pay. */
const RAW = (
  'id,name,firstName,lastName,preferredFirstName,workEmail,title,department,departmentId,manager,employmentType,' +
  'startDate,endDate,roleState,employeeNumber,createdAt,updatedAt'
).split(',');

const TYPES: ReadonlyMap<string | null, string> = new Map([
  ['CONTRACTOR', 'contractor'],
  ['SALARIED_FT', 'full_time'],
  ['HOURLY_FT', 'full_time'],
  ['SALARIED_PT', 'part_time'],
  ['HOURLY_PT', 'part_time'],
  ['TEMP', 'temporary'],
]);

/** Reads employees of the platform API. One per stream: it says each group only once. */
export class PlatformMapper {
  readonly #config: RipplingConfig;
  readonly #groups: DerivedGroups;

  constructor(config: RipplingConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  listed(departments: Departments): readonly SnapshotRecord[] {
    return departments.labels().flatMap((label) => this.#groups.groupOf(label));
  }

  map(value: JsonValue, departments: Departments, now: Date): readonly SnapshotRecord[] {
    const found: { labels?: readonly GroupLabel[] } = {};
    const record = decodeRecord(value, 'user', (employee) => {
      found.labels = this.#labelsOf(employee, departments);
      return this.#read(employee, found.labels, now);
    });
    const id = record.kind === 'user' ? record.user.sourceId : record.kind === 'invalid' ? record.id : null;
    return id === null || found.labels === undefined
      ? [record, ...this.#groups.unknown()]
      : [record, ...this.#groups.recordsOf(id, found.labels)];
  }

  #read(employee: Fields, labels: readonly GroupLabel[], now: Date): SnapshotRecord {
    const id = employee.text('id');
    const word = employee.optionalText('roleState');
    const status = statusOf(word, null);
    const start = word === 'INIT' ? null : employee.date('startDate');
    const dates = { start, end: employee.date('endDate') };
    const state = status && deriveState({ status, ...dates }, this.#config.rules, now);
    if (!state)
      return { kind: 'invalid', of: 'user', id, problem: '"roleState" is missing or has an unknown value.' };
    const email = employee.optionalText('workEmail');
    const personal = this.#config.personalEmails ? employee.optionalText('personalEmail') : null;
    return {
      kind: 'user',
      user: {
        sourceId: id,
        userName: email,
        email,
        emails: emailsOf(email, personal),
        firstName: employee.optionalText('preferredFirstName') ?? employee.optionalText('firstName'),
        lastName: employee.optionalText('lastName'),
        name: employee.optionalText('name'),
        jobTitle: employee.optionalText('title'),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        raw: employee.pick(RAW),
        customAttributes: customAttributes(employee, { id, labels, state }),
      },
    };
  }

  /** The department by its id, or by its name where only that is told; and those that it is part of. */
  #labelsOf(employee: Fields, departments: Departments): readonly GroupLabel[] {
    const { shared } = this.#config;
    const id = employee.optionalText('departmentId');
    const name = employee.optionalText('department');
    const place = employee.object('workLocation');
    const location = place.optionalText('nickname') ?? place.optionalText('city');
    return [
      ...(shared.has('department') ? departments.branch(id, name) : []),
      ...(shared.has('location') && location !== null
        ? [{ type: 'location' as const, id: null, name: location }]
        : []),
    ];
  }
}

interface Facts {
  readonly id: string;
  readonly labels: readonly GroupLabel[];
  readonly state: DerivedState;
}

function customAttributes(employee: Fields, { id, labels, state }: Facts): JsonObject {
  const managerId = employee.optionalText('manager');
  const type = employee.optionalText('employmentType');
  const number = employee.pick(['employeeNumber'])['employeeNumber'];
  const values: JsonObject = {
    employee_number: number === undefined ? null : employee.id('employeeNumber'),
    employee_type: type === null ? null : (TYPES.get(type) ?? 'other'),
    employment_status: state.employmentStatus,
    employment_start_date: employee.date('startDate'),
    employment_end_date: employee.date('endDate'),
    // Who is entered as their own manager has none.
    manager_id: managerId === id ? null : managerId,
    ...Object.fromEntries(labels.toReversed().map(({ type: kind, name }) => [`${kind}_name`, name])),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
