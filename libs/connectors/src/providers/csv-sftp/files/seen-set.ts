import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';
import type { SheetFile } from '../text/read-rows.js';
import { ROLES, type Survey, type Surveyed } from './survey.js';

/** What is remembered of the set that was applied last. */
export interface SeenSet {
  readonly stamp: string;
  readonly listing: string;
  readonly fingerprint: string;
  readonly encoding: string;
  /** Columns that mean something, as `users.email`. */
  readonly columns: readonly string[];
  readonly hasLeadingZeros: boolean;
}

/** A set with what tells it from others. */
type Known = Surveyed & Pick<SeenSet, 'stamp' | 'listing' | 'fingerprint'>;

export function seenSet(set: Known, survey: Survey): SeenSet & JsonObject {
  return {
    stamp: set.stamp,
    listing: set.listing,
    fingerprint: set.fingerprint,
    encoding: set.sheets.users.encoding.name,
    columns: columnsOf(set),
    hasLeadingZeros: survey.hasLeadingZeros,
  };
}

/** Null for what another version of this connector has saved. */
export function readSeenSet(value: JsonValue | undefined): SeenSet | null {
  if (!isJsonObject(value) || typeof value['fingerprint'] !== 'string' || !Array.isArray(value['columns']))
    return null;
  return value as unknown as SeenSet;
}

/**
 * A file that has lost a column, an encoding that changed, ids without their zeros: mistakes of an export that would
 * change everybody at once. @throws SourceError; saving the settings again accepts the new form
 */
export function expectSameShape(set: Surveyed, survey: Survey, previous: SeenSet | null): void {
  if (previous === null) return;
  const columns = columnsOf(set);
  const lost = previous.columns.filter((name) => !columns.includes(name));
  if (lost.length > 0) throw changed(`"${lost.join('", "')}" was there the last time and is missing now.`);
  const { name: file, encoding } = set.sheets.users;
  if (encoding.isAssumed && encoding.name !== previous.encoding)
    throw changed(`${file} was ${previous.encoding} the last time and is no such text now.`);
  if (previous.hasLeadingZeros && !survey.hasLeadingZeros)
    throw changed(
      `Ids in ${file} began with zeros the last time and none does now: a spreadsheet has changed them.`,
    );
}

function columnsOf({ sheets }: Surveyed): string[] {
  return ROLES.flatMap((role) => {
    const sheet: SheetFile | undefined = sheets[role];
    return sheet === undefined ? [] : [...sheet.header.known].map((name) => `${role}.${name}`);
  });
}

function changed(what: string): SourceError {
  return new SourceError(
    'source_changed_shape',
    `${what} Correct the export; or, if it is meant so, save the settings again. The last state stays.`,
  );
}
