import type { Fields } from '../../sdk/decode.js';
import { zoneOf, type Employment } from '../../sdk/hr/derive-state.js';
import { localDay } from '../../sdk/hr/local-day.js';
import type { BamboohrConfig } from './config.js';
import { TIME_ZONE_FIELD } from './fields.js';

const LEAVE = /\b(leave|furlough(ed)?|sabbatical)\b/i;
const GARDEN_LEAVE = /\bgarden(ing)? leave\b/i;

/** Labels of the employment status are the customer's own; what they say of the kind of work. */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [/contract|contingent|freelance|consultant/i, 'contractor'],
  [/intern\b|internship|trainee|apprentice/i, 'intern'],
  [/temp\b|temporary|season/i, 'temporary'],
  [/part[- ]?time/i, 'part_time'],
  [/full[- ]?time/i, 'full_time'],
];

/** Undefined when there is no status, or one that nobody knows. Dates alone make nobody active. */
export function employmentOf(employee: Fields, config: BamboohrConfig, now: Date): Employment | undefined {
  const timeZone = employee.optionalText(TIME_ZONE_FIELD);
  const dates = { start: employee.date('hireDate'), end: employee.date('terminationDate'), timeZone };
  const label = employee.optionalText('employmentStatusName');
  switch (employee.optionalText('status')) {
    case 'Active':
      return { ...dates, status: workingStatus(label, config) };
    case 'Inactive':
      return {
        ...dates,
        status: inactiveStatus(dates, label, localDay(now, zoneOf({ timeZone }, config.rules))),
      };
    default:
      return undefined;
  }
}

export function employmentTypeOf(label: string | null): string | null {
  if (label === null || isTermination(label)) return null;
  return TYPES.find(([words]) => words.test(label))?.[1] ?? 'other';
}

function workingStatus(label: string | null, { leaveStatuses }: BamboohrConfig): Employment['status'] {
  if (label === null) return 'active';
  if (isTermination(label)) return 'terminated';
  if (GARDEN_LEAVE.test(label)) return 'garden_leave';
  const isLeave = leaveStatuses === null ? LEAVE.test(label) : leaveStatuses.includes(label.toLowerCase());
  return isLeave ? 'leave' : 'active';
}

/** BambooHR calls people inactive also before their first day, until some time of that day. */
function inactiveStatus(
  { start, end }: { readonly start: string | null; readonly end: string | null },
  label: string | null,
  today: string,
): Employment['status'] {
  const hasEnd = end !== null && end >= (start ?? '');
  if (hasEnd || (label !== null && isTermination(label))) return 'terminated';
  if (start === null) return label === null ? 'prehire' : 'terminated';
  return start >= today ? 'prehire' : 'terminated';
}

function isTermination(label: string): boolean {
  return /^terminated$/i.test(label);
}
