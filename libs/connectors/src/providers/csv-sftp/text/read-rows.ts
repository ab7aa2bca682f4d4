import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import iconv from 'iconv-lite';
import { SourceError } from '../../../sdk/source-error.js';
import { countKnown, readHeader, type Header, type Sheet } from './columns.js';
import { expectText, sniffDelimiter, sniffEncoding, type Encoding } from './sniff.js';

const MAX_RECORD = 65_536;
const HEADER_BYTES = 65_536;
/** A longer cell is the sign of a quote that was opened and closed much later. */
const MAX_CELL = 4_096;
/** Ids, and names that groups are known by. */
const MAX_NAME = 256;
const NAMING = new Set(
  'idp_id group_id parent_group_id department_id department_name division_id division_name location_id location_name groups'.split(
    ' ',
  ),
);

const IDS_OF_PEOPLE = new Set(['idp_id', 'manager_id']);

/** A file on this machine, and how its text is to be read. */
export interface SheetFile {
  readonly sheet: Sheet;
  readonly path: string;
  /** For messages. */
  readonly name: string;
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly header: Header;
}

/** One line: a record by column, or what is wrong with it. `line` is where it ends, from 1. */
export interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
  /** Cells that are missing or too many. */
  readonly isRagged: boolean;
  /** Why nothing in it is to be believed but an id (`idIn`), without the place; null for nearly all. */
  readonly problem: string | null;
}

/** Finds out encoding, delimiter and columns. @throws SourceError */
export async function openSheet(
  file: Pick<SheetFile, 'sheet' | 'path' | 'name'>,
  legacyEncoding: string,
): Promise<SheetFile> {
  await expectText(file);
  const encoding = await sniffEncoding(file, legacyEncoding);
  const first = await firstLine(file.path, encoding);
  if (first.trim() === '')
    throw new SourceError('incomplete_listing', `${file.name} is empty; the last state stays.`);
  const delimiter = sniffDelimiter(first, (names) => countKnown(file.sheet, names));
  if (delimiter === undefined)
    throw new SourceError(
      'source_changed_shape',
      `${file.name} is no table: its first line has only one column.`,
    );
  for await (const [cells] of parsed({ path: file.path, encoding, delimiter, name: file.name }))
    return { ...file, encoding, delimiter, header: readHeader(file.sheet, cells, file.name) };
  throw new SourceError('incomplete_listing', `${file.name} is empty; the last state stays.`);
}

/** All rows below the header, blank lines left out. @throws SourceError when the file breaks off or is no CSV */
export async function* readRows(file: SheetFile): AsyncGenerator<Row> {
  const { names } = file.header;
  let isHeader = true;
  for await (const [cells, line] of parsed(file)) {
    if (isHeader) isHeader = false;
    else yield toRow(names, cells, line);
  }
}

function toRow(names: readonly string[], given: readonly string[], line: number): Row {
  const isRagged = given.length !== names.length;
  const cells = names.map((name, index) => {
    const cell = tidy(given[index] ?? '');
    return [name, IDS_OF_PEOPLE.has(name) ? idText(cell) : cell] as const;
  });
  const problem = isRagged ? 'too few or too many columns.' : unsound(cells);
  return { line, isRagged, problem, cells: Object.fromEntries(cells) };
}

/**
 * Spaces without width make no other id. An address that serves as an id is the same in whatever case it is written:
 * otherwise somebody would leave, and a stranger come.
 */
function idText(cell: string): string {
  const id = cell.replaceAll(/[\u200B\u2060\uFEFF]/g, '').trim();
  return id.includes('@') ? id.toLowerCase() : id;
}

/** What is wrong with a cell; null when nothing is. */
function unsound(cells: readonly (readonly [string, string])[]): string | null {
  for (const [name, cell] of cells) {
    if (cell.includes('\0')) return `"${name}" contains the character U+0000.`;
    if (cell.length > MAX_CELL) return `"${name}" has more than ${MAX_CELL} characters.`;
    if (NAMING.has(name) && cell.split('|').some((part) => part.length > MAX_NAME))
      return `"${name}" has more than ${MAX_NAME} characters.`;
  }
  return null;
}

/** A quote that was closed much later has made other lines a part of a cell: who stands in them is not seen. */
function hidesLines(cells: Row['cells']): boolean {
  return Object.values(cells).some((cell) => cell.length > MAX_CELL && /[\r\n]/.test(cell));
}

/**
 * An id of a row, also of one that is otherwise not to be believed: of a broken line only the first cell is where it
 * should be. Null when it is not known, or when nobody knows who else stood there.
 */
export function idIn(
  { cells, isRagged }: Row,
  { header }: Pick<SheetFile, 'header'>,
  column: string,
): string | null {
  const id = cells[column] ?? '';
  if (hidesLines(cells)) return null;
  const isInPlace = !isRagged || header.names[0] === column;
  return isInPlace && id !== '' && id.length <= MAX_NAME && !id.includes('\0') ? id : null;
}

type Parsing = Pick<SheetFile, 'path' | 'encoding' | 'delimiter' | 'name'>;

async function* parsed({ path, encoding, delimiter, name }: Parsing): AsyncGenerator<[string[], number]> {
  const parser = parse({
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    info: true,
  });
  const bytes = createReadStream(path);
  const text = bytes.pipe(iconv.decodeStream(encoding.name));
  bytes.on('error', (error) => parser.destroy(error));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>)
      yield [record, info.lines];
  } catch (error) {
    const { message, lines } = error as { readonly message: string; readonly lines?: number };
    const where = lines === undefined ? '' : ` near line ${lines}`;
    throw new SourceError(
      'incomplete_listing',
      `${name} is broken${where}: ${message.slice(0, 200)}. The last state stays.`,
    );
  } finally {
    bytes.destroy();
  }
}

async function firstLine(path: string, encoding: Encoding): Promise<string> {
  for await (const chunk of createReadStream(path, { end: HEADER_BYTES - 1, highWaterMark: HEADER_BYTES }))
    return iconv.decode(chunk as Buffer, encoding.name).split(/\r\n|\n|\r/)[0] ?? '';
  return '';
}

/** Other control characters than tab and line end; U+0000 stays, and is refused later. */
const CONTROLS = /(?![\t\n\r\0])\p{Cc}/gu;

/** Without spaces around, no-break ones neither, composed (NFC), without control characters. */
function tidy(cell: string): string {
  return cell.normalize('NFC').replaceAll(CONTROLS, '').trim();
}

/** Unpacks `.csv.gz`; other files are left alone. */
export function unpacking(name: string): ReturnType<typeof createGunzip> | null {
  return /\.gz$/i.test(name) ? createGunzip() : null;
}
