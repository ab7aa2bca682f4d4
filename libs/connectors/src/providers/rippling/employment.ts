import type { Fields } from '../../sdk/decode.js';
import type { Employment } from '../../sdk/hr/derive-state.js';

/** Reasons of a termination that mean: never came. */
const RESCINDED: readonly string[] = ['OFFER_DECLINED', 'RESCIND', 'RENEGE'];

/** Status words of both APIs. Undefined when there is none, or one that nobody knows. Dates alone make nobody active. */
export function statusOf(
  word: string | null,
  terminationType: string | null,
): Employment['status'] | undefined {
  switch (word) {
    case 'INIT':
    case 'HIRED':
    case 'ACCEPTED':
      return 'prehire';
    case 'ACTIVE':
      return 'active';
    case 'TERMINATED':
      return terminationType !== null && RESCINDED.includes(terminationType) ? 'rescinded' : 'terminated';
    default:
      return undefined;
  }
}

/** Undefined when there is no status, or one that nobody knows. */
export function employmentOf(worker: Fields, user: Fields): Employment | undefined {
  const word = worker.optionalText('status');
  const status = statusOf(word, worker.object('termination_details').optionalText('type'));
  if (status === undefined) return undefined;
  return {
    status,
    // An offer that was only begun makes nobody active when its day comes.
    start: word === 'INIT' ? null : worker.date('start_date'),
    end: worker.date('end_date'),
    timeZone: user.optionalText('timezone'),
  };
}

const AMOUNTS: ReadonlyMap<string | null, string> = new Map([
  ['FULL-TIME', 'full_time'],
  ['PART-TIME', 'part_time'],
  ['TEMPORARY', 'temporary'],
]);

export function employmentTypeOf(type: Fields): string | null {
  if (type.optionalText('type') === 'CONTRACTOR') return 'contractor';
  const amount = AMOUNTS.get(type.optionalText('amount_worked'));
  return amount ?? (type.keys().length === 0 ? null : 'other');
}
