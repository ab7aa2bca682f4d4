import { GROUP_KINDS, WORKER_FIELDS } from '../fields.js';
import type { GroupType } from '../../../sdk/hr/hr-form.js';

const LABEL_FIELDS = GROUP_KINDS.flatMap((kind) => [kind, `${kind}_id`] as const);
const GROUP_FIELDS = ['group_id', 'group_name', 'group_type', 'group_members', 'member_id'] as const;

/** What a column may be mapped to. */
export const COLUMN_FIELDS = [...WORKER_FIELDS, 'manager', ...LABEL_FIELDS, ...GROUP_FIELDS] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];

/**
 * What Workday's fields are called in reports, compared without case and punctuation: `Email_-_Work` is `emailwork`. The
 * first one that a row has counts, so that preferred names come before legal ones. A plain "email" is not among them: it
 * may be the private one.
 */
const ALIASES: Partial<Readonly<Record<ColumnField, readonly string[]>>> = {
  id: ['workdayid', 'workerwid', 'wid', 'employeeid', 'workerid', 'contingentworkerid'],
  employee_id: ['employeeid', 'workerid', 'contingentworkerid', 'employeenumber'],
  universal_id: ['universalid'],
  user_name: ['username', 'workdayusername', 'workdayaccount', 'userid'],
  first_name: ['preferredfirstname', 'legalfirstname', 'firstname', 'givenname'],
  last_name: ['preferredlastname', 'legallastname', 'lastname', 'familyname'],
  name: ['preferredname', 'fullname', 'name', 'worker', 'legalname'],
  work_email: ['workemail', 'emailwork', 'primaryworkemail', 'emailprimarywork', 'workemailaddress'],
  home_email: ['homeemail', 'emailhome', 'primaryhomeemail', 'personalemail'],
  job_title: ['businesstitle', 'jobtitle', 'positiontitle', 'position', 'jobprofilename', 'jobprofile'],
  worker_type: ['workertype'],
  employee_type: ['employeetype', 'contingentworkertype', 'workersubtype'],
  time_type: ['timetype', 'positiontimetype'],
  manager_id: ['managerworkdayid', 'managerwid', 'manageremployeeid', 'managerworkerid', 'managerid'],
  manager_email: ['manageremail', 'managerworkemail', 'manageremailwork'],
  manager: ['workersmanagergroup', 'workersmanager', 'managergroup', 'managersgroup', 'manager'],
  active: ['activestatus', 'active', 'isactive', 'workerstatus', 'employeestatus', 'status'],
  terminated: ['terminated', 'isterminated'],
  on_leave: ['onleave', 'isonleave', 'currentlyonleave'],
  hire_rescinded: ['hirerescinded', 'rescinded'],
  retired: ['retired'],
  hire_date: ['hiredate', 'startdate', 'contractstartdate'],
  original_hire_date: ['originalhiredate'],
  termination_date: ['terminationdate', 'enddate'],
  last_day_of_work: ['terminationlastdayofwork', 'lastdayofwork'],
  contract_end_date: ['contractenddate', 'endemploymentdate'],
  department: ['supervisoryorganization', 'department', 'supervisoryorganizations'],
  department_id: ['supervisoryorganizationid', 'supervisoryorganizationreferenceid', 'departmentid'],
  division: ['division', 'businessunit'],
  division_id: ['divisionid', 'businessunitid'],
  team: ['team', 'teams'],
  team_id: ['teamid'],
  location: ['location', 'worklocation', 'primarylocation'],
  location_id: ['locationid', 'worklocationid'],
  company: ['company'],
  company_id: ['companyid'],
  cost_center: ['costcenter'],
  cost_center_id: ['costcenterid'],
  group_id: ['groupid'],
  group_name: ['groupname'],
  group_type: ['grouptype'],
  group_members: ['membersgroup', 'members', 'groupmembersgroup', 'groupmembers', 'membergroup'],
  member_id: ['memberid', 'workdayid', 'memberworkdayid', 'memberemployeeid', 'employeeid', 'workerid'],
};

/** Finds columns by the settings, and otherwise by what they are usually called. */
export class Columns {
  readonly mapped: ReadonlyMap<ColumnField, string>;
  readonly #names = new Map<ColumnField, readonly string[]>();

  constructor(mapped: ReadonlyMap<ColumnField, string>) {
    this.mapped = mapped;
    for (const field of COLUMN_FIELDS) {
      const own = mapped.get(field);
      this.#names.set(field, own === undefined ? (ALIASES[field] ?? []) : [foldAlias(own)]);
    }
  }

  /** The names that a field goes by, folded; the best first. */
  namesOf(field: ColumnField): readonly string[] {
    return this.#names.get(field) ?? [];
  }

  labelNames(kind: GroupType): { readonly names: readonly string[]; readonly ids: readonly string[] } {
    return { names: this.namesOf(kind), ids: this.namesOf(`${kind}_id`) };
  }
}

/** Every row has the same aliases; folding them anew takes longer than everything else. */
const folded = new Map<string, string>();
const MAX_FOLDED = 2_000;

export function foldAlias(alias: string): string {
  const known = folded.get(alias);
  if (known !== undefined) return known;
  const name = alias
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
  if (folded.size >= MAX_FOLDED) folded.clear();
  folded.set(alias, name);
  return name;
}
