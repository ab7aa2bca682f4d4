import { SourceError } from '../../../sdk/source-error.js';

/** In files that hold changes only. */
const OPERATION = 'op action changetype';

/** Columns that mean something, with the other names that they are known by, all normalized. */
const ALIASES = {
  users: {
    idp_id:
      'id employeeid employeenumber workerid workdayid personid staffid userid externalid personnummer matricule',
    username: 'login loginname',
    email: 'workemail emailwork primaryworkemail mail businessemail emailaddress',
    personal_email: 'homeemail privateemail',
    first_name: 'givenname legalfirstname preferredfirstname vorname',
    last_name: 'surname familyname legallastname nachname',
    display_name: 'name fullname preferredname',
    job_title: 'title position businesstitle role',
    department_id: '',
    department_name: 'department dept costcentername supervisoryorganization',
    division_id: '',
    division_name: 'division businessunit',
    location_id: '',
    location_name: 'location office site worklocation',
    groups: 'team teams groupnames',
    manager_id: 'workersmanager supervisorid reportsto reportstoid linemanagerid manageremployeeid',
    manager_email: 'supervisoremail',
    employment_type: 'workertype employeetype contracttype',
    start_date: 'hiredate joindate',
    end_date: 'terminationdate leavingdate lastday',
    state: 'status active employmentstatus activestatus',
    operation: OPERATION,
  },
  groups: {
    group_id: 'id',
    group_name: 'name displayname',
    group_type: 'type',
    parent_group_id: 'parentid parent',
    operation: OPERATION,
  },
  memberships: {
    group_id: 'group',
    idp_id: 'id employeeid employeenumber workerid personid userid externalid',
    operation: OPERATION,
  },
} as const;

const REQUIRED = {
  users: ['idp_id'],
  groups: ['group_id', 'group_name'],
  memberships: ['group_id', 'idp_id'],
} as const;

export type Sheet = keyof typeof ALIASES;

/** Canonical name of each column of a file, in order; other columns keep the name that the header gives them. */
export interface Header {
  readonly names: readonly string[];
  readonly known: ReadonlySet<string>;
}

const MAX_COLUMNS = 256;

const LOOK_UP: Readonly<Record<Sheet, ReadonlyMap<string, string>>> = {
  users: aliasesOf('users'),
  groups: aliasesOf('groups'),
  memberships: aliasesOf('memberships'),
};

/** `Worker's Manager` is `workersmanager`: case, spaces and punctuation make no difference. */
export function normalized(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

export function countKnown(sheet: Sheet, names: readonly string[]): number {
  return names.filter((name) => LOOK_UP[sheet].has(normalized(name))).length;
}

/** @throws SourceError that names the column that is missing, or there twice */
export function readHeader(sheet: Sheet, given: readonly string[], file: string): Header {
  if (given.length > MAX_COLUMNS) throw changed(`${file} has more than ${MAX_COLUMNS} columns.`);
  const names = given.map((name) => LOOK_UP[sheet].get(normalized(name)) ?? name.trim());
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined)
    throw changed(
      `${file} has two columns for "${twice}" (${spelled(given, names, twice)}); keep one of them.`,
    );
  const missing = REQUIRED[sheet].find((name) => !names.includes(name));
  if (missing !== undefined)
    throw changed(
      `${file} has no column "${missing}". Its header is: ${given.slice(0, 30).join(', ').slice(0, 500)}.`,
    );
  const known = new Set<string>(Object.keys(ALIASES[sheet]));
  return { names, known: new Set(names.filter((name) => known.has(name))) };
}

function spelled(given: readonly string[], names: readonly string[], name: string): string {
  return given.filter((_, index) => names[index] === name).join(', ');
}

function aliasesOf(sheet: Sheet): Map<string, string> {
  return new Map(
    Object.entries(ALIASES[sheet]).flatMap(([name, aliases]) =>
      [name, ...aliases.split(' ').filter((alias) => alias !== '')].map(
        (alias) => [normalized(alias), name] as const,
      ),
    ),
  );
}

function changed(message: string): SourceError {
  return new SourceError('source_changed_shape', message);
}
