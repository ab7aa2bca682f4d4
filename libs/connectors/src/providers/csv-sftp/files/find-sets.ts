import type { UploadRole } from '../../../sdk/uploads.js';
import type { FileSettings } from '../config.js';
import type { StoredFile } from './file-store.js';
import { dateOfStamp } from './plausible-times.js';

export const ROLES = ['users', 'groups', 'memberships'] as const;
export type Role = (typeof ROLES)[number];

/** Files that belong together: of one time or number. */
export interface FileSet {
  /** The part of the names that is the time or the number; empty for names without one. */
  readonly stamp: string;
  /** Only what has changed. */
  readonly isDelta: boolean;
  readonly files: Readonly<Partial<Record<Role, StoredFile>>>;
  readonly manifest: StoredFile | null;
  /** `.sha256` files by the name of the file that they are about. */
  readonly checksums: ReadonlyMap<string, StoredFile>;
  /** Detached PGP signatures, likewise. */
  readonly signatures: ReadonlyMap<string, StoredFile>;
  /** When the youngest of the empty files was written that say: finished. */
  readonly doneAt: Date | null;
}

export interface FoundSets {
  /** The newest one that has a file of users. Names without a time or number count as older than names with one. */
  readonly full: FileSet | null;
  /** All of them, the oldest first. */
  readonly deltas: readonly FileSet[];
  /** Files to be read whose names have a time or number. */
  readonly stamped: readonly { readonly name: string; readonly stamp: string }[];
}

/** Whether files are encrypted, and signed. */
export interface PgpNaming {
  readonly isEncrypted: boolean;
  readonly isSigned: boolean;
}

export type Naming = Pick<FileSettings, 'usersFile' | 'isNumbered'> & { readonly pgp: PgpNaming };

/** Parts of files that are being written, and what file managers leave behind. */
const UNFINISHED = /^[.~]|\.(part|tmp|filepart|crdownload|partial)$/i;
const TIME = /^\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2}[:-]?\d{2}(?:[:-]?\d{2})?Z?)?$/i;
const NUMBER = /^\d{1,18}$/;

export function findSets(files: readonly StoredFile[], naming: Naming): FoundSets {
  const found = new Map<string, Found>();
  const stamped: { name: string; stamp: string }[] = [];
  for (const file of files) {
    const part = UNFINISHED.test(file.name) ? null : readName(file.name, naming);
    if (part === null) continue;
    const { stamp, isDelta } = part;
    if (stamp !== '' && isData(part)) stamped.push({ name: file.name, stamp });
    const key = `${isDelta} ${orderOf(stamp, naming)}`;
    const set = found.get(key) ?? newSet(stamp, isDelta);
    found.set(key, set);
    take(set, part, { file, naming });
  }
  const ordered = [...found.values()].sort((one, other) => compareStamps(one.stamp, other.stamp, naming));
  return {
    full: ordered.findLast(({ isDelta, files: parts }) => !isDelta && parts.users !== undefined) ?? null,
    deltas: ordered.filter(({ isDelta, files: parts }) => isDelta && Object.keys(parts).length > 0),
    stamped,
  };
}

/** What an uploaded file of this name would be. */
export function roleOfName(name: string, naming: Naming): UploadRole | null {
  if (UNFINISHED.test(name)) return 'unfinished';
  const part = readName(name, naming);
  if (part === null) return null;
  if (!isData(part)) return 'marker';
  // Files of the days 28112026 and 01122026 would be in the wrong order.
  return part.stamp === '' || naming.isNumbered || dateOfStamp(part.stamp) !== undefined ? 'data' : null;
}

function isData({ role, mark }: NamePart): boolean {
  return mark === null && ROLES.some((one) => one === role);
}

/** Below 0 when `one` is older. */
export function compareStamps(one: string, other: string, naming: Pick<FileSettings, 'isNumbered'>): number {
  const [a, b] = [orderOf(one, naming), orderOf(other, naming)];
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Times of one form order by their digits; a date alone is the beginning of its day. */
function orderOf(stamp: string, { isNumbered }: Pick<FileSettings, 'isNumbered'>): string {
  const digits = stamp.replaceAll(/\D/g, '');
  if (digits === '') return '';
  return isNumbered ? digits.padStart(18, '0') : digits.padEnd(14, '0');
}

interface Found {
  readonly stamp: string;
  readonly isDelta: boolean;
  readonly files: Partial<Record<Role, StoredFile>>;
  readonly checksums: Map<string, StoredFile>;
  readonly signatures: Map<string, StoredFile>;
  manifest: StoredFile | null;
  doneAt: Date | null;
}

function newSet(stamp: string, isDelta: boolean): Found {
  const [checksums, signatures] = [new Map(), new Map()];
  return { stamp, isDelta, files: {}, manifest: null, checksums, signatures, doneAt: null };
}

interface NamePart {
  readonly role: Role | 'manifest' | 'done';
  readonly stamp: string;
  readonly isDelta: boolean;
  readonly mark: 'sha256' | 'sig' | 'done' | null;
}

function take(
  set: Found,
  { role, mark }: NamePart,
  { file, naming }: { readonly file: StoredFile; readonly naming: Naming },
): void {
  if (mark === 'sig') set.signatures.set(file.name.replace(/\.(sig|asc)$/i, ''), file);
  else if (mark === 'sha256') set.checksums.set(file.name.replace(/\.sha256$/i, ''), file);
  else if (mark === 'done' || role === 'done') set.doneAt = later(set.doneAt, file.modifiedAt);
  else if (role === 'manifest') set.manifest = file;
  else if (isPreferred(file, set.files[role], naming)) set.files[role] = file;
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other;
}

/** `users.csv` and `users.csv.gz` side by side: the one that was written last; where files are encrypted, that one. */
function isPreferred(file: StoredFile, other: StoredFile | undefined, { pgp }: Naming): boolean {
  if (other === undefined) return true;
  const [isMessage, isOtherMessage] = [isPgpName(file.name), isPgpName(other.name)];
  if (pgp.isEncrypted && isMessage !== isOtherMessage) return isMessage;
  return file.modifiedAt >= other.modifiedAt;
}

/** Of a file of users and so on: that it is a PGP message. */
export function isPgpName(name: string): boolean {
  return PGP_ENDING.test(name);
}

/** The name of what is in a PGP message. */
export function plainName(name: string): string {
  return name.replace(PGP_ENDING, '');
}

const PGP_ENDING = /\.(pgp|gpg|asc)$/i;
const NAME =
  /^(?<base>.+?)(?<ending>\.csv(?:\.gz)?|\.json)?(?<pgp>\.(?:pgp|gpg|asc))?(?<mark>\.(?:sha256|done|sig|asc))?$/i;
const DATA = ['.csv', '.csv.gz'];
const ENDINGS: Readonly<Record<NamePart['role'], readonly string[]>> = {
  users: DATA,
  groups: DATA,
  memberships: DATA,
  manifest: ['.json'],
  done: [''],
};

interface Endings {
  readonly ending: string;
  /** `.pgp` and so on. */
  readonly pgp: string;
  readonly mark: string;
}

function readName(name: string, naming: Naming): NamePart | null {
  const { base, ...endings } = splitName(name);
  const [words, stamp] = splitStamp(base, naming.isNumbered ? NUMBER : TIME);
  const word = words.replace(/[._-]delta$/, '');
  const role = roleOf(word, naming.usersFile.toLowerCase());
  if (role === null || !ENDINGS[role].includes(endings.ending)) return null;
  const mark = markOf(endings, naming.pgp);
  return mark === undefined ? null : { role, stamp, isDelta: word !== words, mark };
}

function splitName(name: string): Endings & { readonly base: string } {
  const parts = NAME.exec(name.toLowerCase())?.groups ?? {};
  const { base = '', ending = '', pgp = '', mark = '' } = parts;
  return { base, ending, pgp, mark };
}

/**
 * What a file says about another one; null for one that is itself read, undefined for a name that means nothing under
 * these settings. `.asc` is an encrypted file where files are encrypted, otherwise and behind another ending a signature.
 */
function markOf({ ending, pgp, mark }: Endings, naming: PgpNaming): NamePart['mark'] | undefined {
  const { isEncrypted, isSigned } = naming;
  const isAllowed = pgp === '' || (DATA.includes(ending) && (isEncrypted || isSigned));
  if (!isAllowed) return undefined;
  if (`${pgp} ${isEncrypted}` === '.asc false') return mark === '' ? 'sig' : undefined;
  if (['.sig', '.asc'].includes(mark)) return isSigned ? 'sig' : undefined;
  return mark === '' ? null : (mark.slice(1) as 'sha256' | 'done');
}

/** `users.20260102T030000Z` → `users` and the stamp; whatever else stands behind a name belongs to it. */
function splitStamp(base: string, form: RegExp): [string, string] {
  for (let at = 0; at < base.length; at++)
    if ('._-'.includes(base.charAt(at)) && form.test(base.slice(at + 1)))
      return [base.slice(0, at), base.slice(at + 1)];
  return [base, ''];
}

function roleOf(word: string, usersFile: string): NamePart['role'] | null {
  if (word === usersFile) return 'users';
  const roles = ['groups', 'memberships', 'manifest', 'done'] as const;
  return roles.find((role) => role === word) ?? null;
}
