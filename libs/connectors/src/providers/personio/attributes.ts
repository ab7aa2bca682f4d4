/** Without these nobody can say who somebody is and whether they work here. */
export const NEEDED_ATTRIBUTES = ['id', 'first_name', 'last_name', 'email', 'status', 'hire_date'] as const;

/** An admin may keep these back from the credential. */
export const OPTIONAL_ATTRIBUTES = [
  'preferred_name',
  'position',
  'supervisor',
  'employment_type',
  'contract_end_date',
  'termination_date',
  'last_working_day',
  'department',
  'team',
  'office',
  'subcompany',
  'cost_centers',
] as const;

/** Kinds of groups, and the attributes that they are made of. */
export const GROUP_ATTRIBUTES = {
  department: 'department',
  team: 'team',
  location: 'office',
  company: 'subcompany',
  cost_center: 'cost_centers',
} as const;

export type GroupKind = keyof typeof GROUP_ATTRIBUTES;

export const GROUP_KINDS = Object.keys(GROUP_ATTRIBUTES) as GroupKind[];
