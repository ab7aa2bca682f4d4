import type { UploadRole } from '../../../sdk/uploads.js';
import type { FileSettings } from '../config.js';
import type { StoredFile } from './file-store.js';

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
  /** When the youngest of the empty files was written that say: finished. */
  readonly doneAt: Date | null;
}

export interface FoundSets {
  /** The newest one that has a file of users. Names without a time or number count as older than names with one. */
  readonly full: FileSet | null;
  /** All of them, the oldest first. */
  readonly deltas: readonly FileSet[];
}

type Naming = Pick<FileSettings, 'usersFile' | 'isNumbered'>;

/** Parts of files that are being written, and what file managers leave behind. */
const UNFINISHED = /^[.~]|\.(part|tmp|filepart|crdownload|partial)$/i;
const TIME = /^\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2}[:-]?\d{2}(?:[:-]?\d{2})?Z?)?$/i;
const NUMBER = /^\d{1,18}$/;

export function findSets(files: readonly StoredFile[], naming: Naming): FoundSets {
  const found = new Map<string, Found>();
  for (const file of files) {
    const part = UNFINISHED.test(file.name) ? null : readName(file.name, naming);
    if (part === null) continue;
    const { stamp, isDelta } = part;
    const key = `${isDelta} ${orderOf(stamp, naming)}`;
    const set = found.get(key) ?? newSet(stamp, isDelta);
    found.set(key, set);
    take(set, part, file);
  }
  const ordered = [...found.values()].sort((one, other) => compareStamps(one.stamp, other.stamp, naming));
  return {
    full: ordered.findLast(({ isDelta, files: parts }) => !isDelta && parts.users !== undefined) ?? null,
    deltas: ordered.filter(({ isDelta, files: parts }) => isDelta && Object.keys(parts).length > 0),
  };
}

/** What an uploaded file of this name would be. */
export function roleOfName(name: string, naming: Naming): UploadRole | null {
  if (UNFINISHED.test(name)) return 'unfinished';
  const part = readName(name, naming);
  if (part === null) return null;
  return part.mark === null && ROLES.some((role) => role === part.role) ? 'data' : 'marker';
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
  manifest: StoredFile | null;
  doneAt: Date | null;
}

function newSet(stamp: string, isDelta: boolean): Found {
  return { stamp, isDelta, files: {}, manifest: null, checksums: new Map(), doneAt: null };
}

interface NamePart {
  readonly role: Role | 'manifest' | 'done';
  readonly stamp: string;
  readonly isDelta: boolean;
  readonly mark: 'sha256' | 'done' | null;
}

function take(set: Found, { role, mark }: NamePart, file: StoredFile): void {
  if (mark === 'sha256') set.checksums.set(file.name.replace(/\.sha256$/i, ''), file);
  else if (mark === 'done' || role === 'done') set.doneAt = later(set.doneAt, file.modifiedAt);
  else if (role === 'manifest') set.manifest = file;
  else if (isNewer(file, set.files[role])) set.files[role] = file;
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other;
}

/** `users.csv` and `users.csv.gz` side by side: the one that was written last. */
function isNewer(file: StoredFile, other: StoredFile | undefined): boolean {
  return other === undefined || file.modifiedAt >= other.modifiedAt;
}

const NAME = /^(?<base>.+?)(?<ending>\.csv(?:\.gz)?|\.json)?(?<mark>\.sha256|\.done)?$/i;
const DATA = ['.csv', '.csv.gz'];
const ENDINGS: Readonly<Record<NamePart['role'], readonly string[]>> = {
  users: DATA,
  groups: DATA,
  memberships: DATA,
  manifest: ['.json'],
  done: [''],
};

function readName(name: string, naming: Naming): NamePart | null {
  const { base = '', ending = '', mark } = NAME.exec(name.toLowerCase())?.groups ?? {};
  const [words, stamp] = splitStamp(base, naming.isNumbered ? NUMBER : TIME);
  const word = words.replace(/[._-]delta$/, '');
  const role = roleOf(word, naming.usersFile.toLowerCase());
  if (role === null || !ENDINGS[role].includes(ending)) return null;
  return { role, stamp, isDelta: word !== words, mark: (mark?.slice(1) ?? null) as NamePart['mark'] };
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
