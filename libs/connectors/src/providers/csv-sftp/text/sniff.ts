import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { SourceError } from '../../../sdk/source-error.js';

export interface Encoding {
  /** A name that iconv-lite knows. */
  readonly name: string;
  /** Nothing in the file says so; the setting does. */
  readonly isAssumed: boolean;
}

const BOMS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
/** So many of the bytes at even or at odd places are NUL in UTF-16 of Western text. */
const NUL_SHARE = 0.2;

/**
 * Which encoding a file has: its mark of byte order, else UTF-8 if all of it is, else UTF-16 by its NULs, else `legacy`.
 * @throws SourceError for a file that is marked as UTF-8 and is not: every character that cannot be read would be lost
 */
export async function sniffEncoding(
  { path, name: file }: { readonly path: string; readonly name: string },
  legacy: string,
): Promise<Encoding> {
  const clues = new Clues();
  let isMarked = false;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const marked = clues.isAtStart
      ? BOMS.find(([, bom]) => bom.every((byte, at) => chunk[at] === byte))
      : undefined;
    isMarked ||= marked?.[0] === 'utf-8';
    if (marked !== undefined && !isMarked) return { name: marked[0], isAssumed: false };
    clues.take(chunk);
  }
  const name = clues.name();
  if (isMarked && name !== 'utf-8')
    throw new SourceError(
      'source_changed_shape',
      `${file} begins with the mark of UTF-8 and has bytes that are none: export it in one encoding. The last state stays.`,
    );
  return { name: name ?? legacy, isAssumed: name === undefined };
}

/** How files begin that are no text, and what to send instead. */
const NO_TEXT: readonly (readonly [magic: string, advice: string])[] = [
  ['504b0304', 'a ZIP archive or a workbook: send the CSV itself, or compressed with gzip as .csv.gz'],
  ['d0cf11e0', 'a workbook: save it as CSV (UTF-8)'],
  ['1f8b', 'compressed with gzip: call it .csv.gz'],
  ['25504446', 'a PDF: send the CSV itself'],
];

/** @throws SourceError for a file of another kind under the name of a CSV file */
export async function expectText({
  path,
  name,
}: {
  readonly path: string;
  readonly name: string;
}): Promise<void> {
  let begin = '';
  for await (const chunk of createReadStream(path, { end: 7 }) as AsyncIterable<Buffer>)
    begin += chunk.toString('hex');
  const [, advice] = NO_TEXT.find(([magic]) => begin.startsWith(magic)) ?? [];
  if (advice !== undefined)
    throw new SourceError('source_changed_shape', `${name} is ${advice}. The last state stays.`);
}

/** What the bytes of a whole file say. */
class Clues {
  readonly #strict = new TextDecoder('utf-8', { fatal: true });
  readonly #nuls: [even: number, odd: number] = [0, 0];
  #bytes = 0;
  #isUtf8 = true;

  get isAtStart(): boolean {
    return this.#bytes === 0;
  }

  take(chunk: Buffer): void {
    if (this.#isUtf8) this.#isUtf8 = decodes(this.#strict, chunk);
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1))
      this.#nuls[((this.#bytes + at) % 2) as 0 | 1] += 1;
    this.#bytes += chunk.length;
  }

  name(): string | undefined {
    const [even, odd] = this.#nuls;
    if (Math.max(even, odd) > (this.#bytes / 2) * NUL_SHARE) return odd > even ? 'utf-16le' : 'utf-16be';
    return this.#isUtf8 && decodes(this.#strict, undefined) ? 'utf-8' : undefined;
  }
}

function decodes(decoder: TextDecoder, chunk: Buffer | undefined): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

const DELIMITERS = [',', ';', '\t', '|'];

/** The delimiter with which the header has the most columns that are known; undefined when it never has two columns. */
export function sniffDelimiter(
  header: string,
  countKnown: (names: readonly string[]) => number,
): string | undefined {
  const candidates = DELIMITERS.map((delimiter) => {
    const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
    return { delimiter, columns: names.length, known: countKnown(names) };
  }).filter(({ columns }) => columns >= 2);
  return candidates.sort((one, other) => other.known - one.known || other.columns - one.columns)[0]
    ?.delimiter;
}

/** Whether a file ends with the end of a line. */
export async function endsItsLastLine(path: string, { name }: Encoding): Promise<boolean> {
  const { size } = await stat(path);
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { start: Math.max(0, size - 2) }) as AsyncIterable<Buffer>)
    tail = Buffer.concat([tail, chunk]);
  const isWide = name === 'utf-16le' || name === 'utf-16be';
  const last = isWide ? tail[name === 'utf-16le' ? 0 : 1] : tail.at(-1);
  return last === 0x0a || last === 0x0d;
}
