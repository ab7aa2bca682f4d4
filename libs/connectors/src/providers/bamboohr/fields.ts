/** Without these nobody can say who somebody is and whether they work here. Names of "List Employees". */
export const NEEDED_FIELDS = [
  'employeeId',
  'firstName',
  'lastName',
  'status',
  'workEmail',
  'hireDate',
  'terminationDate',
  'employmentStatusName',
] as const;

/** What an admin may keep back from the key, and the fields that it stands for. */
export const OPTIONAL_FIELDS = {
  preferred_name: ['preferredName'],
  job_title: ['jobTitleName'],
  employee_number: ['employeeNumber'],
  original_hire_date: ['originalHireDate'],
  manager: ['reportsToId'],
  department: ['departmentId', 'departmentName'],
  division: ['divisionId', 'divisionName'],
  location: ['locationId', 'locationName'],
  team: ['teams'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type OptionalField = keyof typeof OPTIONAL_FIELDS;

/** Asked for and used when it comes; accounts have not all got it yet. */
export const TIME_ZONE_FIELD = 'timezone';

export const PERSONAL_EMAIL_FIELD = 'homeEmail';

/** Kinds of groups; each is an optional field of the same name. */
export const GROUP_KINDS = ['department', 'division', 'location', 'team'] as const;
