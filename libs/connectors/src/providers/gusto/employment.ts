import type { Fields } from '../../sdk/decode.js';
import type { Employment } from '../../sdk/hr/derive-state.js';

/** Without these nobody can say who works here, since when and until when. Gusto sends them of every employee. */
export const EMPLOYMENT_FIELDS = ['terminated', 'onboarded', 'jobs', 'terminations'] as const;

/** The same of contractors. */
export const CONTRACT_FIELDS = ['is_active'] as const;

/** Of an employee with all of `EMPLOYMENT_FIELDS`. */
export function employmentOf(employee: Fields): Employment {
  const start = primaryJob(employee)?.date('hire_date') ?? null;
  if (employee.boolean('terminated', false))
    return { status: 'terminated', start, end: latest(employee, () => true) };
  const end = latest(employee, (isInEffect) => !isInEffect);
  // Until the papers are done nobody is active, whatever the hire date is: a date that came would not stay.
  return employee.boolean('onboarded', false)
    ? { status: 'active', start, end }
    : { status: 'prehire', start: null, end };
}

/**
 * The last day of work. Who is not terminated has only terminations that are to come: one that has been in effect is of
 * the employment before they were hired again.
 */
function latest(employee: Fields, isMeant: (isInEffect: boolean) => boolean): string | null {
  const days = employee
    .objects('terminations')
    .filter((termination) => isMeant(termination.boolean('active', false)))
    .flatMap((termination) => termination.date('effective_date') ?? []);
  return days.sort().at(-1) ?? null;
}

/** The job that counts; the only one when none is marked. */
export function primaryJob(employee: Fields): Fields | undefined {
  const jobs = employee.objects('jobs');
  return jobs.find((job) => job.boolean('primary', false)) ?? jobs[0];
}

const TYPES: ReadonlyMap<string | null, string> = new Map([
  ['full_time', 'full_time'],
  ['part_time', 'part_time'],
  ['part_time_under_twenty_hours', 'part_time'],
  ['part_time_twenty_plus_hours', 'part_time'],
  ['seasonal', 'temporary'],
]);

export function employmentTypeOf(employee: Fields): string | null {
  const word = employee.optionalText('current_employment_status');
  return word === null ? null : (TYPES.get(word) ?? 'other');
}

/** Contractors have a flag, and a dismissal that may be to come. */
export function contractOf(contractor: Fields): Employment {
  const upcoming = contractor.object('upcoming_employment').date('start_date');
  // Who works here may come back after a dismissal that is to come: what is to come is not the present.
  const start = contractor.date('start_date') ?? upcoming;
  const end = contractor.date('dismissal_date');
  if (!contractor.boolean('is_active', false))
    return upcoming === null
      ? { status: 'terminated', start, end }
      : { status: 'prehire', start: upcoming, end: null };
  const isOnboarded = contractor.boolean('onboarded', true);
  return isOnboarded ? { status: 'active', start, end } : { status: 'prehire', start: null, end };
}
