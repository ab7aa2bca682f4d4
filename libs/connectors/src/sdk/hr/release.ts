import { deriveState, type DerivedState, type Employment } from './derive-state.js';
import type { HrRules } from './hr-form.js';
import { addDays, localDay, startOfDay } from './local-day.js';

/** `releasedFrom`: the first day on which somebody who is leaving need not come any more, though employed still. */
export interface ReleasedEmployment extends Employment {
  readonly releasedFrom: string | null;
}

/** The first end that is given, but for those before the start: they are of an earlier employment, and stay recorded. */
export function endOf(ends: readonly (string | null)[], start: string | null): string | null {
  const given = ends.filter((end) => end !== null);
  return given.find((end) => end >= (start ?? '')) ?? given[0] ?? null;
}

/** The day after the last day of work, where work ends before this employment does (and not an earlier one). */
export function releasedFromOf(
  lastDay: string | null,
  { start, termination }: { readonly start: string | null; readonly termination: string | null },
): string | null {
  const isEarly =
    lastDay !== null && termination !== null && lastDay < termination && lastDay >= (start ?? '');
  return isEarly ? addDays(lastDay, 1) : null;
}

/** As `deriveState`, and garden leave, for vendors that have a last day of work and no status for it. */
export function deriveReleasedState(
  employment: ReleasedEmployment,
  rules: HrRules,
  now: Date,
): DerivedState | null {
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
