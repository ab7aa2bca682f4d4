import { SourceError } from '../../../sdk/source-error.js';
import { endsItsLastLine } from '../text/sniff.js';
import { idIn, readRows, type Row, type SheetFile } from '../text/read-rows.js';
import { ROLES, type Role } from './find-sets.js';
import type { LoadedFullSet } from './load-set.js';
import { isRemoval } from './operation.js';

/** What has to be known of full files before their first row counts. */
export interface Survey {
  readonly users: ReadonlySet<string>;
  /** Ids that stand in several rows. */
  readonly repeated: ReadonlySet<string>;
  readonly groups: ReadonlySet<string> | null;
  readonly userRows: number;
  readonly hasLeadingZeros: boolean;
  /** Ids with leading zeros as a spreadsheet would leave them. */
  readonly stripped: ReadonlySet<string>;
  /** A last line says how many rows there are, and it is so. */
  readonly hasTrailer: boolean;
  /** Files whose last line has an end. */
  readonly ended: ReadonlySet<Role>;
  /** Files with at least one row. */
  readonly filled: ReadonlySet<Role>;
}

/** Rounded numbers, and what stands in a cell that could not be worked out. */
const BY_SPREADSHEET = /^(\d+([.,]\d+)?E\+\d+|#(REF|NAME|VALUE|NULL|NUM|DIV\/0)[!?]|#N\/A)$/i;
const TRAILER = '#EOF';
const MAX_ROWS = 2_000_000;
const MAX_RAGGED = 0.01;
const MAX_REPEATED = 0.005;
const MAX_STRANGERS = 0.05;

/** Reads everything once. @throws SourceError when the files are not to be believed: cut off, emptied, damaged */
export async function survey(set: LoadedFullSet, expectsTrailer: boolean): Promise<Survey> {
  const users = new IdCount('idp_id');
  const people = await surveySheet(set.sheets.users, { ids: users, rows: set.rows.users, expectsTrailer });
  if (people.rows === 0) throw reject(set.sheets.users, 'has a header and nobody below it');
  users.expectUnique(set.sheets.users);
  const groups = await surveyGroups(set, expectsTrailer);
  const memberRows = await surveyMemberships(set, { users: users.all, groups: groups.ids, expectsTrailer });
  const rows = { users: people.rows, groups: groups.rows, memberships: memberRows };
  return {
    users: users.present,
    repeated: users.repeated,
    groups: groups.ids === null ? null : groups.present,
    userRows: people.rows,
    hasLeadingZeros: users.stripped.size > 0,
    stripped: users.stripped,
    hasTrailer: people.hasTrailer,
    ended: await endedFiles(set),
    filled: new Set(ROLES.filter((role) => rows[role] > 0)),
  };
}

interface GroupSurvey {
  /** Null without a file of groups. */
  readonly ids: ReadonlySet<string> | null;
  readonly present: ReadonlySet<string>;
  readonly rows: number;
}

async function surveyGroups({ sheets, rows }: LoadedFullSet, expectsTrailer: boolean): Promise<GroupSurvey> {
  const ids = new IdCount('group_id');
  if (sheets.groups === undefined) return { ids: null, present: ids.present, rows: 0 };
  const found = await surveySheet(sheets.groups, { ids, rows: rows.groups, expectsTrailer });
  ids.expectUnique(sheets.groups);
  return { ids: ids.all, present: ids.present, rows: found.rows };
}

/** @returns how many rows there are */
async function surveyMemberships(
  { sheets, rows }: LoadedFullSet,
  { expectsTrailer, ...strangers }: Known & { readonly expectsTrailer: boolean },
): Promise<number> {
  if (sheets.memberships === undefined) return 0;
  const wanted = { ids: null, rows: rows.memberships, expectsTrailer, strangers };
  return (await surveySheet(sheets.memberships, wanted)).rows;
}

/** Reads a delta file: its rows in order, when nothing is wrong with the whole. @throws SourceError */
export async function readDelta(
  file: SheetFile,
  wanted: { readonly rows: number | undefined; readonly expectsTrailer: boolean; readonly limit: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  const column = file.sheet === 'groups' ? 'group_id' : 'idp_id';
  await surveySheet(file, {
    ...wanted,
    ids: new IdCount(column),
    onRow: (row) => {
      rows.push(row);
      if (rows.length > wanted.limit)
        throw reject(file, `has more than ${wanted.limit} rows; send full files instead`);
    },
  });
  return rows;
}

async function endedFiles({ sheets }: LoadedFullSet): Promise<Set<Role>> {
  const ended = new Set<Role>();
  for (const role of ROLES) {
    const file = sheets[role];
    if (file !== undefined && (await endsItsLastLine(file.path, file.encoding))) ended.add(role);
  }
  return ended;
}

export function isTrailer(row: Row, { header }: SheetFile): boolean {
  return row.cells[header.names[0] ?? ''] === TRAILER;
}

/** Spreadsheets leave lines of separators. */
export function isBlank({ cells }: Row): boolean {
  return Object.values(cells).every((cell) => cell === '');
}

interface SheetSurvey {
  readonly ids: IdCount | null;
  /** What the manifest says. */
  readonly rows: number | undefined;
  readonly expectsTrailer: boolean;
  readonly onRow?: (row: Row) => void;
  readonly strangers?: Known;
}

/** People and groups that stand in the other files; groups are null when there is no file of them. */
interface Known {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string> | null;
}

async function surveySheet(
  file: SheetFile,
  wanted: SheetSurvey,
): Promise<{ rows: number; hasTrailer: boolean }> {
  const count = new RowCount(file, wanted);
  for await (const row of readRows(file)) if (!isBlank(row)) count.take(row);
  expectColumns(file, count);
  if (count.isLastRagged) throw reject(file, 'breaks off in the middle of its last line');
  expectCounts(file, count, wanted);
  if (wanted.expectsTrailer) expectTrailer(file, count);
  return { rows: count.rows, hasTrailer: count.trailer !== null };
}

class RowCount {
  rows = 0;
  ragged = 0;
  strangers = 0;
  isLastRagged = false;
  trailer: number | null = null;
  readonly #file: SheetFile;
  readonly #wanted: SheetSurvey;

  constructor(file: SheetFile, wanted: SheetSurvey) {
    this.#file = file;
    this.#wanted = wanted;
  }

  take(row: Row): void {
    const { header } = this.#file;
    if (this.trailer !== null) throw reject(this.#file, `goes on behind its line ${TRAILER}`);
    if (this.#wanted.expectsTrailer && isTrailer(row, this.#file))
      this.trailer = Number(row.cells[header.names[1] ?? '']);
    else this.#count(row);
  }

  #count(row: Row): void {
    this.rows += 1;
    this.#wanted.onRow?.(row);
    this.isLastRagged = row.isRagged;
    if (row.isRagged) this.ragged += 1;
    if (row.isRagged) this.#wanted.ids?.addBroken(row, this.#file);
    else this.#wanted.ids?.add(row, this.#file);
    if (isStranger(row, this.#wanted.strangers)) this.strangers += 1;
    if (this.rows > MAX_ROWS) throw reject(this.#file, `has more than ${MAX_ROWS} rows`);
  }
}

function expectTrailer(file: SheetFile, { rows, trailer }: RowCount): void {
  if (trailer === null) throw reject(file, `has no last line ${TRAILER}`);
  if (trailer !== rows) throw reject(file, `has ${rows} rows, ${trailer} were announced`);
}

/** The last line alone is no matter of columns: the file breaks off there. */
function expectColumns(file: SheetFile, { rows, ragged, isLastRagged }: RowCount): void {
  if (ragged > rows * MAX_RAGGED && !(ragged === 1 && isLastRagged))
    throw reject(file, `has ${ragged} of ${rows} lines with too few or too many columns`);
}

function expectCounts(
  file: SheetFile,
  { rows, strangers }: Pick<RowCount, 'rows' | 'strangers'>,
  wanted: SheetSurvey,
): void {
  if (wanted.rows !== undefined && wanted.rows !== rows)
    throw reject(file, `has ${rows} rows, its manifest says ${wanted.rows}`);
  if (strangers > rows * MAX_STRANGERS)
    throw reject(file, `names people or groups that are in no other file in ${strangers} of ${rows} rows`);
}

function isStranger({ cells }: Row, known: SheetSurvey['strangers']): boolean {
  if (known === undefined) return false;
  const isKnownGroup = known.groups === null || known.groups.has(cells['group_id'] ?? '');
  return !known.users.has(cells['idp_id'] ?? '') || !isKnownGroup;
}

/** Ids of a file, and what may have happened to them. */
class IdCount {
  readonly all = new Set<string>();
  /** Those that their row does not remove. */
  readonly present = new Set<string>();
  readonly repeated = new Set<string>();
  readonly stripped = new Set<string>();
  readonly #column: string;
  #decimals = 0;

  constructor(column: string) {
    this.#column = column;
  }

  add(row: Row, file: SheetFile): void {
    const { cells, line } = row;
    const id = cells[this.#column] ?? '';
    if (id === '') return;
    if (BY_SPREADSHEET.test(id))
      throw reject(
        file,
        `has the id "${id}" in line ${line}: a spreadsheet has changed it. Export it as text`,
      );
    if (/^\d+[.,]0+$/.test(id)) this.#decimals += 1;
    if (/^0\d+$/.test(id)) this.stripped.add(id.replace(/^0+(?=\d)/, ''));
    if (!isRemoval(row)) this.present.add(id);
    if (this.all.has(id)) this.repeated.add(id);
    this.all.add(id);
  }

  /** Who stands in a broken line is there. */
  addBroken(row: Row, file: SheetFile): void {
    const id = idIn(row, file, this.#column);
    if (id === null) return;
    this.present.add(id);
    this.all.add(id);
  }

  expectUnique(file: SheetFile): void {
    if (this.#decimals > 0 && this.#decimals === this.all.size)
      throw reject(
        file,
        'has ids that all end with ".0": a spreadsheet has changed them. Export them as text',
      );
    const { size } = this.repeated;
    const limit = Math.max(1, this.all.size * MAX_REPEATED);
    if (size > limit)
      throw reject(file, `has ${size} ids in several rows; an id stands for one person or group`);
  }
}

function reject({ name }: Pick<SheetFile, 'name'>, what: string): SourceError {
  return new SourceError(
    'incomplete_listing',
    `${name} ${what}. Nothing of it is taken over; the last state stays.`,
  );
}
