import type { StateReason, UpcomingState } from '#model';
import type { HrRules } from './hr-form.js';
import { addDays, isTimeZone, localDay, startOfDay } from './local-day.js';

/** What an HR system says about one employment. Dates are plain, `YYYY-MM-DD`. */
export interface Employment {
  /** `rescinded`: a hire that was called off. Null: the vendor has no status for this record. */
  readonly status: 'prehire' | 'active' | 'leave' | 'garden_leave' | 'terminated' | 'rescinded' | null;
  readonly start: string | null;
  readonly end: string | null;
  /** IANA zone of the place of work, when it is known. */
  readonly timeZone?: string | null;
}

export type EmploymentStatus = 'prehire' | 'active' | 'leave' | 'terminated';

export interface DerivedState {
  readonly employmentStatus: EmploymentStatus;
  readonly active: boolean;
  readonly stateReason: StateReason | null;
  readonly upcoming: UpcomingState | null;
}

/**
 * Who may work today: the same rules for every HR system. The vendor's word is taken at once where it takes access away;
 * dates add what the vendor has not got round to, and what will be.
 * @returns null when neither status nor start date is known: nothing can be said, the last state has to stay.
 */
export function deriveState(employment: Employment, rules: HrRules, now: Date): DerivedState | null {
  const { status, start, end } = employment;
  if (status === 'terminated' || status === 'rescinded') return TERMINATED;
  if (status === null && start === null && end === null) return null;
  const zone = zoneOf(employment, rules);
  const today = localDay(now, zone);
  const firstDayOff = firstDayOffOf(employment, rules);
  if (firstDayOff !== null && firstDayOff <= today) return TERMINATED;
  return (
    prehireOn(today, zone, { employment, rules }) ??
    employed(employment, rules, firstDayOff === null ? null : startOfDay(firstDayOff, zone))
  );
}

/** Of people whose first day is to come. */
function prehireOn(
  today: string,
  zone: string,
  { employment, rules }: { employment: Employment; rules: HrRules },
): DerivedState | null {
  const firstDay = employment.start === null ? null : addDays(employment.start, -rules.prehireLeadDays);
  if (firstDay !== null && firstDay > today) return prehire(startOfDay(firstDay, zone));
  // A vendor that still says "future hire" after the first day is late; without a date its word is all there is.
  const isWordOnly = firstDay === null || !rules.trustDates;
  return employment.status === 'prehire' && isWordOnly ? prehire(null) : null;
}

const TERMINATED: DerivedState = {
  employmentStatus: 'terminated',
  active: false,
  stateReason: 'terminated',
  upcoming: null,
};

function prehire(begin: Date | null): DerivedState {
  const upcoming = begin === null ? null : { at: begin.toISOString(), active: true, stateReason: null };
  return { employmentStatus: 'prehire', active: false, stateReason: 'pending', upcoming };
}

function employed({ status }: Employment, rules: HrRules, end: Date | null): DerivedState {
  const away =
    status === 'leave' ? rules.leaveState : status === 'garden_leave' ? rules.gardenLeaveState : null;
  const active = away !== 'inactive';
  return {
    employmentStatus: away === null ? 'active' : 'leave',
    active,
    stateReason: active ? null : 'on_leave',
    upcoming: end === null ? null : { at: end.toISOString(), active: false, stateReason: 'terminated' },
  };
}

/** An end before the start belongs to an earlier employment: a rehire. One in the last year that there is means never. */
function firstDayOffOf({ start, end }: Employment, { trustDates, endIs }: HrRules): string | null {
  if (!trustDates || end === null || (start !== null && end < start)) return null;
  if (end.startsWith('9999-')) return null;
  return endIs === 'last_day' ? addDays(end, 1) : end;
}

/** Of the place of work, when it is known and one; otherwise of the directory. */
export function zoneOf({ timeZone }: Pick<Employment, 'timeZone'>, rules: HrRules): string {
  return timeZone !== null && timeZone !== undefined && isTimeZone(timeZone) ? timeZone : rules.timeZone;
}
