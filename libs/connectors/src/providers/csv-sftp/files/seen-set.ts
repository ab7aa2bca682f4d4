import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';
import type { SheetFile } from '../text/read-rows.js';
import { ROLES, type Role } from './find-sets.js';
import type { LoadedFullSet } from './load-set.js';
import type { SeenSet } from './last-time.js';
import type { Survey } from './survey.js';

export function seenSet(
  set: LoadedFullSet,
  survey: Survey,
  { deltas, isToReadAgain }: Pick<SeenSet, 'deltas'> & { readonly isToReadAgain: boolean },
): SeenSet & JsonObject {
  return {
    stamp: set.stamp,
    listing: set.listing,
    fingerprint: set.fingerprint,
    changedAt: set.changedAt,
    generatedAt: set.generatedAt,
    bytes: set.bytes.users ?? 0,
    otherBytes: bytesBeside(set),
    filled: [...survey.filled],
    encoding: set.sheets.users.encoding.name,
    columns: columnsOf(set),
    hasLeadingZeros: survey.hasLeadingZeros,
    ended: [...survey.ended],
    deltas: [...deltas],
    isToReadAgain,
  };
}

function bytesBeside({ bytes: { groups, memberships } }: LoadedFullSet): JsonObject {
  return { ...(groups !== undefined && { groups }), ...(memberships !== undefined && { memberships }) };
}

/** A file without a marker that has shrunk by more is no witness that anybody has left. */
const MOST_SHRINKAGE = 0.2;
/** So small a file shrinks by a few people. */
const SMALL_BYTES = 2_000;

/** Says which file has shrunk so much since the last time that it proves nothing; null when none has. */
export function shrunkFile({ bytes, sheets }: LoadedFullSet, previous: SeenSet | null): string | null {
  const before: Partial<Record<Role, number>> = { ...previous?.otherBytes, users: previous?.bytes ?? 0 };
  const role = ROLES.find((one) => isShrunk(before[one] ?? 0, bytes[one] ?? 0));
  if (role === undefined) return null;
  return `${sheets[role]?.name} has ${bytes[role]} bytes after ${before[role]} the last time, and nothing says that it is whole: nobody counts as missing.`;
}

function isShrunk(before: number, now: number): boolean {
  return before > SMALL_BYTES && now < before * (1 - MOST_SHRINKAGE);
}

/** Null for what another version of this connector has saved. */
export function readSeenSet(value: JsonValue | undefined): SeenSet | null {
  const isOurs =
    isJsonObject(value) && typeof value['fingerprint'] === 'string' && Array.isArray(value['deltas']);
  return isOurs ? (value as unknown as SeenSet) : null;
}

/**
 * A file that has lost a column, an encoding that changed, ids without their zeros: mistakes of an export that would
 * change everybody at once. @throws SourceError; saving the settings again accepts the new form
 */
export function expectSameShape(set: LoadedFullSet, survey: Survey, previous: SeenSet | null): void {
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
  expectEnds(set, survey, previous);
  expectRows(set, survey, previous);
}

/** A header alone is what an export leaves that found nothing, or may not see any more what it exports. */
function expectRows({ sheets }: LoadedFullSet, { filled }: Survey, previous: SeenSet): void {
  const emptied = ROLES.find((role) => previous.filled?.includes(role) === true && !filled.has(role));
  if (emptied === undefined) return;
  throw new SourceError(
    'incomplete_listing',
    `${sheets[emptied]?.name} has a header and no row below it, and the last time it had some. Correct the export; or, if it is meant so, save the settings again. The last state stays.`,
  );
}

/** A cut inside of the last cell leaves a line that looks whole; that it has no end is all there is to see. */
function expectEnds(set: LoadedFullSet, survey: Survey, previous: SeenSet): void {
  const open = ROLES.find((role) => {
    const isThere = set.sheets[role] !== undefined;
    return isThere && previous.ended.includes(role) && !survey.ended.has(role);
  });
  if (open === undefined || set.isMarked || survey.hasTrailer) return;
  throw new SourceError(
    'incomplete_listing',
    `The last line of ${set.sheets[open]?.name} has no end, and the last time it had one: the file breaks off. The last state stays.`,
  );
}

function columnsOf({ sheets }: LoadedFullSet): string[] {
  return ROLES.flatMap((role) => {
    const sheet: SheetFile | undefined = sheets[role];
    const known = [...(sheet?.header.known ?? [])].filter((name) => name !== 'operation');
    return known.map((name) => `${role}.${name}`);
  });
}

function changed(what: string): SourceError {
  return new SourceError(
    'source_changed_shape',
    `${what} Correct the export; or, if it is meant so, save the settings again. The last state stays.`,
  );
}
