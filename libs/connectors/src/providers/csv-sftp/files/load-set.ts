import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SourceError } from '../../../sdk/source-error.js';
import type { FileSettings } from '../config.js';
import { openSheet, unpacking, type SheetFile } from '../text/read-rows.js';
import type { FileStore, StoredFile } from './file-store.js';
import type { DetachedSignature } from '../pgp/open-pgp-file.js';
import type { PgpThread } from '../pgp/pgp-thread.js';
import { isPgpName, plainName, ROLES, type FileSet, type Role } from './find-sets.js';
import { readChecksum, readManifest, type Mark } from './marks.js';
import { changedAt, dataFiles, isMarked, listingOf, nameOf } from './plan-sets.js';

/** A set that was copied to this machine and is what its marks say. */
export interface LoadedSet {
  readonly stamp: string;
  /** Names, sizes and times as the folder lists them. */
  readonly listing: string;
  readonly changedAt: string;
  /** SHA-256 over all files. */
  readonly fingerprint: string;
  /** Unpacked, by file. */
  readonly bytes: Readonly<Partial<Record<Role, number>>>;
  readonly sheets: Readonly<Partial<Record<Role, SheetFile>>>;
  /** Rows that somebody has promised. */
  readonly rows: Readonly<Partial<Record<Role, number>>>;
  /** A manifest, a checksum or a marker says that the files are whole. */
  readonly isMarked: boolean;
  /** When the manifest says it was made, ISO 8601. */
  readonly generatedAt: string | null;
}

/** Full files: people are among them. */
export type LoadedFullSet = LoadedSet & {
  readonly sheets: Readonly<Partial<Record<Role, SheetFile>>> & { readonly users: SheetFile };
};

const MAX_UNPACKED = 1_073_741_824;

interface Loading {
  readonly store: FileStore;
  readonly settings: FileSettings;
  /** Where the copies go. */
  readonly folder: string;
  /** Null: files are neither encrypted nor signed. */
  readonly pgp: PgpThread | null;
  readonly now: Date;
}

/** Copies the files of a set. @throws SourceError when one is not what it should be */
export async function loadSet(set: FileSet, loading: Loading): Promise<LoadedSet> {
  const { store, folder } = loading;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { marks, generatedAt } = await readMarks(set, folder, store);
  const opener = new PgpOpener(set, loading);
  const hash = createHash('sha256');
  const sheets: Partial<Record<Role, SheetFile>> = {};
  const rows: Partial<Record<Role, number>> = {};
  const bytes: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    const file = set.files[role];
    if (file === undefined) continue;
    const loaded = await loadFile({ role, file }, { marks, opener, loading });
    hash.update(`${role} ${loaded.sum}\n`);
    if (typeof loaded.rows === 'number') rows[role] = loaded.rows;
    bytes[role] = (await stat(loaded.path)).size;
    sheets[role] = await openSheet(
      { sheet: role, path: loaded.path, name: file.name },
      loading.settings.legacyEncoding,
    );
  }
  return {
    stamp: set.stamp,
    listing: listingOf(set),
    changedAt: changedAt(set),
    fingerprint: hash.digest('hex'),
    bytes,
    sheets,
    rows,
    // What was cut on its way could not have been decrypted, nor its signature hold.
    isMarked: loading.pgp !== null || isSaidWhole(set),
    // A signature tells by itself when it was made; the manifest is not signed.
    generatedAt: opener.signedAt?.toISOString() ?? generatedAt,
  };
}

interface LoadedFile {
  /** Of what is in it. */
  readonly path: string;
  readonly sum: string;
  readonly rows: number | null | undefined;
}

/** Copies, checks, opens and unpacks one file. */
async function loadFile(
  { role, file }: { readonly role: Role; readonly file: StoredFile },
  parts: {
    readonly marks: Marks['marks'];
    readonly opener: PgpOpener;
    readonly loading: Loading;
  },
): Promise<LoadedFile> {
  const { marks, opener, loading } = parts;
  const mark = marks.get(file.name) ?? (file.mark && { ...file.mark, bytes: null });
  const copy = join(loading.folder, role);
  await loading.store.fetch(file, copy);
  const sum = await checked(copy, file.name, mark);
  const opened = await opener.open(file, copy);
  if (opened.path === copy) return { path: await unpacked(copy, file.name), sum, rows: mark?.rows };
  const plain = plainName(file.name);
  const inner = marks.get(plain);
  return {
    path: await unpacked(opened.path, plain),
    // The same content is another file each time it is encrypted.
    sum: await checked(opened.path, file.name, inner),
    rows: mark?.rows ?? inner?.rows,
  };
}

interface Marks {
  readonly marks: ReadonlyMap<string, Mark>;
  readonly generatedAt: string | null;
}

async function readMarks(set: FileSet, folder: string, store: FileStore): Promise<Marks> {
  const marks = new Map<string, Mark>();
  const textOf = async (file: StoredFile): Promise<string> => {
    const copy = join(folder, 'mark');
    await store.fetch(file, copy);
    return readFile(copy, 'utf8');
  };
  for (const [name, file] of set.checksums) marks.set(name, readChecksum(await textOf(file), name));
  if (set.manifest === null) return { marks, generatedAt: null };
  const manifest = readManifest(await textOf(set.manifest));
  if (!manifest.isComplete)
    throw new SourceError('incomplete_listing', `${set.manifest.name} says that the files are not complete.`);
  for (const [name, mark] of manifest.marks) {
    if (!dataFiles(set).some((file) => file.name === name || isContent(name, file)))
      throw new SourceError(
        'incomplete_listing',
        `${set.manifest.name} names "${name}", which is not there.`,
      );
    marks.set(name, { ...mark, sha256: mark.sha256 ?? marks.get(name)?.sha256 ?? null });
  }
  for (const file of dataFiles(set)) expectSpoken(file, set.manifest, marks);
  return { marks, generatedAt: manifest.generatedAt };
}

/** @throws SourceError for a manifest that does not speak of a file: of this one, it says nothing */
function expectSpoken(file: StoredFile, manifest: StoredFile, marks: ReadonlyMap<string, Mark>): void {
  const mark = marks.get(file.name) ?? (isPgpName(file.name) ? marks.get(plainName(file.name)) : undefined);
  if (mark === undefined)
    throw new SourceError(
      'incomplete_listing',
      `${manifest.name} does not name ${file.name}. The last state stays.`,
    );
  const isChecked = mark.bytes !== null || mark.rows !== null || mark.sha256 !== null;
  if (isChecked || manifest.modifiedAt >= file.modifiedAt) return;
  throw new SourceError(
    'incomplete_listing',
    `${manifest.name} is older than ${file.name} and says neither its "rows" nor its "bytes" nor its "sha256", so it may be about the file before. Write it last. The last state stays.`,
  );
}

function isSaidWhole(set: FileSet): boolean {
  return isMarked(set) || dataFiles(set).every(({ mark }) => mark !== undefined);
}

/** Manifests may speak of files as they were before they were encrypted. */
function isContent(name: string, file: StoredFile): boolean {
  return isPgpName(file.name) && plainName(file.name) === name;
}

/** Opens the files of one set. */
class PgpOpener {
  readonly #set: FileSet;
  readonly #loading: Loading;
  /** Of the oldest signature. */
  signedAt: Date | null = null;

  constructor(set: FileSet, loading: Loading) {
    this.#set = set;
    this.#loading = loading;
  }

  async open({ name }: StoredFile, path: string): Promise<{ readonly path: string }> {
    const { pgp, now } = this.#loading;
    if (pgp === null) return { path };
    const signature = await this.#signatureOf(name, `${path}.sig`);
    const opened = await pgp.open({ path, name, isMessage: isPgpName(name), signature }, now);
    if (opened.signedAt !== null && !(this.signedAt !== null && this.signedAt <= opened.signedAt))
      this.signedAt = opened.signedAt;
    return opened;
  }

  async #signatureOf(name: string, path: string): Promise<DetachedSignature | null> {
    const { signatures } = this.#set;
    const [ofFile, ofContent] = [signatures.get(name), signatures.get(plainName(name))];
    const file = ofFile ?? ofContent;
    if (file === undefined) return null;
    await this.#loading.store.fetch(file, path);
    return { path, name: file.name, of: ofFile === undefined ? 'content' : 'file' };
  }
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

/** @throws SourceError: full files that are none. */
export function asFullSet(set: LoadedSet, from: FileSet): LoadedFullSet {
  const { users } = set.sheets;
  if (users === undefined)
    throw new SourceError('incomplete_listing', `${nameOf(from)} comes without people.`);
  return { ...set, sheets: { ...set.sheets, users } };
}
