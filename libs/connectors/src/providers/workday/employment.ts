import { getOwn } from '#kernel';
import type { Fields } from '../../sdk/decode.js';
import type { Employment } from '../../sdk/hr/derive-state.js';
import { endOf, releasedFromOf, type ReleasedEmployment } from '../../sdk/hr/release.js';

const TRUE = ['1', 'true', 'yes', 'y'];
const FALSE = ['0', 'false', 'no', 'n'];

/** What a status column may say in words instead of 1 and 0. */
const WORDS: Readonly<Record<string, Employment['status']>> = {
  active: 'active',
  'on leave': 'leave',
  leave: 'leave',
  terminated: 'terminated',
  inactive: null,
};

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/contingent|contract(or|ing)?\b|freelance|consultant|vendor|agency/i, 'contractor'],
  [/intern\b|internship|trainee|apprentice|co-?op\b/i, 'intern'],
  [/temp\b|temporary|season|fixed[ _-]?term/i, 'temporary'],
  [/part[ _-]?time/i, 'part_time'],
  [/full[ _-]?time/i, 'full_time'],
];

/** A status that nobody knows, and what is wrong with it. */
export interface UnknownStatus {
  readonly problem: string;
}

export interface StatusRules {
  /** False for a report without any status: it lists who works here, so that everybody in it does. */
  readonly isListed: boolean;
  /** Others have the flag of activity, so that somebody without is somebody of whom it is hidden. */
  readonly hasActive: boolean;
  readonly trustDates: boolean;
  /** In the directory's zone. */
  readonly today: string;
}

export function employmentOf(worker: Fields, rules: StatusRules): ReleasedEmployment | UnknownStatus {
  const flags = flagsOf(worker);
  if ('problem' in flags) return flags;
  const dates = datesOf(worker);
  if (isHidden(flags, dates, rules)) return { problem: '"active" is missing, which others have.' };
  const { start, termination, end } = dates;
  const status = statusOf(flags, dates, rules.today);
  const isBare = status === null && start === null && end === null;
  return {
    start,
    end,
    status: isBare && !rules.isListed ? 'active' : status,
    releasedFrom: releasedFromOf(worker.date('last_day_of_work'), { start, termination }),
  };
}

/** Contingent workers have ids and a type of their own. */
export function isContingent(worker: Fields): boolean {
  const word = worker.optionalText('worker_type') ?? worker.optionalText('employee_type') ?? '';
  return /contingent/i.test(word);
}

/** Of who and how long: types are the customer's own words. */
export function employmentTypeOf(worker: Fields): string | null {
  if (isContingent(worker)) return 'contractor';
  const words = [worker.optionalText('employee_type'), worker.optionalText('time_type')].filter(
    (word) => word !== null,
  );
  if (words.length === 0) return null;
  return TYPES.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1] ?? 'other';
}

interface Flags {
  /** `inactive` as null; undefined when there is none. */
  readonly status: Employment['status'] | undefined;
  readonly isOver: boolean;
  readonly isRescinded: boolean;
  readonly onLeave: boolean;
}

function flagsOf(worker: Fields): Flags | UnknownStatus {
  const word = worker.optionalText('active')?.toLowerCase() ?? null;
  const status = word === null ? undefined : wordOf(word);
  const read = (['terminated', 'retired', 'hire_rescinded', 'on_leave'] as const).map((key) => ({
    key,
    value: flag(worker.optionalText(key)),
  }));
  const unknown = read.find(({ value }) => value === null)?.key;
  if (unknown !== undefined || status === 'unknown')
    return { problem: `"${unknown ?? 'active'}" has an unknown value.` };
  const [terminated, retired, rescinded, onLeave] = read.map(({ value }) => value === true);
  return {
    status,
    isOver: terminated === true || retired === true,
    isRescinded: rescinded === true,
    onLeave: onLeave === true,
  };
}

function wordOf(word: string): Employment['status'] | 'unknown' {
  if (TRUE.includes(word)) return 'active';
  if (FALSE.includes(word)) return null;
  const known = getOwn(WORDS, word);
  return known === undefined ? 'unknown' : known;
}

/** Undefined for nothing, null for a word that is neither. */
function flag(text: string | null): boolean | null | undefined {
  const word = text?.toLowerCase();
  if (word === undefined) return undefined;
  return TRUE.includes(word) ? true : FALSE.includes(word) ? false : null;
}

interface Dates extends Pick<Employment, 'start' | 'end'> {
  readonly termination: string | null;
}

function datesOf(worker: Fields): Dates {
  const termination = worker.date('termination_date');
  const contract = isContingent(worker) ? worker.date('contract_end_date') : null;
  const start = worker.date('hire_date');
  return { start, termination, end: endOf([termination, contract], start) };
}

/** Nobody is active for want of a flag that others have; who is gone by what is said is gone. */
function isHidden(flags: Flags, dates: Dates, { hasActive, trustDates, today }: StatusRules): boolean {
  if (!hasActive || flags.status !== undefined || flags.isOver || flags.isRescinded) return false;
  return !(trustDates && hasEnded(dates, today));
}

/** Workday's word that it is over counts at once; leave may or may not make somebody inactive at Workday. */
function statusOf(
  { status, isOver, isRescinded, onLeave }: Flags,
  dates: Dates,
  today: string,
): Employment['status'] {
  if (isRescinded) return 'rescinded';
  if (isOver || status === 'terminated') return 'terminated';
  if (onLeave && !hasEnded(dates, today)) return 'leave';
  if (status === null) return inactiveStatus(dates, today);
  return status ?? null;
}

/**
 * Inactive are also people who are to come, until some time of their first day. A contract has an end from the beginning;
 * a termination of somebody who has not come yet means that they will not.
 */
function inactiveStatus({ start, termination }: Dates, today: string): Employment['status'] {
  const isCalledOff = termination !== null && termination >= (start ?? '');
  return !isCalledOff && start !== null && start >= today ? 'prehire' : 'terminated';
}

function hasEnded({ start, end }: Dates, today: string): boolean {
  return end !== null && end < today && end >= (start ?? '');
}
