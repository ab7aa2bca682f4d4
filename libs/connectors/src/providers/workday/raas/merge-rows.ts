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
  const [only] = working;
  if (only === undefined || working.length > 1) return { fields: all, isOne: false };
  return { fields: only, isOne: true };
}

/** The same apart from organizations. */
function sameBut(a: JsonObject, b: JsonObject): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  keys.delete('labels');
  return [...keys].every((key) => a[key] === b[key]);
}

function isWorking({ active, terminated }: JsonObject): boolean {
  if (typeof terminated === 'string' && !INACTIVE.includes(terminated.toLowerCase())) return false;
  return typeof active === 'string' && !INACTIVE.includes(active.toLowerCase());
}

function labelsOf({ labels }: JsonObject): readonly JsonObject[] {
  return Array.isArray(labels) ? labels.filter((label: JsonValue) => isJsonObject(label)) : [];
}

function distinct(labels: readonly JsonObject[]): JsonObject[] {
  return [...new Map(labels.map((label) => [JSON.stringify(label), label])).values()];
}
