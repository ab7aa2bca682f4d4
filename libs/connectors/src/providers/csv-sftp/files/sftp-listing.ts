import { posix } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { SourceError } from '../../../sdk/source-error.js';
import type { StoredFile } from './file-store.js';
import { call } from './sftp-call.js';

/** One folder of a server. */
export interface SftpFolder {
  readonly client: Client;
  readonly sftp: SFTPWrapper;
  readonly folder: string;
}

/** What is known of an entry; servers need not tell all of it (draft-ietf-secsh-filexfer-02, section 5). */
interface Told {
  readonly size?: number;
  readonly mtime?: number;
  readonly mode?: number;
}

interface Listed {
  readonly filename: string;
  readonly attrs: Told;
}

type Known = Required<Told>;

/** A file that was changed a moment ago may be growing still. */
const SETTLE_MS = 60_000;
const MOST_ENTRIES = 50_000;
/** Answers without a name before the end. */
const MOST_EMPTY = 100;
/** Links, and entries of which the listing does not tell enough. */
const MOST_ASKED = 1_000;
const KIND = 0o170_000;
const FILE = 0o100_000;
const LINK = 0o120_000;

/** The files of a folder, and those that its links lead to. @throws SourceError */
export async function listFolder(folder: SftpFolder, now: Date): Promise<readonly StoredFile[]> {
  const files: StoredFile[] = [];
  let asked = 0;
  for (const { filename, attrs } of await entriesOf(folder)) {
    const isTold = isKnown(attrs) && (attrs.mode & KIND) !== LINK;
    if (!isTold && ++asked > MOST_ASKED) throw tooMany(folder, MOST_ASKED, 'links');
    const known = isTold ? attrs : await ask(folder, filename);
    if (known !== null && (known.mode & KIND) === FILE) files.push(toStored(filename, known, now));
  }
  return files;
}

async function entriesOf(at: SftpFolder): Promise<readonly Listed[]> {
  const { client, sftp, folder } = at;
  const handle = await call<Buffer>(client, folder, (done) => sftp.opendir(folder, done));
  const entries: Listed[] = [];
  for (let empty = 0; empty <= MOST_EMPTY;) {
    const batch = await call<Listed[] | null>(client, folder, (done) =>
      sftp.readdir(handle, (error, list) => (isEnd(error) ? done(null, null) : done(error, list))),
    );
    if (batch === null) {
      await call<null>(client, folder, (done) => sftp.close(handle, (error) => done(error, null)));
      return entries;
    }
    if (batch.length === 0) empty += 1;
    for (const entry of batch) entries.push(entry);
    if (entries.length > MOST_ENTRIES) throw tooMany(at, MOST_ENTRIES, 'files');
  }
  throw new SourceError('incomplete_listing', `The server does not come to the end of "${folder}".`);
}

function isEnd(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === ssh2.utils.sftp.STATUS_CODE.EOF;
}

function isKnown(told: Told): told is Known {
  return told.size !== undefined && told.mtime !== undefined && told.mode !== undefined;
}

/**
 * What an entry is, or leads to; null for a link to nowhere.
 * @throws SourceError when the server does not tell size or time: nobody could see whether it changes
 */
async function ask({ client, sftp, folder }: SftpFolder, name: string): Promise<Known | null> {
  const path = posix.join(folder, name);
  const told = await call<Told>(client, name, (done) => sftp.stat(path, done)).catch((error: unknown) => {
    if (error instanceof SourceError && error.code !== 'source_unavailable') return null;
    throw error;
  });
  if (told === null) return null;
  // A server that does not tell what an entry is lists files.
  const known = { ...told, mode: told.mode ?? FILE };
  if (isKnown(known)) return known;
  throw new SourceError(
    'source_changed_shape',
    `The server does not tell size and time of "${name}", so nobody can see whether it changes while it is read.`,
  );
}

function toStored(name: string, { size, mtime }: Known, now: Date): StoredFile {
  const modifiedAt = new Date(mtime * 1_000);
  return { name, bytes: size, modifiedAt, isFresh: now.getTime() - modifiedAt.getTime() < SETTLE_MS };
}

function tooMany({ folder }: SftpFolder, most: number, what: string): SourceError {
  return new SourceError(
    'config_error',
    `"${folder}" has more than ${most} ${what}; let the export have a folder of its own.`,
  );
}
