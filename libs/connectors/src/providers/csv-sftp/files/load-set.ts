import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SourceError } from '../../../sdk/source-error.js';
import type { FileSettings } from '../config.js';
import { openSheet, unpacking, type SheetFile } from '../text/read-rows.js';
import { chooseSet, digits, type FileSet, type Role } from './choose-set.js';
import type { FileStore, StoredFile } from './file-store.js';
import { readChecksum, readManifest, type Mark } from './marks.js';
import type { SeenSet } from './seen-set.js';

/** A set that was copied to this machine and is what its marks say. */
export interface LoadedSet {
  readonly stamp: string;
  /** Names, sizes and times as the folder lists them. */
  readonly listing: string;
  /** SHA-256 over all files. */
  readonly fingerprint: string;
  readonly sheets: Readonly<Partial<Record<Role, SheetFile>>> & { readonly users: SheetFile };
  /** Rows that the manifest promises. */
  readonly rows: Readonly<Partial<Record<Role, number>>>;
  /** A manifest, a checksum or a marker says that the files are whole. */
  readonly isMarked: boolean;
  /** Removes the copies. */
  discard(): Promise<void>;
}

/** Nothing to read: the set of the last time, or a newer one that is not finished. */
export interface NoNews {
  readonly noNews: string;
}

/** A file that was changed a moment ago may be growing still. */
const SETTLE_MS = 60_000;
const MAX_UNPACKED = 1_073_741_824;
const ROLES = ['users', 'groups', 'memberships'] as const;

export interface Loading {
  readonly store: FileStore;
  readonly settings: FileSettings;
  readonly now: Date;
  readonly previous: SeenSet | null;
}

/** Copies the newest set of a folder. @throws SourceError when there is none, or it is not what it should be */
export async function loadSet(loading: Loading): Promise<LoadedSet | NoNews> {
  const { store, settings, previous } = loading;
  const files = await store.list();
  const set = chooseSet(files, settings.usersFile);
  if (set === null) throw nothingThere(files, settings);
  const reason = whyNot(set, listingOf(set), loading);
  if (reason !== null && previous !== null) return { noNews: reason };
  if (reason !== null) throw new SourceError('source_unavailable', reason);
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-csv-'));
  const discard = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const loaded = await copySet(set, folder, loading);
    if (loaded.fingerprint !== previous?.fingerprint) return { ...loaded, discard };
    await discard();
    return { noNews: 'The files have the same content as the last time.' };
  } catch (error) {
    await discard();
    throw error;
  }
}

function whyNot(set: FileSet, listing: string, { settings, now, previous }: Loading): string | null {
  const { name, modifiedAt } = set.files.users;
  if (previous !== null && listing === previous.listing) return 'The files are those of the last time.';
  if (previous !== null && digits(set.stamp) < digits(previous.stamp))
    return `${name} is older than what was read the last time.`;
  if (isMarked(set)) return null;
  if (settings.requireMarker) return `${name} is there, but no marker yet that says it is whole.`;
  const newest = Math.max(...dataFiles(set).map((file) => file.modifiedAt.getTime()), modifiedAt.getTime());
  return now.getTime() - newest < SETTLE_MS
    ? `${name} was changed a moment ago; it is read when it rests.`
    : null;
}

async function copySet(
  set: FileSet,
  folder: string,
  { store, settings }: Loading,
): Promise<Omit<LoadedSet, 'discard'>> {
  const marks = await readMarks(set, folder, store);
  const hash = createHash('sha256');
  const sheets: Partial<Record<Role, SheetFile>> = {};
  const rows: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    const file = set.files[role];
    if (file === undefined) continue;
    const mark = marks.get(file.name);
    const copy = join(folder, role);
    await store.fetch(file, copy);
    const sum = await checked(copy, file.name, mark);
    hash.update(`${role} ${sum}\n`);
    if (typeof mark?.rows === 'number') rows[role] = mark.rows;
    const path = await unpacked(copy, file.name);
    sheets[role] = await openSheet({ sheet: role, path, name: file.name }, settings.legacyEncoding);
  }
  return {
    stamp: set.stamp,
    listing: listingOf(set),
    fingerprint: hash.digest('hex'),
    sheets: sheets as LoadedSet['sheets'],
    rows,
    isMarked: isMarked(set),
  };
}

async function readMarks(set: FileSet, folder: string, store: FileStore): Promise<ReadonlyMap<string, Mark>> {
  const marks = new Map<string, Mark>();
  const textOf = async (file: StoredFile): Promise<string> => {
    const copy = join(folder, 'mark');
    await store.fetch(file, copy);
    return readFile(copy, 'utf8');
  };
  for (const [name, file] of set.checksums) marks.set(name, readChecksum(await textOf(file), name));
  if (set.manifest === null) return marks;
  const manifest = readManifest(await textOf(set.manifest));
  if (!manifest.isComplete)
    throw new SourceError('incomplete_listing', `${set.manifest.name} says that the files are not complete.`);
  for (const [name, mark] of manifest.marks) {
    if (!dataFiles(set).some((file) => file.name === name))
      throw new SourceError(
        'incomplete_listing',
        `${set.manifest.name} names "${name}", which is not there.`,
      );
    marks.set(name, { ...mark, sha256: mark.sha256 ?? marks.get(name)?.sha256 ?? null });
  }
  return marks;
}

/** @returns the SHA-256 of a copy. @throws SourceError when it is not what its mark says, or has no byte at all */
async function checked(path: string, name: string, mark: Mark | undefined): Promise<string> {
  const { size } = await stat(path);
  if (size === 0) throw new SourceError('incomplete_listing', `${name} is empty; the last state stays.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const sum = hash.digest('hex');
  const wanted = { bytes: mark?.bytes ?? size, sha256: mark?.sha256 ?? sum };
  if (wanted.bytes === size && wanted.sha256 === sum) return sum;
  throw new SourceError(
    'incomplete_listing',
    `${name} is not the file that its marker describes (${size} of ${wanted.bytes} bytes). The last state stays.`,
  );
}

async function unpacked(path: string, name: string): Promise<string> {
  const unpack = unpacking(name);
  if (unpack === null) return path;
  let bytes = 0;
  const limited = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      done(bytes > MAX_UNPACKED ? new Error('it is larger than 1 GiB') : null, chunk);
    },
  });
  try {
    await pipeline(
      createReadStream(path),
      unpack,
      limited,
      createWriteStream(`${path}.csv`, { mode: 0o600 }),
    );
    return `${path}.csv`;
  } catch (cause) {
    throw new SourceError('incomplete_listing', `${name} cannot be unpacked: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

function isMarked({ manifest, isDone, checksums, files }: FileSet): boolean {
  return manifest !== null || isDone || checksums.has(files.users.name);
}

function dataFiles({ files }: FileSet): StoredFile[] {
  return ROLES.flatMap((role) => files[role] ?? []);
}

function listingOf(set: FileSet): string {
  const marks = [set.manifest, ...set.checksums.values()].flatMap((file) => file ?? []);
  const texts = [...dataFiles(set), ...marks].map(
    ({ name, bytes, modifiedAt }) => `${name} ${bytes} ${modifiedAt.toISOString()}`,
  );
  return createHash('sha256').update(texts.sort().join('\n')).digest('hex');
}

function nothingThere(files: readonly StoredFile[], { folder, usersFile }: FileSettings): SourceError {
  const names = files.slice(0, 10).map(({ name }) => `"${name}"`);
  const seen = names.length === 0 ? 'no file' : names.join(', ');
  return new SourceError(
    'config_error',
    `There is no ${usersFile}.csv in "${folder}" (${seen} there). Nobody is removed because of that.`,
  );
}
