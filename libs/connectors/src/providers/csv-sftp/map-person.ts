import type { JsonObject } from '#kernel';
import type { Email, SnapshotRecord } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import type { GroupLabel } from '../../sdk/hr/derived-groups.js';
import type { CsvConfig } from './config.js';
import { idIn, type Row, type SheetFile } from './text/read-rows.js';
import { toIsoDate } from './text/to-iso-date.js';

type Status = NonNullable<Employment['status']>;

const STATES: Readonly<Record<Status, readonly string[]>> = {
  active: ['active', 'current', 'employed', 'true', '1', 'yes', 'y', 'a'],
  leave: ['leave', 'onleave', 'loa', 'leaveofabsence'],
  garden_leave: ['gardenleave', 'gardeningleave'],
  terminated: ['inactive', 'terminated', 'left', 'former', 'false', '0', 'no', 'n', 't'],
  prehire: ['prehire', 'future', 'onboarding', 'pending'],
  rescinded: ['rescinded', 'noshow'],
};

/** One row of the file of users. */
export function mapPerson(
  row: Row,
  file: SheetFile,
  { config, now }: { config: CsvConfig; now: Date },
): SnapshotRecord {
  const id = idIn(row, file, 'idp_id');
  const at = `${file.name}, line ${row.line}: `;
  if (row.problem !== null) return invalid(id, at + row.problem);
  const record = decodeRecord(toObject(row, file, config), 'user', (person) => {
    const status = statusOf(person);
    if (status === undefined)
      return invalid(id, `"state" has the unknown value "${person.text('state').slice(0, 60)}".`);
    const employment = { status, start: person.date('start_date'), end: person.date('end_date') };
    const state = deriveState(employment, config.rules, now);
    if (state === null) return invalid(id, 'neither a state nor a date.');
    return toUser(person, { state, config, file });
  });
  return record.kind === 'invalid' ? { ...record, id, problem: at + record.problem } : record;
}

/** Departments, places and teams, which make groups when there is no file of groups. */
export function labelsOf({ cells }: Row): readonly GroupLabel[] {
  const text = (name: string): string | null => cells[name] || null;
  const teams = (cells['groups'] ?? '').split('|').map((name) => name.trim());
  return [
    ...(['department', 'division', 'location'] as const).map((type) => ({
      type,
      id: text(`${type}_id`),
      name: text(`${type}_name`),
    })),
    ...teams.filter((name) => name !== '').map((name) => ({ type: 'team' as const, id: null, name })),
  ];
}

/** Blank cells are left out; `id` is what everything else calls it. */
function toObject({ cells }: Row, { header }: SheetFile, { files }: CsvConfig): JsonObject {
  const wanted = header.names.filter((name) => header.known.has(name) || files.customColumns.includes(name));
  const object: JsonObject = { id: cells['idp_id'] ?? '' };
  for (const name of wanted) {
    const cell = cells[name] ?? '';
    if (cell !== '') object[name] = name.endsWith('_date') ? toIsoDate(cell, files.dateFormat) : cell;
  }
  return object;
}

/** Undefined for a word that nobody knows. */
function statusOf(person: Fields): Status | null | undefined {
  const word = person
    .optionalText('state')
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  if (word === undefined || word === null)
    return person.date('start_date') || person.date('end_date') ? null : 'active';
  return (Object.keys(STATES) as Status[]).find((status) => STATES[status].includes(word));
}

interface Facts {
  readonly state: DerivedState;
  readonly config: CsvConfig;
  readonly file: SheetFile;
}

function toUser(person: Fields, { state, config, file }: Facts): SnapshotRecord {
  const emails = emailsOf(person);
  return {
    kind: 'user',
    user: {
      sourceId: person.text('id'),
      userName: person.optionalText('username'),
      email: emails.find(({ primary }) => primary)?.value ?? null,
      emails,
      firstName: person.optionalText('first_name'),
      lastName: person.optionalText('last_name'),
      name: person.optionalText('display_name'),
      jobTitle: person.optionalText('job_title'),
      active: state.active,
      stateReason: state.stateReason,
      upcoming: state.upcoming,
      raw: person.pick(['id', ...file.header.known]),
      customAttributes: { ...standardAttributes(person, state), ...person.pick(config.files.customColumns) },
    },
  };
}

function emailsOf(person: Fields): Email[] {
  const [work, home] = [person.optionalText('email'), person.optionalText('personal_email')];
  return [
    ...(work === null ? [] : [{ primary: true, type: 'work', value: work }]),
    ...(home === null || home === work ? [] : [{ primary: false, type: 'home', value: home }]),
  ];
}

function standardAttributes(person: Fields, { employmentStatus }: DerivedState): JsonObject {
  const texts = ['manager_id', 'manager_email', 'department_name', 'division_name', 'location_name'].map(
    (name) => [name, person.optionalText(name)] as const,
  );
  const values = {
    employee_type: person.optionalText('employment_type'),
    employment_status: employmentStatus,
    employment_start_date: person.date('start_date'),
    employment_end_date: person.date('end_date'),
    ...Object.fromEntries(texts),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as JsonObject;
}

function invalid(id: string | null, problem: string): SnapshotRecord & { kind: 'invalid' } {
  return { kind: 'invalid', of: 'user', id, problem };
}
