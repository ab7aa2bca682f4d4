import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import { emailsOf } from '../../sdk/hr/emails.js';
import { DerivedGroups, derivedGroupId } from '../../sdk/hr/derived-groups.js';
import type { Catalog } from './catalog.js';
import type { RipplingConfig } from './config.js';
import { employmentOf, employmentTypeOf } from './employment.js';
import { NEEDED_FIELDS, OPTIONAL_FIELDS, PERSONAL_EMAIL_FIELD, type OptionalField } from './fields.js';
import { isGiven } from './pages.js';
import { placesOf, REMOTE, type Place } from './places.js';

const PLACE_FIELDS: readonly string[] = (['department', 'location', 'team', 'company'] as const).flatMap(
  (name) => OPTIONAL_FIELDS[name],
);
/** What is kept of a worker. Everything else that Rippling sends (pay, birth date …) is dropped. */
const RAW = (
  'id,user_id,created_at,updated_at,status,start_date,end_date,country,number,work_email,title,manager_id,' +
  'department_id,teams_id,location,legal_entity_id,employment_type_id,termination_details'
).split(',');
const RAW_USER = ['id', 'active', 'username', 'name', 'timezone'];

/** Reads workers. One per stream: it says each group only once. */
export class WorkerMapper {
  readonly #config: RipplingConfig;
  readonly #groups: DerivedGroups;

  constructor(config: RipplingConfig) {
    this.#config = config;
    this.#groups = new DerivedGroups(config.rules.groupTypes);
  }

  /** Groups of the lists, also those without people, and what is wrong with the lists. */
  listed(catalog: Catalog): readonly SnapshotRecord[] {
    if (this.#config.rules.groupTypes.length === 0) return [];
    return [...catalog.problems, ...catalog.labels().flatMap((label) => this.#groups.groupOf(label))];
  }

  /** Ids of all groups that the lists make, and of those who work in no place. */
  groupIdsOf(catalog: Catalog): readonly string[] {
    const { shared, rules } = this.#config;
    const types = rules.groupTypes;
    return [...catalog.labels(), ...(shared.has('location') ? [REMOTE] : [])]
      .filter(({ type }) => types.includes(type))
      .flatMap((label) => derivedGroupId(label) ?? []);
  }

  /**
   * The person, the memberships, and groups that were not said before. Who is set aside stays in their groups as far as
   * these can be read; where they cannot, no group and no membership counts as missing.
   */
  map(value: JsonValue, page: MappedPage): MappedWorker {
    const found: { places?: readonly Place[] } = {};
    const record = decodeRecord(value, 'user', (worker) => {
      const id = worker.text('id');
      const hidden = this.hiddenIn(value, page.redacted);
      const places = placesOf(worker, page.catalog, this.#config.shared);
      if (!hidden.some((name) => PLACE_FIELDS.includes(name))) found.places = places;
      if (hidden.length > 0)
        return invalid(id, `Rippling hides "${hidden.join('", "')}" of this person from the token.`);
      return this.#read(worker, { id, places }, page.now);
    });
    const id = idOf(record);
    const { places } = found;
    if (id === null || places === undefined)
      return { records: [record, ...this.#groups.unknown()], groupIds: null, id };
    return {
      records: [record, ...this.#placeRecords(id, places)],
      groupIds: places.flatMap(({ label }) => derivedGroupId(label) ?? []),
      id,
    };
  }

  /** Attributes that we read, and that are missing because the token may not see them. */
  hiddenIn(value: JsonValue, redacted: readonly string[]): readonly string[] {
    const used = new Set<string>([
      ...NEEDED_FIELDS,
      ...[...this.#config.shared].flatMap((name: OptionalField) => OPTIONAL_FIELDS[name]),
      ...(this.#config.personalEmails ? [PERSONAL_EMAIL_FIELD] : []),
    ]);
    const isUsed = (path: string): boolean => used.has(path.split('.', 1)[0] ?? '');
    return [
      ...new Set(
        redacted
          .filter((path) => isUsed(path) && !isGiven(value, path))
          .map((path) => path.split('.', 1)[0] ?? ''),
      ),
    ];
  }

  /** A group that Rippling does not list may be hidden: it stays as it was, and so do its other members. */
  #placeRecords(id: string, places: readonly Place[]): readonly SnapshotRecord[] {
    const types = this.#config.rules.groupTypes;
    return places.flatMap(({ label, isKnown }) => {
      if (isKnown) return this.#groups.recordsOf(id, [label]);
      const groupId = types.includes(label.type) ? derivedGroupId(label) : null;
      if (groupId === null) return [];
      const problem = `People are in this ${label.type}, and Rippling does not list it to the token.`;
      return [
        { kind: 'invalid' as const, of: 'group' as const, id: groupId, problem },
        { kind: 'members' as const, groupId, members: [{ id, kind: 'user' as const }] },
      ];
    });
  }

  #read(worker: Fields, place: PlacedWorker, now: Date): SnapshotRecord {
    const user = worker.object('user');
    const { id } = place;
    // A person without a user has no name yet; one whose user was not sent has one that we do not know.
    if (worker.optionalText('user_id') !== null && user.keys().length === 0)
      return invalid(id, 'Rippling did not send the user of this worker, who has the name.');
    const employment = employmentOf(worker, user);
    const state = employment && deriveState(employment, this.#config.rules, now);
    if (!employment || !state) return invalid(id, '"status" is missing or has an unknown value.');
    return {
      kind: 'user',
      user: {
        ...this.#identity(worker, user, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: customAttributes(worker, { ...place, state, employment }, this.#config),
      },
    };
  }

  #identity(
    worker: Fields,
    user: Fields,
    id: string,
  ): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
    const { shared, personalEmails } = this.#config;
    const name = user.object('name');
    const work = worker.optionalText('work_email') ?? workEmailOf(user);
    return {
      sourceId: id,
      userName: user.optionalText('username') ?? work,
      email: work,
      emails: emailsOf(work, personalEmails ? worker.optionalText(PERSONAL_EMAIL_FIELD) : null),
      firstName: name.optionalText('preferred_given_name') ?? name.optionalText('given_name'),
      lastName: name.optionalText('preferred_family_name') ?? name.optionalText('family_name'),
      name: null,
      jobTitle: shared.has('job_title') ? worker.optionalText('title') : null,
      personKey: worker.optionalText('user_id'),
      raw: { ...worker.pick(RAW), user: user.pick(RAW_USER) },
    };
  }
}

/** What the mapping of a page needs besides its workers. */
export interface MappedPage {
  readonly redacted: readonly string[];
  readonly catalog: Catalog;
  readonly now: Date;
}

export interface MappedWorker {
  readonly records: readonly SnapshotRecord[];
  readonly id: string | null;
  /** The groups that this person is in; null when the record does not say it. */
  readonly groupIds: readonly string[] | null;
}

interface PlacedWorker {
  readonly id: string;
  readonly places: readonly Place[];
}

function idOf(record: SnapshotRecord): string | null {
  if (record.kind === 'user') return record.user.sourceId;
  return record.kind === 'invalid' ? record.id : null;
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

function workEmailOf(user: Fields): string | null {
  const work = user.objects('emails').find((email) => email.optionalText('type') === 'WORK');
  return work?.optionalText('value') ?? null;
}

interface Facts extends PlacedWorker {
  readonly state: DerivedState;
  readonly employment: Employment;
}

function customAttributes(
  worker: Fields,
  { id, places, state, employment }: Facts,
  { shared }: RipplingConfig,
): JsonObject {
  const managerId = shared.has('manager') ? worker.optionalText('manager_id') : null;
  const values: JsonObject = {
    employee_number: shared.has('employee_number') ? numberOf(worker) : null,
    employee_type: shared.has('employment_type') ? employmentTypeOf(worker.object('employment_type')) : null,
    employment_status: state.employmentStatus,
    employment_start_date: worker.date('start_date'),
    employment_end_date: employment.end,
    // Who is entered as their own manager has none.
    manager_id: managerId === id ? null : managerId,
    ...namesOf(places),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** Of several of a kind the first one: the department itself before those that it is part of. */
function namesOf(places: readonly Place[]): JsonObject {
  const departments = places.filter(({ label }) => label.type === 'department');
  return {
    ...Object.fromEntries(places.toReversed().map(({ label }) => [`${label.type}_name`, label.name])),
    ...(departments.length > 1 && { division_name: departments.at(-1)?.label.name ?? null }),
  };
}

/** An integer in Rippling's description; some write it as text. */
function numberOf(worker: Fields): string | null {
  return worker.pick(['number'])['number'] === undefined ? null : worker.id('number');
}
