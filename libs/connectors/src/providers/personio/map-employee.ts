import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';
import type { DerivedState } from '../../sdk/hr/derive-state.js';
import { DerivedGroups, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import type { GroupType } from '../../sdk/hr/hr-form.js';
import { deriveReleasedState } from '../../sdk/hr/release.js';
import { GROUP_ATTRIBUTES, NEEDED_ATTRIBUTES, OPTIONAL_ATTRIBUTES } from './attributes.js';
import type { PersonioConfig } from './config.js';
import { employmentOf } from './employment.js';
import { flatten } from './flatten.js';
import { calledName, present } from './values.js';

const RAW = [...NEEDED_ATTRIBUTES, ...OPTIONAL_ATTRIBUTES];

/** Reads flattened employees. One per stream: it says each group only once. */
export class EmployeeMapper {
  readonly #config: PersonioConfig;
  readonly #groups: DerivedGroups;

  constructor(config: PersonioConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  /**
   * The person, the memberships, and the groups that were not said before. Who is set aside stays in their groups as
   * far as these can be read; where they cannot, no group and no membership counts as missing.
   */
  map(value: JsonValue, now: Date): readonly SnapshotRecord[] {
    const found: { labels?: readonly GroupLabel[] } = {};
    const record = decodeRecord(value, 'user', (employee) => {
      const hidden = this.#hiddenIn(employee);
      if (hidden.length > 0) return invalid(employee.id('id'), `"${hidden.join('", "')}" was not sent.`);
      found.labels = labelsOf(employee);
      return this.#read(employee, found.labels, now);
    });
    const id = idOf(record);
    return id === null || found.labels === undefined
      ? [record, ...this.#groups.unknown()]
      : [record, ...this.#groups.recordsOf(id, found.labels)];
  }

  #hiddenIn(employee: Fields): readonly string[] {
    const given = new Set(employee.keys());
    return this.#config.attributes.filter((name) => !given.has(name));
  }

  #read(employee: Fields, labels: readonly GroupLabel[], now: Date): SnapshotRecord {
    const id = employee.id('id');
    const employment = employmentOf(employee, this.#config.contractEnd);
    const state = employment && deriveReleasedState(employment, this.#config.rules, now);
    if (!employment || !state) return invalid(id, '"status" is missing or has an unknown value.');
    return {
      kind: 'user',
      user: {
        ...this.#identity(employee, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: {
          ...standardAttributes(employee, { id, state, end: employment.end, labels }),
          ...employee.pick(this.#config.customAttributes),
        },
      },
    };
  }

  #identity(employee: Fields, id: string): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const email = employee.optionalText('email');
    const lastName = employee.optionalText('last_name');
    const firstName = calledName(employee.optionalText('preferred_name'), lastName);
    return {
      sourceId: id,
      userName: email,
      email,
      emails: email === null ? [] : [{ primary: true, type: 'work', value: email }],
      firstName: firstName ?? employee.optionalText('first_name'),
      lastName,
      name: null,
      jobTitle: employee.optionalText('position'),
      raw: { ...employee.pick(RAW), id },
    };
  }
}

function idOf(record: SnapshotRecord): string | null {
  if (record.kind === 'user') return record.user.sourceId;
  return record.kind === 'invalid' ? record.id : null;
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

interface Facts {
  readonly id: string;
  readonly state: DerivedState;
  readonly end: string | null;
  readonly labels: readonly GroupLabel[];
}

function standardAttributes(employee: Fields, { id, state, end, labels }: Facts): JsonObject {
  const supervisor = referenceIn(employee, 'supervisor');
  const managerId = supervisor?.id('id') ?? null;
  // Who is entered as their own supervisor has none.
  const hasManager = managerId !== null && managerId !== id;
  const type = employee.optionalText('employment_type');
  return present({
    employee_type: type === 'external' ? 'contractor' : type,
    employment_status: state.employmentStatus,
    employment_start_date: employee.date('hire_date'),
    employment_end_date: end,
    manager_id: hasManager ? managerId : null,
    manager_email: hasManager ? (supervisor?.optionalText('email') ?? null) : null,
    ...Object.fromEntries(labels.toReversed().map(({ type: kind, name }) => [`${kind}_name`, name])),
  });
}

/** Departments, teams, offices … of one person. Several cost centers are several groups. */
function labelsOf(employee: Fields): readonly GroupLabel[] {
  return Object.entries(GROUP_ATTRIBUTES).flatMap(([type, attribute]) => {
    const given = employee.pick([attribute])[attribute];
    const list = Array.isArray(given) ? given : given === undefined ? [] : [given];
    return list.map((value): GroupLabel => {
      const label = new Fields(isJsonObject(value) ? (flatten(value) as JsonObject) : {}, attribute);
      return { type: type as GroupType, id: label.id('id'), name: label.optionalText('name') };
    });
  });
}

function referenceIn(employee: Fields, attribute: string): Fields | null {
  const value = employee.pick([attribute])[attribute];
  return value === undefined
    ? null
    : new Fields(isJsonObject(value) ? (flatten(value) as JsonObject) : {}, attribute);
}
