import type { Fields } from '../../sdk/decode.js';
import type { Employment } from '../../sdk/hr/derive-state.js';
import { localDay } from '../../sdk/hr/local-day.js';
import type { HrRules } from '../../sdk/hr/hr-form.js';
import { labelOf } from './flat-person.js';

/** First match counts: garden leave is a leave by its name only. */
const LIFECYCLES: readonly (readonly [RegExp, Employment['status']])[] = [
  [/garden/, 'garden_leave'],
  // A leaver is on no leave.
  [/leave(?!r)/, 'leave'],
  [/terminated|^left$/, 'terminated'],
  [/hired|onboarding/, 'prehire'],
  [/employed/, 'active'],
];

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/contract(or|ing)|contingent|freelance|consultant|external/i, 'contractor'],
  [/intern\b|internship|trainee|apprentice/i, 'intern'],
  [/temp\b|temporary|season/i, 'temporary'],
  [/part[- ]?time/i, 'part_time'],
  [/full[- ]?time/i, 'full_time'],
];

/** Undefined when the status is one that nobody knows. */
export function employmentOf(person: Fields, rules: HrRules, now: Date): Employment | undefined {
  const dates = { start: person.date('work.startDate'), end: person.date('internal.terminationDate') };
  const lifecycle = lifecycleOf(person.text('internal.lifecycleStatus'));
  switch (person.text('internal.status').toLowerCase()) {
    case 'active':
      return { ...dates, status: lifecycle ?? 'active' };
    case 'inactive':
      return { ...dates, status: inactiveStatus(dates, lifecycle, localDay(now, rules.timeZone)) };
    default:
      return undefined;
  }
}

/** Of what Bob calls type (permanent, temporary) and contract (full time, part time); both are the customer's lists. */
export function employmentTypeOf(person: Fields): string | null {
  const words = ['payroll.employment.type', 'payroll.employment.contract']
    .map((field) => person.optionalText(labelOf(field)) ?? person.optionalText(field))
    .filter((word) => word !== null);
  if (words.length === 0) return null;
  return TYPES.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1] ?? 'other';
}

function lifecycleOf(word: string): Employment['status'] | undefined {
  return LIFECYCLES.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1];
}

/** Inactive are people who left, people who are to come, and people on leave, unless HR let them stay active. */
function inactiveStatus(
  { start, end }: Pick<Employment, 'start' | 'end'>,
  lifecycle: Employment['status'] | undefined,
  today: string,
): Employment['status'] {
  if (lifecycle === 'leave' || lifecycle === 'garden_leave') return lifecycle;
  const hasEnd = end !== null && end >= (start ?? '');
  const isToCome = !hasEnd && start !== null && start >= today;
  return isToCome && lifecycle !== 'terminated' ? 'prehire' : 'terminated';
}
