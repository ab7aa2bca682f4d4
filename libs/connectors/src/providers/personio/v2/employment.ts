import { getOwn } from '#kernel';
import { Fields } from '../../../sdk/decode.js';
import type { DerivedState } from '../../../sdk/hr/derive-state.js';
import type { HrRules } from '../../../sdk/hr/hr-form.js';
import {
  deriveReleasedState,
  endOf,
  releasedFromOf,
  type ReleasedEmployment,
} from '../../../sdk/hr/release.js';
import type { PersonioConfig } from '../config.js';
import { STATUSES } from '../employment.js';

/** The employment that counts today, and what follows from it. */
export interface Chosen {
  readonly fields: Fields;
  readonly employment: ReleasedEmployment;
  readonly state: DerivedState;
}

/**
 * Of all employments of a person, the newest first: the one that makes them active, or the newest one. Who is hired anew, or
 * changes the company, has the next employment beside the present one.
 * @param isInactive Personio's own word for the person, at once where it takes access away
 * @returns undefined when nobody can say: no employment of somebody active, or one that is not understood and may be the one that counts
 */
export function chooseEmployment(
  employments: readonly Fields[],
  {
    config,
    isInactive,
    now,
  }: { readonly config: PersonioConfig; readonly isInactive: boolean; readonly now: Date },
): Chosen | undefined {
  const read = employments.map((fields) => ({ fields, employment: employmentOf(fields, config) }));
  if (isInactive) {
    const [newest = { fields: new Fields({}), employment: undefined }] = read;
    return ended(newest, config.rules, now);
  }
  const chosen = bestAt(read, config.rules, now);
  const isClear = chosen?.state.active === true || read.every(({ employment }) => employment !== undefined);
  return isClear && chosen !== undefined ? withoutGap(chosen, read, config.rules) : undefined;
}

interface ReadEmployment {
  readonly fields: Fields;
  readonly employment: ReleasedEmployment | undefined;
}

function ended({ fields, employment }: ReadEmployment, rules: HrRules, now: Date): Chosen | undefined {
  const over: ReleasedEmployment = {
    start: null,
    end: null,
    releasedFrom: null,
    ...employment,
    status: employment?.status === 'rescinded' ? 'rescinded' : 'terminated',
  };
  const state = deriveReleasedState(over, rules, now);
  return state === null ? undefined : { fields, employment: over, state };
}

/** An active one without an end before one with, the later end first; otherwise the newest that is understood. */
function bestAt(read: readonly ReadEmployment[], rules: HrRules, now: Date): Chosen | undefined {
  const all = read.flatMap(({ fields, employment }): Chosen[] => {
    const state = employment && deriveReleasedState(employment, rules, now);
    return employment && state ? [{ fields, employment, state }] : [];
  });
  const active = all.filter(({ state }) => state.active);
  return active.toSorted((one, other) => endsAt(other).localeCompare(endsAt(one)))[0] ?? all[0];
}

function endsAt({ state }: Chosen): string {
  return state.upcoming?.at ?? '9999';
}

/** Where the next employment begins when this one ends, nothing changes that day. */
function withoutGap(chosen: Chosen, read: readonly ReadEmployment[], rules: HrRules): Chosen {
  const { upcoming, active } = chosen.state;
  if (!active || upcoming?.active !== false) return chosen;
  const next = bestAt(read, rules, new Date(upcoming.at));
  if (next?.state.active !== true) return chosen;
  return { ...chosen, state: { ...chosen.state, upcoming: next.state.upcoming } };
}

/** Undefined when there is no status, or one that nobody knows. Dates alone make nobody active. */
function employmentOf(employment: Fields, { contractEnd }: PersonioConfig): ReleasedEmployment | undefined {
  const status = getOwn(STATUSES, employment.optionalText('status')?.toLowerCase() ?? '');
  if (status === undefined) return undefined;
  const start = employment.date('employment_start_date');
  const leaving = employment.object('termination');
  const termination = leaving.date('termination_date');
  // The description names it one way, the vendor's example the other.
  const lastDay = leaving.date('last_working_day') ?? leaving.date('last_working_date');
  const contract = contractEnd ? employment.date('contract_end_date') : null;
  const isCalledOff =
    leaving.optionalText('type') === 'CANCELLATION' && !['active', 'leave'].includes(status ?? '');
  return {
    status: isCalledOff ? 'rescinded' : status,
    start,
    end: endOf([termination ?? lastDay, employment.date('employment_end_date'), contract], start),
    releasedFrom: releasedFromOf(lastDay, { start, termination }),
  };
}

/** Of whom Personio knows how many hours they work; who is external is a contractor. */
export function employmentTypeOf(employment: Fields): string | null {
  const type = employment.optionalText('type')?.toLowerCase() ?? null;
  if (type === 'external') return 'contractor';
  const [hours, full] = ['weekly_working_hours', 'full_time_weekly_working_hours'].map((key) => {
    const value = Number(employment.pick([key])[key] ?? Number.NaN);
    return value > 0 ? value : null;
  });
  if (hours && full) return hours < full ? 'part_time' : 'full_time';
  return type === 'unspecified' ? null : type;
}
