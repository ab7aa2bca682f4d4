import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import { DerivedGroups, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import { emailsOf } from '../../sdk/hr/emails.js';
import type { BamboohrConfig } from './config.js';
import { employmentOf, employmentTypeOf } from './employment.js';
import { GROUP_KINDS, OPTIONAL_FIELDS, PERSONAL_EMAIL_FIELD, TIME_ZONE_FIELD } from './fields.js';

/** Where somebody belongs. */
export interface Placement {
  readonly id: string;
  readonly labels: readonly GroupLabel[];
}

export interface MappedEmployee {
  readonly records: readonly SnapshotRecord[];
  /** Null when the record does not say it. A person may be unreadable otherwise. */
  readonly placement: Placement | null;
}

const PLACEMENT_FIELDS: readonly string[] = GROUP_KINDS.flatMap((kind) => OPTIONAL_FIELDS[kind]);

/** Reads employees. One per stream: it says each group only once. */
export class EmployeeMapper {
  readonly #config: BamboohrConfig;
  readonly #groups: DerivedGroups;

  constructor(config: BamboohrConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  /** The person, the memberships, and the groups that were not said before. */
  map(value: JsonValue, now: Date): MappedEmployee {
    let placement: Placement | null = null as Placement | null;
    const record = decodeRecord(this.#asked(value), 'user', (employee) => {
      const id = employee.text('employeeId');
      const hidden = hiddenFields(employee, this.#config.fields);
      const labels = labelsOf(employee);
      if (!hidden.some((name) => PLACEMENT_FIELDS.includes(name))) placement = { id, labels };
      if (hidden.length > 0)
        return invalid(id, `The API key may not read "${hidden.join('", "')}" of this person.`);
      return this.#read(employee, { id, labels }, now);
    });
    if (placement === null) return { records: [record], placement };
    return { records: [record, ...this.#groups.recordsOf(placement.id, placement.labels)], placement };
  }

  /** For a full run in which somebody's placement is not known. */
  unknownGroups(): readonly SnapshotRecord[] {
    return this.#groups.unknown();
  }

  /** Some fields come unasked. */
  #asked(value: JsonValue): JsonValue {
    if (!isJsonObject(value)) return value;
    const asked = [...this.#config.fields, TIME_ZONE_FIELD, '_restrictedFields'];
    const entries = Object.entries(value).filter(([name]) => asked.includes(name));
    return { ...Object.fromEntries(entries), id: value['employeeId'] ?? null };
  }

  #read(employee: Fields, { id, labels }: Placement, now: Date): SnapshotRecord {
    const employment = employmentOf(employee, this.#config, now);
    const state = employment && deriveState(employment, this.#config.rules, now);
    if (!employment || !state) return invalid(id, '"status" is missing or has an unknown value.');
    return {
      kind: 'user',
      user: {
        ...this.#identity(employee, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: customAttributes(employee, { id, state, employment, labels }),
      },
    };
  }

  #identity(employee: Fields, id: string): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const email = employee.optionalText('workEmail');
    return {
      sourceId: id,
      userName: email,
      email,
      emails: emailsOf(email, employee.optionalText(PERSONAL_EMAIL_FIELD)),
      firstName: employee.optionalText('preferredName') ?? employee.optionalText('firstName'),
      lastName: employee.optionalText('lastName'),
      name: null,
      jobTitle: employee.optionalText('jobTitleName'),
      raw: employee.pick([...this.#config.fields, TIME_ZONE_FIELD]),
    };
  }
}

/** Fields of the configuration that the answer hides, or that this account's version leaves out: not known, not empty. */
export function hiddenFields(employee: Fields, fields: readonly string[]): string[] {
  const given = new Set(employee.keys());
  const restricted = new Set(employee.texts('_restrictedFields'));
  return fields.filter((name) => !given.has(name) || restricted.has(name));
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

interface Facts extends Placement {
  readonly state: DerivedState;
  readonly employment: Employment;
}

function customAttributes(employee: Fields, { id, state, employment, labels }: Facts): JsonObject {
  const managerId = employee.optionalText('reportsToId');
  const values: JsonObject = {
    employee_number: employee.optionalText('employeeNumber'),
    employee_type: employmentTypeOf(employee.optionalText('employmentStatusName')),
    employment_status: state.employmentStatus,
    employment_start_date: employment.start,
    employment_end_date: employment.end,
    original_hire_date: employee.date('originalHireDate'),
    // Who is entered as their own supervisor has none.
    manager_id: managerId === id ? null : managerId,
    ...Object.fromEntries(labels.toReversed().map(({ type, name }) => [`${type}_name`, name])),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function labelsOf(employee: Fields): readonly GroupLabel[] {
  return [
    ...(['department', 'division', 'location'] as const).map((type) => ({
      type,
      id: employee.optionalText(`${type}Id`),
      name: employee.optionalText(`${type}Name`),
    })),
    ...employee.objects('teams').map((team): GroupLabel => ({
      type: 'team',
      id: team.id('id'),
      name: team.optionalText('label'),
    })),
  ];
}
