import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** `isOne`: the rows are about one worker, and do not contradict each other. */
export interface MergedRows {
  readonly fields: JsonObject;
  readonly isOne: boolean;
}

const INACTIVE = ['0', 'false', 'no', 'n', 'inactive', 'terminated'];

/**
 * A worker who stands in several rows: with several organizations (a row for each), or as an employee who was a
 * contingent worker before, under the same number and not active any more as such. Otherwise the first row, to say who it
 * is about, with everything that any of the rows is a member of.
 */
export function mergeRows(rows: readonly JsonObject[]): MergedRows {
  const [first = {}] = rows;
  const labels = distinct(rows.flatMap(labelsOf));
  const all = { ...first, ...(labels.length === 0 ? {} : { labels }) };
  if (rows.every((row) => sameBut(row, first))) return { fields: all, isOne: true };
  const working = rows.filter(isWorking);
  const one = working.length > 0 ? working : lastOf(rows);
  const [only] = one;
  return only === undefined || one.length > 1 ? { fields: all, isOne: false } : { fields: only, isOne: true };
}

/**
 * Of profiles none of which works, those with the latest day of hire: who has left as one and will come as another is
 * inactive in any case. None when that is not said of all.
 */
function lastOf(rows: readonly JsonObject[]): readonly JsonObject[] {
  const days = rows.map(({ hire_date: day }) => (typeof day === 'string' ? day : ''));
  if (days.includes('') || !rows.every(isAway)) return [];
  const last = days.toSorted().at(-1);
  return rows.filter((_, index) => days[index] === last);
}

/** The same apart from organizations. */
function sameBut(a: JsonObject, b: JsonObject): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  keys.delete('labels');
  return [...keys].every((key) => a[key] === b[key]);
}

function isWorking({ active, terminated }: JsonObject): boolean {
  return !says(terminated, true) && says(active, true);
}

/** Leave may or may not make somebody inactive. */
function isAway({ active, terminated, on_leave: onLeave }: JsonObject): boolean {
  return says(terminated, true) || (says(active, false) && !says(onLeave, true));
}

function says(flag: JsonValue | undefined, expected: boolean): boolean {
  return typeof flag === 'string' && INACTIVE.includes(flag.toLowerCase()) !== expected;
}

function labelsOf({ labels }: JsonObject): readonly JsonObject[] {
  return Array.isArray(labels) ? labels.filter((label: JsonValue) => isJsonObject(label)) : [];
}

function distinct(labels: readonly JsonObject[]): JsonObject[] {
  return [...new Map(labels.map((label) => [JSON.stringify(label), label])).values()];
}
