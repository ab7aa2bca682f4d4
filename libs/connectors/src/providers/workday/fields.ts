import type { GroupType } from '../../sdk/hr/hr-form.js';

export const GROUP_KINDS = [
  'department',
  'division',
  'location',
  'team',
  'company',
  'cost_center',
] as const satisfies readonly GroupType[];

/** What says whether somebody works here. */
export const STATUS_FIELDS = [
  'active',
  'terminated',
  'on_leave',
  'hire_rescinded',
  'retired',
  'hire_date',
  'termination_date',
  'last_day_of_work',
  'contract_end_date',
] as const;

/**
 * A worker as both ways of reading are brought to: plain texts by these names, and `labels`, the organizations. What
 * Workday does not say is not there. Columns of a report are mapped to the same names.
 */
export const WORKER_FIELDS = [
  'id',
  'employee_id',
  'universal_id',
  'user_name',
  'first_name',
  'last_name',
  'name',
  'work_email',
  'home_email',
  'job_title',
  'worker_type',
  'employee_type',
  'time_type',
  'manager_id',
  'manager_email',
  'original_hire_date',
  ...STATUS_FIELDS,
] as const;

export type WorkerField = (typeof WORKER_FIELDS)[number];

/** May well be empty of everybody. */
export const RARE_FIELDS: readonly string[] = [
  'universal_id',
  'home_email',
  'manager_email',
  'original_hire_date',
  'terminated',
  'on_leave',
  'hire_rescinded',
  'retired',
  'termination_date',
  'last_day_of_work',
  'contract_end_date',
  'division',
  'team',
];

export const DATE_FIELDS: readonly string[] = WORKER_FIELDS.filter(
  (field) => field.endsWith('_date') || field === 'last_day_of_work',
);
