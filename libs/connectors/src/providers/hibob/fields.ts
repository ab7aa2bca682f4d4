/** Bob has these of everybody: where one is missing, it is hidden. */
export const NEEDED_FIELDS = [
  'root.id',
  'root.firstName',
  'root.surname',
  'internal.status',
  'internal.lifecycleStatus',
  'work.startDate',
] as const;

/** Empty of many, never of all; what an admin may keep back from the service user, and its fields. */
export const OPTIONAL_FIELDS = {
  email: ['root.email'],
  job_title: ['work.title'],
  department: ['work.department'],
  location: ['work.siteId', 'work.site'],
  manager: ['work.reportsTo'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type OptionalField = keyof typeof OPTIONAL_FIELDS;

/** May be empty of everybody. Their categories are those of other fields, which show whether they are readable. */
export const RARE_FIELDS = [
  'root.displayName',
  'internal.terminationDate',
  'work.originalStartDate',
  'work.employeeIdInCompany',
] as const;

export const TYPE_FIELDS = ['payroll.employment.type', 'payroll.employment.contract'] as const;
export const PERSONAL_EMAIL_FIELD = 'home.privateEmail';

export const GROUP_KINDS = ['department', 'division', 'location', 'team'] as const;
