import { createHash } from 'node:crypto';
import { SourceError } from '../../../sdk/source-error.js';
import type { FileSettings } from '../config.js';
import type { StoredFile } from './file-store.js';
import { compareStamps, isPgpName, ROLES, type FileSet, type FoundSets } from './find-sets.js';
import { isToReadAgain, type SeenSet } from './last-time.js';
import { dateOfStamp, isAhead } from './plausible-times.js';

/** Nothing to read: the files of the last time, or newer ones that are not finished. */
export interface NoNews {
  readonly noNews: string;
}

/** Which files a run reads. */
export interface Plan {
  /** The full files; null when those that were read the last time are gone. */
  readonly full: FileSet | null;
  /** They are others than the last time. */
  readonly isNew: boolean;
  /** Delta files that were applied already and lie there still. */
  readonly applied: readonly FileSet[];
  /** Delta files to apply, in order. */
  readonly pending: readonly FileSet[];
  /** Why nothing can be applied behind them. */
  readonly stop: string | null;
}

interface Planning {
  readonly settings: FileSettings;
  readonly now: Date;
  readonly previous: SeenSet | null;
  /** Files that are listed as before have the content of before. */
  readonly showsChanges: boolean;
}

/** Files of so many bytes are read again although nothing in the folder has changed. */
const REREAD_BYTES = 16_777_216;
/** A file that waits for its marker for longer is told about. */
const MARKER_WAIT_MS = 7_200_000;

/** @throws SourceError when a set should be there and is not, or its order cannot be told */
export function planSets(found: FoundSets, planning: Planning): Plan | NoNews {
  const { previous } = planning;
  const { full } = found;
  if (full === null && previous === null) return { noNews: 'There are no full files.' };
  const news = full === null ? 'none' : newsIn(full, planning);
  if (full !== null && (news === 'listed' || news === 'possible')) {
    const reason = news === 'listed' ? whyWait(full, planning) : null;
    if (reason !== null) return { noNews: reason };
    const pending = pendingOf(found, { stamp: full.stamp, done: [] }, planning);
    return { full, isNew: true, applied: [], ...pending };
  }
  return planOld(found, news === 'stale' ? null : full, { ...planning, previous: previous as SeenSet });
}

/** `possible`: the folder shows them as before, and only their content can tell. */
function newsIn(full: FileSet, planning: Planning): 'stale' | 'listed' | 'possible' | 'none' {
  if (isStale(full, planning)) return 'stale';
  if (listingOf(full) !== planning.previous?.listing) return 'listed';
  return showsContent(full, planning) && !isToReadAgain(planning.previous) ? 'none' : 'possible';
}

/** Whether a look at the folder is enough to tell that files are the same; small ones are simply read again. */
function showsContent(set: FileSet, { showsChanges }: Planning): boolean {
  const bytes = dataFiles(set).reduce((sum, file) => sum + file.bytes, 0);
  return showsChanges || bytes > REREAD_BYTES;
}

/** The same plan for full files that turned out to have the content of the last time. */
export function planOld(
  found: FoundSets,
  full: FileSet | null,
  planning: Planning & { readonly previous: SeenSet },
): Plan | NoNews {
  const { previous, settings } = planning;
  const rest = pendingOf(found, { stamp: previous.stamp, done: previous.deltas }, planning);
  const applied = found.deltas.filter(({ stamp }) =>
    previous.deltas.some((done) => compareStamps(done, stamp, settings) === 0),
  );
  if (rest.pending.length > 0) return { full, isNew: false, applied, ...rest };
  if (rest.stop !== null) throw new SourceError('incomplete_listing', rest.stop);
  const name = found.full?.files.users?.name ?? 'The file';
  return {
    noNews:
      found.full !== null && full === null
        ? `${name} is older than what was read the last time.`
        : 'The files are those of the last time.',
  };
}

interface Applied {
  readonly stamp: string;
  readonly done: readonly string[];
}

function pendingOf({ deltas }: FoundSets, base: Applied, planning: Planning): Pick<Plan, 'pending' | 'stop'> {
  const { settings } = planning;
  const isKnown = (stamp: string): boolean =>
    base.done.some((done) => compareStamps(done, stamp, settings) === 0);
  const newer = deltas.filter(
    ({ stamp }) => compareStamps(stamp, base.stamp, settings) > 0 && !isKnown(stamp),
  );
  expectOrder(deltas, base.stamp, settings);
  const pending: FileSet[] = [];
  let last = base.done.at(-1) ?? base.stamp;
  for (const set of newer) {
    const stop = whyStop(set, last, settings);
    if (stop !== null) return { pending, stop };
    if (whyWait(set, planning) !== null) break;
    pending.push(set);
    last = set.stamp;
  }
  return { pending, stop: null };
}

/** @throws SourceError for delta files of which nobody can say whether they come before or after the full ones */
function expectOrder(deltas: readonly FileSet[], base: string, { isNumbered }: FileSettings): void {
  const what = isNumbered ? 'number' : 'time';
  const nameless = deltas.find(({ stamp }) => stamp === '');
  if (nameless === undefined && (base !== '' || deltas.length === 0)) return;
  const name = nameless === undefined ? 'The file of users' : nameOf(nameless);
  throw new SourceError(
    'config_error',
    `${name} has no ${what} in its name, so nobody can tell which delta files come after which full files. Put it into all names.`,
  );
}

/** What was sent out of its turn is not applied: it would undo what is newer, or build on what nobody has seen. */
function whyStop(set: FileSet, last: string, { isNumbered }: FileSettings): string | null {
  const name = nameOf(set);
  if (!isNumbered)
    return compareStamps(set.stamp, last, { isNumbered }) > 0
      ? null
      : `${name} came after a later delta file had been applied (${last}). Send full files; delta files go on from there.`;
  const wanted = BigInt(last) + 1n;
  return BigInt(set.stamp) === wanted
    ? null
    : `Delta file number ${wanted} is missing before ${name}. Send it, or full files; nothing behind the gap is applied.`;
}

/** Why a set has to wait, or null. @throws SourceError when it has waited for its marker for too long */
function whyWait(set: FileSet, planning: Planning): string | null {
  const { settings } = planning;
  const unsigned = unsignedFile(set, settings);
  if (unsigned !== null)
    return waitFor(`signature ${unsigned}.sig`, 'says who has sent it', { set, ...planning });
  if (isMarked(set)) return null;
  const files = dataFiles(set);
  if (settings.requireMarker && !files.every(({ mark }) => mark !== undefined))
    return waitFor('marker', 'says that it is whole', { set, ...planning });
  return files.some(({ isFresh }) => isFresh)
    ? `${nameOf(set)} was changed a moment ago; it is read when it rests.`
    : null;
}

/** @throws SourceError when it has been waited for too long */
function waitFor(what: string, why: string, { set, now }: Planning & { readonly set: FileSet }): string {
  if (now.getTime() - Date.parse(changedAt(set)) > MARKER_WAIT_MS)
    throw new SourceError(
      'incomplete_listing',
      `${nameOf(set)} has been there for more than two hours and no ${what} ${why}. The last state stays.`,
    );
  return `${nameOf(set)} is there, but no ${what} yet that ${why}.`;
}

/** A file that has to be signed, cannot be so by itself, and has no signature beside it. */
function unsignedFile(set: FileSet, { pgp }: FileSettings): string | null {
  if (pgp === null || pgp.signers === null || pgp.decryption !== null) return null;
  const bare = dataFiles(set).find(({ name }) => !isPgpName(name) && !set.signatures.has(name));
  return bare?.name ?? null;
}

/** By its name; without a time in it by when it was changed. */
function isStale(full: FileSet, { previous, settings, now }: Planning): boolean {
  if (previous === null || !hasPassed(previous, settings, now)) return false;
  const order = compareStamps(full.stamp, previous.stamp, settings);
  return order < 0 || (order === 0 && changedAt(full) < previous.changedAt);
}

/** Whether what was read the last time is from a time that something can be newer than. */
function hasPassed({ stamp, changedAt: at }: SeenSet, { isNumbered }: FileSettings, now: Date): boolean {
  const date = stamp === '' || isNumbered ? now : dateOfStamp(stamp);
  return date !== undefined && !isAhead(date, now) && !isAhead(at, now);
}

/** What an older delivery was finished by says nothing about this one; a checksum or manifest tells by itself. */
export function isMarked(set: FileSet): boolean {
  const { manifest, doneAt, checksums, signatures } = set;
  const isDone = doneAt !== null && dataFiles(set).every(({ modifiedAt }) => modifiedAt <= doneAt);
  return manifest !== null || isDone || [checksums, signatures].some((marks) => marks.has(nameOf(set)));
}

export function dataFiles({ files }: FileSet): StoredFile[] {
  return ROLES.flatMap((role) => files[role] ?? []);
}

/** When the youngest of its files was changed, ISO 8601. */
export function changedAt(set: FileSet): string {
  const times = dataFiles(set).map(({ modifiedAt }) => modifiedAt.getTime());
  return new Date(Math.max(...times)).toISOString();
}

export function listingOf(set: FileSet): string {
  const marks = [set.manifest, ...set.checksums.values(), ...set.signatures.values()].flatMap(
    (file) => file ?? [],
  );
  const texts = [...dataFiles(set), ...marks].map(
    ({ name, bytes, modifiedAt }) => `${name} ${bytes} ${modifiedAt.toISOString()}`,
  );
  return createHash('sha256').update(texts.sort().join('\n')).digest('hex');
}

export function nameOf(set: FileSet): string {
  return dataFiles(set)[0]?.name ?? set.stamp;
}
