import type { JsonObject } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import type { DerivedState } from '../../sdk/hr/derive-state.js';
import { DerivedGroups, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import { GROUP_TYPES, type GroupType, type HrRules } from '../../sdk/hr/hr-form.js';
import { localDay } from '../../sdk/hr/local-day.js';
import { deriveReleasedState, type ReleasedEmployment } from '../../sdk/hr/release.js';
import { employmentOf, employmentTypeOf } from './employment.js';
import { WORKER_FIELDS } from './fields.js';

const RAW = [...WORKER_FIELDS, 'labels'];

export interface MappingRules {
  readonly rules: HrRules;
  /** False for a report that has no status at all, and so lists who works here. */
  readonly hasStatus: boolean;
  /** Somebody has the flag of activity; then nobody is without by chance. */
  readonly hasActive: boolean;
  /** False where a report of its own lists the groups. */
  readonly derivesGroups: boolean;
}

/** A worker by the names of `WORKER_FIELDS`, and what is hidden of them though everybody has it. */
export interface ReadWorker {
  readonly fields: JsonObject;
  readonly hidden: readonly string[];
}

/** Reads workers. One per stream: it says each group only once. */
export class WorkerMapper {
  readonly #mapping: MappingRules;
  readonly #groups: DerivedGroups;

  constructor(mapping: MappingRules) {
    this.#mapping = mapping;
    this.#groups = new DerivedGroups(mapping.derivesGroups ? mapping.rules.groupTypes : []);
  }

  /**
   * The person, the memberships, and the groups that were not said before. Who is set aside stays in their groups as
   * far as these can be read; where they cannot, no group and no membership counts as missing.
   */
  map({ fields, hidden }: ReadWorker, now: Date): readonly SnapshotRecord[] {
    if (hidden.length > 0)
      return this.setAside(
        fields,
        `"${hidden.join('", "')}" is hidden of this worker; everybody has it at Workday.`,
      );
    return this.#records(fields, (worker, labels) => this.#read(worker, labels, now));
  }

  /** Somebody who cannot be told: they stay as they were. */
  setAside(fields: JsonObject, problem: string): readonly SnapshotRecord[] {
    return this.#records(fields, (worker) => invalid(worker.text('id'), problem));
  }

  #records(
    fields: JsonObject,
    read: (worker: Fields, labels: readonly GroupLabel[]) => SnapshotRecord,
  ): readonly SnapshotRecord[] {
    const found: { labels?: readonly GroupLabel[] } = {};
    const record = decodeRecord(fields, 'user', (worker) => {
      found.labels = labelsOf(worker);
      return read(worker, found.labels);
    });
    const id = idOf(record);
    return id === null || found.labels === undefined
      ? [record, ...this.#groups.unknown()]
      : [record, ...this.#groups.recordsOf(id, found.labels)];
  }

  #read(worker: Fields, labels: readonly GroupLabel[], now: Date): SnapshotRecord {
    const { rules, hasStatus, hasActive } = this.#mapping;
    const id = worker.text('id');
    const employment = employmentOf(worker, {
      isListed: hasStatus,
      hasActive,
      trustDates: rules.trustDates,
      today: localDay(now, rules.timeZone),
    });
    if ('problem' in employment) return invalid(id, employment.problem);
    const state = deriveReleasedState(employment, rules, now);
    if (state === null)
      return invalid(id, 'There is neither a status nor a date, so nobody can say who works here.');
    return {
      kind: 'user',
      user: {
        ...identity(worker, id),
        active: state.active,
        stateReason: state.stateReason,
        upcoming: state.upcoming,
        customAttributes: customAttributes(worker, { id, labels, employment, state }),
      },
    };
  }
}

function invalid(id: string, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'user', id, problem };
}

function idOf(record: SnapshotRecord): string | null {
  if (record.kind === 'user') return record.user.sourceId;
  return record.kind === 'invalid' ? record.id : null;
}

function labelsOf(worker: Fields): readonly GroupLabel[] {
  return worker.objects('labels').map((label): GroupLabel => {
    const type = GROUP_TYPES.find((known) => known === label.text('type'));
    return { type: type as GroupType, id: label.optionalText('id'), name: label.optionalText('name') };
  });
}

function identity(
  worker: Fields,
  id: string,
): Omit<SnapshotUser, 'active' | 'stateReason' | 'customAttributes'> {
  const email = worker.optionalText('work_email');
  return {
    sourceId: id,
    personKey: worker.optionalText('universal_id'),
    userName: worker.optionalText('user_name') ?? email,
    email,
    emails: emailsOf(email, worker.optionalText('home_email')),
    firstName: worker.optionalText('first_name'),
    lastName: worker.optionalText('last_name'),
    name: worker.optionalText('name'),
    jobTitle: worker.optionalText('job_title'),
    raw: worker.pick(RAW),
  };
}

function emailsOf(work: string | null, home: string | null): Email[] {
  return [
    ...(work === null ? [] : [{ primary: true, type: 'work', value: work }]),
    ...(home === null || home === work ? [] : [{ primary: false, type: 'home', value: home }]),
  ];
}

interface Facts {
  readonly id: string;
  readonly labels: readonly GroupLabel[];
  readonly employment: ReleasedEmployment;
  readonly state: DerivedState;
}

function customAttributes(worker: Fields, { id, labels, employment, state }: Facts): JsonObject {
  const managerId = worker.optionalText('manager_id');
  // Who is entered as their own manager has none.
  const isOwn = managerId === id || managerId === worker.optionalText('employee_id');
  const values = {
    employee_number: worker.optionalText('employee_id'),
    employee_type: employmentTypeOf(worker),
    employment_status: state.employmentStatus,
    employment_start_date: employment.start,
    employment_end_date: employment.end,
    last_day_of_work: worker.date('last_day_of_work'),
    original_hire_date: worker.date('original_hire_date'),
    manager_id: isOwn ? null : managerId,
    manager_email: isOwn ? null : worker.optionalText('manager_email'),
    // Of several, the first: the one of the primary position.
    ...Object.fromEntries(labels.toReversed().map(({ type, name }) => [`${type}_name`, name])),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
