import { SourceError } from '../../../sdk/source-error.js';
import type { StoredFile } from './file-store.js';

/** Clocks and time zones of others differ by less. */
const AHEAD_MS = 48 * 3_600_000;

/**
 * Whether a time is one that cannot have come yet. What is believed to be from the future is the newest for ever, and
 * whatever comes after it would pass for older: nobody would ever leave again.
 */
export function isAhead(time: Date | string, now: Date): boolean {
  const at = typeof time === 'string' ? Date.parse(time) : time.getTime();
  return at > now.getTime() + AHEAD_MS;
}

/** When the stamp in a name says that it was; undefined for digits that are no date. */
export function dateOfStamp(stamp: string): Date | undefined {
  const digits = stamp.replaceAll(/\D/g, '').padEnd(14, '0');
  const [, date, time] = /^(\d{8})(\d{6})$/.exec(digits) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const dashed = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  const at = new Date(`${dashed}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`);
  const isReal = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(dashed);
  return isReal && date >= '19900101' ? at : undefined;
}

/** @throws SourceError for the time of a file by the folder's clock that is still to come */
export function expectWritten({ name, modifiedAt }: StoredFile, now: Date): void {
  if (isAhead(modifiedAt, now))
    throw new SourceError(
      'config_error',
      `${name} was changed at ${modifiedAt.toISOString()}, which is still to come. Set the clock of the machine that writes it, and write it anew. The last state stays.`,
    );
}

/** @throws SourceError for a name whose time is none, or still to come: which file is the newest could not be told */
export function expectStamp(name: string, stamp: string, now: Date): void {
  const at = dateOfStamp(stamp);
  if (at !== undefined && !isAhead(at, now)) return;
  const what = at === undefined ? 'is no date of the form YYYYMMDD' : 'is a time that is still to come';
  throw new SourceError(
    'config_error',
    `"${stamp}" in the name ${name} ${what}, so nobody can tell which file is the newest. Names are like users.20260102.csv or users.20260102T030000Z.csv; rename or remove it. The last state stays.`,
  );
}

/** @throws SourceError for files that say of themselves that they were made at a time that is still to come */
export function expectMade(
  generatedAt: string | null,
  { name, now }: { readonly name: string; readonly now: Date },
): void {
  if (generatedAt !== null && isAhead(generatedAt, now))
    throw new SourceError(
      'incomplete_listing',
      `${name} is said to be made at ${generatedAt}, which is still to come. Set the clock of the machine that exports it. The last state stays.`,
    );
}
