import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import { DerivedGroups, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import { emailsOf } from '../../sdk/hr/emails.js';
import type { GroupType } from '../../sdk/hr/hr-form.js';
import type { HibobConfig } from './config.js';
import { employmentOf, employmentTypeOf } from './employment.js';
import { NEEDED_FIELDS, PERSONAL_EMAIL_FIELD } from './fields.js';
import { flatten, labelOf } from './flat-person.js';

/** A field of the category that departments and sites are in: where it is readable they are. */
const WORK_FIELD = 'work.startDate';

/** Reads people. One per stream: it says each group only once. */
export class PersonMapper {
  readonly #config: HibobConfig;
  readonly #groups: DerivedGroups;

  constructor(config: HibobConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  /** The person, the memberships, and the groups that were not said before. */
  map(id: string, person: JsonObject, now: Date): readonly SnapshotRecord[] {
    const found: { labels?: readonly GroupLabel[] } = {};
    const flat = flatten(person, this.#config.fields);
    const record = decodeRecord({ ...flat, id }, 'user', (fields) => {
      if (Object.hasOwn(flat, WORK_FIELD)) found.labels = this.#labelsOf(fields);
      return this.#read(fields, { id, labels: found.labels ?? [] }, now);
    });
    return [record, ...this.#groupsOf(id, found.labels)];
  }

  /** For somebody whom Bob listed and did not show. */
  unshown(id: string): readonly SnapshotRecord[] {
    const problem = 'Bob lists this person, but does not show them any more. The next run settles it.';
    return [invalid(id, problem), ...this.#groupsOf(id, undefined)];
  }

  #groupsOf(id: string, labels: readonly GroupLabel[] | undefined): readonly SnapshotRecord[] {
    return labels === undefined ? this.#groups.unknown() : this.#groups.recordsOf(id, labels);
  }

  #read(person: Fields, { id, labels }: Placement, now: Date): SnapshotRecord {
    const hidden = hiddenFields(person);
    if (hidden.length > 0)
      return invalid(id, `The service user may not read "${hidden.join('", "')}" of this person.`);
    const employment = employmentOf(person, this.#config.rules, now);
    const state = employment && deriveState(employment, this.#config.rules, now);
    if (!employment || !state) return invalid(id, '"internal.status" has an unknown value.');
    return {
      kind: 'user',
      user: {
        ...this.#identity(person, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: customAttributes(person, { id, labels, employment, state }),
      },
    };
  }

  #identity(person: Fields, id: string): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const email = person.optionalText('root.email');
    return {
      sourceId: id,
      userName: email,
      email,
      emails: emailsOf(email, person.optionalText(PERSONAL_EMAIL_FIELD)),
      firstName: person.optionalText('root.firstName'),
      lastName: person.optionalText('root.surname'),
      name: person.optionalText('root.displayName'),
      jobTitle: person.optionalText(labelOf('work.title')) ?? optionalId(person, 'work.title'),
      raw: { ...person.pick(this.#config.fields), id },
    };
  }

  #labelsOf(person: Fields): readonly GroupLabel[] {
    const { divisionField, teamField } = this.#config;
    const label = (type: GroupType, field: string | null): GroupLabel[] =>
      field === null
        ? []
        : [{ type, id: optionalId(person, field), name: person.optionalText(labelOf(field)) }];
    return [
      ...label('department', 'work.department'),
      ...label('division', divisionField),
      { type: 'location', id: optionalId(person, 'work.siteId'), name: person.optionalText('work.site') },
      ...label('team', teamField),
    ];
  }
}

/** Bob has these of everybody, so that a missing one is not known rather than empty. */
function hiddenFields(person: Fields): readonly string[] {
  const given = new Set([...person.keys(), 'root.id']);
  return NEEDED_FIELDS.filter((field) => !given.has(field));
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

interface Placement {
  readonly id: string;
  readonly labels: readonly GroupLabel[];
}

interface Facts extends Placement {
  readonly employment: Employment;
  readonly state: DerivedState;
}

function customAttributes(person: Fields, { id, labels, employment, state }: Facts): JsonObject {
  const manager = managerOf(person);
  // Who is entered as their own manager has none.
  const hasManager = manager.id !== null && manager.id !== id;
  const values: JsonObject = {
    employee_number: optionalId(person, 'work.employeeIdInCompany'),
    employee_type: employmentTypeOf(person),
    employment_status: state.employmentStatus,
    employment_start_date: employment.start,
    employment_end_date: employment.end,
    original_hire_date: person.date('work.originalStartDate'),
    manager_id: hasManager ? manager.id : null,
    manager_email: hasManager ? manager.email : null,
    ...Object.fromEntries(labels.toReversed().map(({ type, name }) => [`${type}_name`, name])),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** An object, or the id alone. */
function managerOf(person: Fields): { readonly id: string | null; readonly email: string | null } {
  const value = person.pick(['work.reportsTo'])['work.reportsTo'];
  if (!isJsonObject(value)) return { id: optionalId(person, 'work.reportsTo'), email: null };
  const manager = new Fields(value, 'work.reportsTo');
  return { id: optionalId(manager, 'id'), email: manager.optionalText('email') };
}

/** Ids of list items come as text or as a number. */
function optionalId(fields: Fields, key: string): string | null {
  const value: JsonValue | undefined = fields.pick([key])[key];
  return value === undefined || value === '' ? null : fields.id(key);
}
