/** Without these nobody can say who somebody is and whether they work here. Names of workers in the REST API. */
export const NEEDED_FIELDS = ['id', 'status', 'start_date', 'end_date', 'work_email', 'user'] as const;

/** What an admin may keep back from the token, and the attributes of a worker that it stands for. */
export const OPTIONAL_FIELDS = {
  job_title: ['title'],
  employee_number: ['number'],
  employment_type: ['employment_type_id', 'employment_type'],
  manager: ['manager_id'],
  department: ['department_id', 'department'],
  location: ['location'],
  team: ['teams_id', 'teams'],
  company: ['legal_entity_id', 'legal_entity'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type OptionalField = keyof typeof OPTIONAL_FIELDS;

export const PERSONAL_EMAIL_FIELD = 'personal_email';

/** Kinds of groups made of attributes; each is an optional field of the same name. */
export const GROUP_KINDS = ['department', 'location', 'team', 'company'] as const;

/** What a worker leads to, and the right that it takes to follow. */
export const EXPANDED = {
  user: 'users.read',
  employment_type: 'employment-types.read',
  legal_entity: 'companies.read',
} as const;
