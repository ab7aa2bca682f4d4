import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { CsvConfig, FileSettings } from '../config.js';
import { mergeDeltas, type Changes, type DeltaFiles } from './changes.js';
import type { FileStore } from './file-store.js';
import { startPgp, type PgpThread } from '../pgp/pgp-thread.js';
import { compareStamps, findSets, isPgpName, type FoundSets, type PgpNaming } from './find-sets.js';
import { asFullSet, loadSet, type LoadedFullSet } from './load-set.js';
import { dataFiles, planOld, planSets, type NoNews, type Plan } from './plan-sets.js';
import { expectMade, expectStamp, expectWritten, isAhead } from './plausible-times.js';
import { isToReadAgain, type SeenSet } from './last-time.js';
import { expectSameShape } from './seen-set.js';
import { openSftpStore } from './sftp-store.js';
import { survey, type Survey } from './survey.js';
import { openUploadStore } from './upload-store.js';

/** Files that were copied to this machine and are to be believed. */
export interface OpenFiles {
  readonly plan: Plan;
  readonly full: LoadedFullSet | null;
  readonly survey: Survey | null;
  readonly changes: Changes;
  /** The full files are others than the last time; otherwise only what has changed is to be read. */
  readonly isNew: boolean;
  /** Something says that the full files are whole. */
  readonly isMarked: boolean;
  /** Groups stand in files of their own. */
  readonly listsGroups: boolean;
  /** Who is there after all that; null when the full files are gone. */
  readonly users: ReadonlySet<string> | null;
  /** Null also when there is no file of groups. */
  readonly groups: ReadonlySet<string> | null;
  /** Removes the copies. */
  discard(): Promise<void>;
}

interface Opening {
  readonly config: CsvConfig;
  readonly store: FileStore;
  readonly now: Date;
  readonly previous: SeenSet | null;
  /** Where the copies go. */
  readonly folder: string;
  readonly pgp: PgpThread | null;
}

/** Copies what there is to read. @throws SourceError when there is nothing, or it is not what it should be */
export async function openFiles(
  config: CsvConfig,
  ports: SourcePorts,
  previous: SeenSet | null,
): Promise<OpenFiles | NoNews> {
  const { server, files: settings } = config;
  const store =
    server === null ? openUploadStore(ports) : await openSftpStore(server, settings.folder, ports);
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-csv-'));
  const discard = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let pgp: PgpThread | null = null;
  try {
    if (settings.pgp !== null) pgp = await startPgp({ settings: settings.pgp, signal: ports.signal });
    const opened = await open({ config, store, now: ports.clock.now(), previous, folder, pgp });
    if (!('noNews' in opened)) return { ...opened, discard };
    await discard();
    return opened;
  } catch (error) {
    await discard();
    throw error;
  } finally {
    store.close();
    await pgp?.close();
  }
}

async function open(opening: Opening): Promise<Omit<OpenFiles, 'discard'> | NoNews> {
  const { config, previous, now } = opening;
  const { showsChanges } = opening.store;
  const found = await find(opening);
  const plan = planSets(found, { settings: config.files, now, previous, showsChanges });
  if ('noNews' in plan) return previous === null ? wait(plan) : plan;
  const full = await loadFull(opening, plan);
  if (full !== null) expectMade(full.generatedAt, { name: full.sheets.users.name, now });
  if (full === null || previous === null || !plan.isNew) return read(opening, plan, full);
  if (isOlder(full, previous, now))
    return { noNews: `${full.sheets.users.name} was made before what was read the last time.` };
  if (isNews(full, previous, config.files)) return read(opening, plan, full);
  return reread(opening, found, { plan, full, previous });
}

async function find({ config, store, previous, now }: Opening): Promise<FoundSets> {
  const listed = await store.list();
  const found = findSets(listed, { ...config.files, pgp: pgpNaming(config.files) });
  const { full, deltas, stamped } = found;
  if (!config.files.isNumbered) for (const { name, stamp } of stamped) expectStamp(name, stamp, now);
  for (const file of full === null ? [] : dataFiles(full)) expectWritten(file, now);
  // Uploads are kept for a while only; that the last one is over is nothing that its sender has to hear of.
  const isOver = config.server === null || deltas.length > 0;
  if (full === null && (previous === null || !isOver)) throw nothingThere(listed, store, config.files);
  return found;
}

async function loadFull(opening: Opening, { full }: Plan): Promise<LoadedFullSet | null> {
  if (full === null) return null;
  const loading = { ...opening, settings: opening.config.files, folder: join(opening.folder, 'full') };
  return asFullSet(await loadSet(full, loading), full);
}

/** By what the manifests say. */
function isOlder({ generatedAt }: LoadedFullSet, previous: SeenSet, now: Date): boolean {
  const last = previous.generatedAt;
  return generatedAt !== null && last !== null && !isAhead(last, now) && generatedAt < last;
}

/** Exports come once a day or more seldom; what comes sooner with the same content was only sent again. */
const ANOTHER_EXPORT_MS = 6 * 3_600_000;

function isNews(full: LoadedFullSet, previous: SeenSet, files: FileSettings): boolean {
  const isSame = full.fingerprint === previous.fingerprint && !isToReadAgain(previous);
  return !isSame || isAnotherExport(full, previous, files);
}

/**
 * Whether the same content is what a later export found. Where nothing else happens, who has left is missing in files
 * that are equal to the byte, and two of them are two witnesses.
 */
function isAnotherExport(full: LoadedFullSet, previous: SeenSet, settings: FileSettings): boolean {
  const hasLaterStamp = previous.stamp !== '' && compareStamps(full.stamp, previous.stamp, settings) > 0;
  const hasLaterDate =
    full.generatedAt !== null && previous.generatedAt !== null && full.generatedAt > previous.generatedAt;
  const passed = Date.parse(full.changedAt) - Date.parse(previous.changedAt);
  return hasLaterStamp || hasLaterDate || passed >= ANOTHER_EXPORT_MS;
}

/** The same content under a new date: no second witness of anything. */
async function reread(
  opening: Opening,
  found: FoundSets,
  same: { readonly plan: Plan; readonly full: LoadedFullSet; readonly previous: SeenSet },
): Promise<Omit<OpenFiles, 'discard'> | NoNews> {
  const { now, previous, config, store } = opening;
  const planning = { settings: config.files, now, previous: same.previous, showsChanges: store.showsChanges };
  const plan = planOld(found, same.plan.full, planning);
  if ('noNews' in plan) return { noNews: 'The files have the same content as the last time.' };
  return read({ ...opening, previous }, plan, same.full);
}

async function read(
  opening: Opening,
  plan: Plan,
  full: LoadedFullSet | null,
): Promise<Omit<OpenFiles, 'discard'>> {
  const { config, previous } = opening;
  const facts = full === null ? null : await survey(full, config.files.trailer);
  if (full !== null && facts !== null && plan.isNew) expectSameShape(full, facts, previous);
  const deltas = await loadDeltas(opening, plan);
  const listsGroups = hasGroupFiles({ full, deltas, previous });
  const changes = await mergeDeltas(deltas, {
    full,
    survey: facts,
    columns: previous === null ? [] : previous.columns,
    expectsTrailer: config.files.trailer,
    isWhole: full !== null && isUnbroken(plan, previous),
    derivesGroups: !listsGroups && config.rules.groupTypes.length > 0,
  });
  return {
    plan,
    full,
    survey: facts,
    changes,
    isNew: plan.isNew,
    listsGroups,
    ...standing(full, facts, changes),
  };
}

/** How things stand after all that. */
function standing(
  full: LoadedFullSet | null,
  facts: Survey | null,
  changes: Changes,
): Pick<OpenFiles, 'isMarked' | 'users' | 'groups'> {
  if (full === null || facts === null) return { isMarked: false, users: null, groups: null };
  return {
    isMarked: full.isMarked || facts.hasTrailer,
    users: changed(facts.users, changes.users),
    groups: facts.groups === null ? null : changed(facts.groups, changes.groups),
  };
}

/** Every delta file that was applied since the full ones is there still. */
function isUnbroken({ isNew, applied }: Plan, previous: SeenSet | null): boolean {
  return isNew || applied.length >= (previous?.deltas.length ?? 0);
}

function hasGroupFiles(files: {
  readonly full: LoadedFullSet | null;
  readonly deltas: readonly DeltaFiles[];
  readonly previous: SeenSet | null;
}): boolean {
  const { full, deltas, previous } = files;
  if (full !== null) return full.sheets.groups !== undefined || full.sheets.memberships !== undefined;
  const isListed = previous?.columns.some((name) => /^(groups|memberships)\./.test(name)) === true;
  return isListed || deltas.some(({ set }) => set.sheets.users === undefined);
}

async function loadDeltas(opening: Opening, plan: Plan): Promise<DeltaFiles[]> {
  const { config, folder } = opening;
  const all = [
    ...plan.applied.map((from) => ({ from, isPending: false })),
    ...plan.pending.map((from) => ({ from, isPending: true })),
  ];
  const deltas: DeltaFiles[] = [];
  for (const [index, { from, isPending }] of all.entries()) {
    const copies = join(folder, `delta-${index}`);
    const set = await loadSet(from, { ...opening, settings: config.files, folder: copies });
    deltas.push({ set, isPending });
  }
  return deltas;
}

function changed(ids: ReadonlySet<string>, changes: Changes['users']): ReadonlySet<string> {
  const all = new Set(ids);
  for (const [id, { operation }] of changes)
    if (operation === 'remove') all.delete(id);
    else if (operation === 'put') all.add(id);
  return all;
}

function pgpNaming({ pgp }: FileSettings): PgpNaming {
  if (pgp === null) return { isEncrypted: false, isSigned: false };
  return { isEncrypted: pgp.decryption !== null, isSigned: pgp.signers !== null };
}

/** The first files are not finished yet: the run goes on when they are. */
function wait({ noNews }: NoNews): never {
  throw new SourceError('source_unavailable', noNews);
}

const ARCHIVE = /\.(zip|7z|rar|tar|tgz|bz2|xz|zst)$/i;
const WORKBOOK = /\.(xlsx?|xlsm|ods|numbers)$/i;

function nothingThere(
  files: readonly { readonly name: string }[],
  { place }: FileStore,
  settings: FileSettings,
): SourceError {
  const { usersFile, isNumbered, pgp } = settings;
  const names = files.slice(0, 10).map(({ name }) => `"${name}"`);
  const seen = names.length === 0 ? 'no file' : names.join(', ');
  const ending = pgpNaming(settings).isEncrypted ? '.pgp' : '';
  const wanted = `${usersFile}${isNumbered ? '.<number>' : ''}.csv${ending}`;
  const isThere = (form: RegExp): boolean => files.some(({ name }) => form.test(name));
  const advice = [
    ...(pgp === null && files.some(({ name }) => isPgpName(name))
      ? [' For files with PGP, enter the keys in the settings.']
      : []),
    ...(isThere(ARCHIVE)
      ? [' Archives are not unpacked: send the .csv itself, or compressed with gzip as .csv.gz.']
      : []),
    ...(isThere(WORKBOOK) ? [' Workbooks are not read: save them as CSV (UTF-8).'] : []),
  ].join('');
  return new SourceError(
    'config_error',
    `There is no ${wanted} in ${place} (${seen} there). Nobody is removed because of that.${advice}`,
  );
}
