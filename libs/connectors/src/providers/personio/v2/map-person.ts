import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, Fields } from '../../../sdk/decode.js';
import { DerivedGroups, derivedGroupId } from '../../../sdk/hr/derived-groups.js';
import type { PersonioConfig } from '../config.js';
import { calledName, present } from '../values.js';
import { chooseEmployment, employmentTypeOf, type Chosen } from './employment.js';
import type { Names } from './names.js';
import { placesOf, type NamedPlace, type Place } from './places.js';

/** A person as listed, and their employments; null when Personio did not know the person any more. */
export interface ReadPerson {
  readonly person: JsonValue;
  readonly employments: readonly JsonValue[] | null;
}

/** What is kept. Personio sends gender and pictures beside it, and times of changes that change nothing. */
const RAW = ['email', 'first_name', 'last_name', 'status'];
const RAW_EMPLOYMENT = ['id', 'status', 'employment_start_date', 'employment_end_date'];
/** Kept where the attribute is shared. */
const RAW_SHARED: Readonly<Record<string, readonly string[]>> = {
  employment_type: ['type', 'weekly_working_hours', 'full_time_weekly_working_hours'],
  contract_end_date: ['contract_end_date'],
  position: ['position'],
  supervisor: ['supervisor'],
  office: ['office'],
  subcompany: ['legal_entity'],
  department: ['org_units'],
  team: ['org_units'],
  cost_centers: ['cost_centers'],
};
const RAW_TERMINATION = ['termination_date', 'last_working_day', 'last_working_date', 'terminated_at'];

/** Reads persons. One per stream: it says each group only once. */
export class PersonMapper {
  readonly #config: PersonioConfig;
  readonly #groups: DerivedGroups;

  constructor(config: PersonioConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  /** Places of which the names are needed; none of a record that cannot be read. */
  placesOf(read: ReadPerson, now: Date): readonly Place[] {
    const found: { places?: readonly Place[] } = {};
    decodeRecord(read.person, 'user', (person) => {
      const { chosen } = this.#chosen(person, read, now);
      const places = chosen === undefined ? [] : placesOf(chosen.fields, this.#config);
      found.places = places.filter(({ type }) => this.#config.rules.groupTypes.includes(type));
      return invalid(null, '');
    });
    return found.places ?? [];
  }

  /**
   * The person, the memberships, and the groups that were not said before. Where the employment that counts is not
   * known, no group and no membership counts as missing.
   */
  map(read: ReadPerson, names: Names, now: Date): readonly SnapshotRecord[] {
    const found: { places?: readonly NamedPlace[] } = {};
    const record = decodeRecord(read.person, 'user', (person) => {
      const id = person.id('id');
      const { chosen, problem } = this.#chosen(person, read, now);
      if (chosen === undefined) return invalid(id, problem);
      found.places = placesOf(chosen.fields, this.#config).map((place) => names.of(place));
      return this.#read(person, chosen, { id, places: found.places });
    });
    const id = record.kind === 'user' ? record.user.sourceId : record.kind === 'invalid' ? record.id : null;
    return id === null || found.places === undefined
      ? [record, ...this.#groups.unknown()]
      : [record, ...found.places.flatMap((place) => this.#placeRecords(id, place))];
  }

  #chosen(
    person: Fields,
    { employments }: ReadPerson,
    now: Date,
  ): { readonly chosen?: Chosen; readonly problem: string } {
    if (employments === null)
      return {
        problem: 'Personio lists this person, but did not know them when asked for their employments.',
      };
    const status = person.optionalText('status')?.toUpperCase();
    if (status !== 'ACTIVE' && status !== 'INACTIVE')
      return { problem: '"status" is missing or has an unknown value.' };
    const all = employments.map((one, index) => {
      if (isJsonObject(one)) return new Fields(one, `employments[${index}]`);
      return new Fields({}, `employments[${index}]`);
    });
    const isInactive = status === 'INACTIVE';
    const chosen = chooseEmployment(all, { config: this.#config, isInactive, now });
    return {
      chosen,
      problem: 'There is no employment, or one whose "status" is missing or has an unknown value.',
    };
  }

  /** A group that Personio does not know any more stays as it was, and so do its other members. */
  #placeRecords(userId: string, { label, isKnown }: NamedPlace): readonly SnapshotRecord[] {
    if (isKnown) return this.#groups.recordsOf(userId, [label]);
    const groupId = this.#config.rules.groupTypes.includes(label.type) ? derivedGroupId(label) : null;
    if (groupId === null) return [];
    const problem = `People are in this ${label.type}, and Personio does not tell its name.`;
    return [
      { kind: 'invalid', of: 'group', id: groupId, problem },
      { kind: 'members', groupId, members: [{ id: userId, kind: 'user' }] },
    ];
  }

  #read(person: Fields, chosen: Chosen, facts: Facts): SnapshotRecord {
    const { active, stateReason, upcoming } = chosen.state;
    return {
      kind: 'user',
      user: {
        ...this.#identity(person, chosen, facts.id),
        active,
        stateReason,
        upcoming,
        customAttributes: {
          ...this.#standardAttributes(chosen, facts),
          ...this.#customAttributes(person),
        },
      },
    };
  }

  #identity(
    person: Fields,
    { fields }: Chosen,
    id: string,
  ): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const email = person.optionalText('email');
    const lastName = person.optionalText('last_name');
    const called = this.#shares('preferred_name')
      ? calledName(person.optionalText('preferred_name'), lastName)
      : null;
    return {
      sourceId: id,
      userName: email,
      email,
      emails: email === null ? [] : [{ primary: true, type: 'work', value: email }],
      firstName: called ?? person.optionalText('first_name'),
      lastName,
      name: null,
      jobTitle: this.#shares('position') ? fields.object('position').optionalText('title') : null,
      raw: {
        ...person.pick([...RAW, ...(this.#shares('preferred_name') ? ['preferred_name'] : [])]),
        id,
        employment: {
          ...fields.pick([
            ...RAW_EMPLOYMENT,
            ...this.#config.attributes.flatMap((name) => RAW_SHARED[name] ?? []),
          ]),
          termination: fields.object('termination').pick(RAW_TERMINATION),
        },
      },
    };
  }

  #standardAttributes({ fields, employment, state }: Chosen, { id, places }: Facts): JsonObject {
    const supervisor = fields.object('supervisor');
    const managerId = this.#shares('supervisor') && supervisor.has('id') ? supervisor.id('id') : null;
    return present({
      employee_type: this.#shares('employment_type') ? employmentTypeOf(fields) : null,
      employment_status: state.employmentStatus,
      employment_start_date: employment.start,
      employment_end_date: employment.end,
      // Who is entered as their own supervisor has none.
      manager_id: managerId === id ? null : managerId,
      ...Object.fromEntries(places.toReversed().map(({ label }) => [`${label.type}_name`, label.name])),
    });
  }

  /** Those of the settings, by the key that version 1 has for them. */
  #customAttributes(person: Fields): JsonObject {
    const values = person.objects('custom_attributes').flatMap((one): [string, JsonValue][] => {
      const key = one.optionalText('id') ?? '';
      const { value } = one.pick(['value']);
      return this.#config.customAttributes.includes(key) && value !== undefined ? [[key, value]] : [];
    });
    return Object.fromEntries(values);
  }

  #shares(attribute: string): boolean {
    return this.#config.attributes.includes(attribute);
  }
}

interface Facts {
  readonly id: string;
  readonly places: readonly NamedPlace[];
}

function invalid(id: string | null, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}
