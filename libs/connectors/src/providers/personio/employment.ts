import { getOwn } from '#kernel';
import type { Fields } from '../../sdk/decode.js';
import type { Employment } from '../../sdk/hr/derive-state.js';
import { endOf, releasedFromOf, type ReleasedEmployment } from '../../sdk/hr/release.js';

/** In both versions of the API, in lower case. */
export const STATUSES: Readonly<Record<string, Employment['status']>> = {
  active: 'active',
  inactive: 'terminated',
  onboarding: 'prehire',
  leave: 'leave',
};

/** Undefined when there is no status, or one that nobody knows. Dates alone make nobody active. */
export function employmentOf(employee: Fields, contractEnd: boolean): ReleasedEmployment | undefined {
  const status = getOwn(STATUSES, employee.optionalText('status')?.toLowerCase() ?? '');
  if (status === undefined) return undefined;
  const start = employee.date('hire_date');
  const termination = employee.date('termination_date');
  const lastDay = employee.date('last_working_day');
  const contract = contractEnd ? employee.date('contract_end_date') : null;
  return {
    status,
    start,
    end: endOf([termination ?? lastDay, contract], start),
    releasedFrom: releasedFromOf(lastDay, { start, termination }),
  };
}
