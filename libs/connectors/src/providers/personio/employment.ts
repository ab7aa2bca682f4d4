import type { Fields } from '../../sdk/decode.js';
import { deriveState, type DerivedState, type Employment } from '../../sdk/hr/derive-state.js';
import type { HrRules } from '../../sdk/hr/hr-form.js';
import { addDays, localDay, startOfDay } from '../../sdk/hr/local-day.js';

const STATUSES: Readonly<Record<string, Employment['status']>> = {
  active: 'active',
  inactive: 'terminated',
  onboarding: 'prehire',
  leave: 'leave',
};

/** `releasedFrom`: the first day on which a terminated person need not come any more, though employed still. */
export interface PersonioEmployment extends Employment {
  readonly releasedFrom: string | null;
}

/** Undefined when the status is one that nobody knows. */
export function employmentOf(employee: Fields, contractEnd: boolean): PersonioEmployment | undefined {
  const word = employee.optionalText('status');
  const status = word === null ? null : STATUSES[word.toLowerCase()];
  if (status === undefined) return undefined;
  const start = employee.date('hire_date');
  const termination = employee.date('termination_date');
  const lastDay = employee.date('last_working_day');
  const contract = contractEnd ? employee.date('contract_end_date') : null;
  return {
    status,
    start,
    end: termination ?? lastDay ?? contract,
    releasedFrom: isEarly(lastDay, { start, termination }) ? addDays(lastDay, 1) : null,
  };
}

/** Work ends before the employment does; of this employment, not of an earlier one. */
function isEarly(
  lastDay: string | null,
  { start, termination }: { readonly start: string | null; readonly termination: string | null },
): lastDay is string {
  return lastDay !== null && termination !== null && lastDay < termination && lastDay >= (start ?? '');
}

/** As `deriveState`, and garden leave, which Personio has no status for. */
export function stateOf(employment: PersonioEmployment, rules: HrRules, now: Date): DerivedState | null {
  const { releasedFrom, status } = employment;
  const worksStill = status === 'active' || status === 'leave';
  if (releasedFrom === null || !rules.trustDates || !worksStill) return deriveState(employment, rules, now);
  if (releasedFrom <= localDay(now, rules.timeZone))
    return deriveState({ ...employment, status: 'garden_leave' }, rules, now);
  const state = deriveState(employment, rules, now);
  if (state?.active !== true || rules.gardenLeaveState === 'active') return state;
  const at = startOfDay(releasedFrom, rules.timeZone).toISOString();
  return { ...state, upcoming: { at, active: false, stateReason: 'on_leave' } };
}
