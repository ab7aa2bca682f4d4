import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import { emailsOf } from '../../sdk/hr/emails.js';
import { DerivedGroups, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import type { Population } from './client.js';
import type { GustoConfig } from './config.js';
import {
  CONTRACT_FIELDS,
  contractOf,
  EMPLOYMENT_FIELDS,
  employmentOf,
  employmentTypeOf,
  primaryJob,
} from './employment.js';
import type { Locations } from './locations.js';

/** What is kept. Gusto sends pay, addresses and identity numbers beside it. */
const RAW = (
  'uuid,first_name,last_name,preferred_first_name,work_email,department,department_uuid,manager_uuid,terminated,' +
  'onboarded,onboarding_status,current_employment_status,employee_code,historical,version,type,is_active,' +
  'start_date,dismissal_date'
).split(',');

/** Reads employees and contractors. One per stream: it says each place only once. */
export class PersonMapper {
  readonly #config: GustoConfig;
  readonly #groups: DerivedGroups;

  constructor(config: GustoConfig) {
    this.#config = config;
    // Departments tell their members themselves.
    this.#groups = new DerivedGroups(config.rules.groupTypes.filter((type) => type === 'location'));
  }

  map(
    value: JsonValue,
    population: Population,
    { locations, now }: { readonly locations: Locations; readonly now: Date },
  ): readonly SnapshotRecord[] {
    if (population === 'contractors' && isBusiness(value)) return businessRecords(value);
    const found: { labels?: readonly GroupLabel[] } = {};
    const record = decodeRecord(withId(value), 'user', (person) => {
      const location = primaryJob(person)?.optionalText('location_uuid') ?? null;
      const labels = location === null ? [] : [locations.label(location)];
      // Contractors have no jobs.
      const isKnown = population === 'contractors' || missingIn(person, ['jobs']).length === 0;
      if (isKnown) found.labels = labels;
      return this.#read(person, population, { labels, now });
    });
    const id = record.kind === 'user' ? record.user.sourceId : record.kind === 'invalid' ? record.id : null;
    return id === null || found.labels === undefined
      ? [record, ...this.#groups.unknown()]
      : [record, ...this.#groups.recordsOf(id, found.labels)];
  }

  #read(
    person: Fields,
    population: Population,
    { labels, now }: { readonly labels: readonly GroupLabel[]; readonly now: Date },
  ): SnapshotRecord {
    const id = person.text('uuid');
    const isContractor = population === 'contractors';
    const missing = missingIn(person, isContractor ? CONTRACT_FIELDS : EMPLOYMENT_FIELDS);
    if (missing.length > 0)
      return invalid(id, `Gusto does not say whether this person works here ("${missing.join('", "')}").`);
    const employment = isContractor ? contractOf(person) : employmentOf(person);
    const state = deriveState(employment, this.#config.rules, now);
    if (state === null)
      return invalid(id, 'There is neither a status nor a date, so nobody can say who works here.');
    const type = isContractor ? 'contractor' : employmentTypeOf(person);
    return {
      kind: 'user',
      user: {
        ...this.#identity(person, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: customAttributes(person, { id, type, state, employment, labels }),
      },
    };
  }

  #identity(person: Fields, id: string): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const work = person.optionalText('work_email');
    // "email" is the personal address.
    const personal = this.#config.personalEmails ? person.optionalText('email') : null;
    return {
      sourceId: id,
      userName: work,
      email: work,
      emails: emailsOf(work, personal),
      firstName: person.optionalText('preferred_first_name') ?? person.optionalText('first_name'),
      lastName: person.optionalText('last_name'),
      name: null,
      jobTitle: primaryJob(person)?.optionalText('title') ?? null,
      raw: {
        ...person.pick(RAW),
        jobs: person
          .objects('jobs')
          .map((job) => job.pick(['uuid', 'title', 'hire_date', 'primary', 'location_uuid'])),
        terminations: person.objects('terminations').map((one) => one.pick(['effective_date', 'active'])),
      },
    };
  }
}

interface Facts {
  readonly id: string;
  readonly type: string | null;
  readonly state: DerivedState;
  readonly employment: Employment;
  readonly labels: readonly GroupLabel[];
}

function customAttributes(person: Fields, { id, type, state, employment, labels }: Facts): JsonObject {
  const managerId = person.optionalText('manager_uuid');
  const values: JsonObject = {
    employee_number: person.optionalText('employee_code'),
    employee_type: type,
    employment_status: state.employmentStatus,
    employment_start_date: primaryJob(person)?.date('hire_date') ?? employment.start,
    employment_end_date: employment.end,
    // Who is entered as their own manager has none.
    manager_id: managerId === id ? null : managerId,
    department_name: person.optionalText('department'),
    location_name: labels[0]?.name ?? null,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** What was not sent, or as null: not known, and not empty. */
function missingIn(person: Fields, names: readonly string[]): readonly string[] {
  const given = person.pick(names);
  return names.filter((name) => !Object.hasOwn(given, name));
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

function withId(value: JsonValue): JsonValue {
  return isJsonObject(value) ? { ...value, id: value['uuid'] ?? null } : value;
}

function isBusiness(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && value['type'] === 'Business';
}

/** A business is nobody; one that was entered as a person before is not one any more. */
function businessRecords({ uuid }: JsonObject): readonly SnapshotRecord[] {
  return typeof uuid === 'string'
    ? [{ kind: 'removed', of: 'user', id: uuid, reason: 'a business, and no person' }]
    : [];
}
