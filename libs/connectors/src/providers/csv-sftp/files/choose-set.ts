import type { StoredFile } from './file-store.js';

export type Role = 'users' | 'groups' | 'memberships';

/** Files that belong together: of one time stamp. */
export interface FileSet {
  /** The part of the names that is the time; empty for names without one. */
  readonly stamp: string;
  readonly files: Readonly<Partial<Record<Role, StoredFile>>> & { readonly users: StoredFile };
  readonly manifest: StoredFile | null;
  /** `.sha256` files by the name of the file that they are about. */
  readonly checksums: ReadonlyMap<string, StoredFile>;
  /** An empty file that says: finished. */
  readonly isDone: boolean;
}

/** Parts of files that are being written, and what file managers leave behind. */
const UNFINISHED = /^[.~]|\.(part|tmp|filepart|crdownload|partial)$/i;
const STAMP = /^\d{4}-?\d{2}-?\d{2}(?:[T_-]?\d{2}[:-]?\d{2}(?:[:-]?\d{2})?Z?)?$/i;

/** The newest set in a folder; null when there is none. Names without a time count as older than names with one. */
export function chooseSet(files: readonly StoredFile[], usersFile: string): FileSet | null {
  const found = new Map<string, Found>();
  for (const file of files) {
    const part = UNFINISHED.test(file.name) ? null : readName(file.name, usersFile);
    if (part === null) continue;
    const set = found.get(part.stamp) ?? { files: {}, manifest: null, checksums: new Map(), isDone: false };
    found.set(part.stamp, set);
    take(set, part, file);
  }
  const whole = [...found].filter(([, { files: parts }]) => parts.users !== undefined);
  const newest = whole.sort(([one], [other]) => (digits(one) < digits(other) ? 1 : -1))[0];
  return newest === undefined ? null : ({ stamp: newest[0], ...newest[1] } as FileSet);
}

interface Found {
  files: Partial<Record<Role, StoredFile>>;
  manifest: StoredFile | null;
  checksums: Map<string, StoredFile>;
  isDone: boolean;
}

interface NamePart {
  readonly role: Role | 'manifest' | 'done';
  readonly stamp: string;
  readonly mark: 'sha256' | 'done' | null;
}

function take(set: Found, { role, mark }: NamePart, file: StoredFile): void {
  if (mark === 'sha256') set.checksums.set(file.name.replace(/\.sha256$/i, ''), file);
  else if (mark === 'done' || role === 'done') set.isDone = true;
  else if (role === 'manifest') set.manifest = file;
  else set.files[role] = file;
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

function readName(name: string, usersFile: string): NamePart | null {
  const { base = '', ending = '', mark } = NAME.exec(name.toLowerCase())?.groups ?? {};
  const [word, stamp] = splitStamp(base);
  const role = roleOf(word, usersFile.toLowerCase());
  if (role === null || !ENDINGS[role].includes(ending)) return null;
  return { role, stamp, mark: (mark?.slice(1) ?? null) as NamePart['mark'] };
}

/** `users.20260102T030000Z` → `users` and the stamp; whatever else stands behind a name belongs to it. */
function splitStamp(base: string): [string, string] {
  for (let at = 0; at < base.length; at++)
    if ('._-'.includes(base.charAt(at)) && STAMP.test(base.slice(at + 1)))
      return [base.slice(0, at), base.slice(at + 1)];
  return [base, ''];
}

function roleOf(word: string, usersFile: string): NamePart['role'] | null {
  if (word === usersFile) return 'users';
  const roles = ['groups', 'memberships', 'manifest', 'done'] as const;
  return roles.find((role) => role === word) ?? null;
}

/** Times of one form order by their digits; a date alone is the beginning of its day. */
export function digits(stamp: string): string {
  return stamp.replaceAll(/\D/g, '').padEnd(14, '0');
}
