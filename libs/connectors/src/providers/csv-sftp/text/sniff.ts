import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';

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

/** Which encoding a file has: its mark of byte order, else UTF-8 if all of it is, else UTF-16 by its NULs, else `legacy`. */
export async function sniffEncoding(path: string, legacy: string): Promise<Encoding> {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const nuls = [0, 0];
  let bytes = 0;
  let isUtf8 = true;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const marked =
      bytes === 0 ? BOMS.find(([, bom]) => bom.every((byte, at) => chunk[at] === byte)) : undefined;
    if (marked !== undefined) return { name: marked[0], isAssumed: false };
    if (isUtf8) isUtf8 = decodes(strict, chunk);
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1))
      nuls[(bytes + at) % 2] = (nuls[(bytes + at) % 2] ?? 0) + 1;
    bytes += chunk.length;
  }
  const [even = 0, odd = 0] = nuls;
  if (Math.max(even, odd) > (bytes / 2) * NUL_SHARE)
    return { name: odd > even ? 'utf-16le' : 'utf-16be', isAssumed: false };
  const isWhole = isUtf8 && decodes(strict, undefined);
  return isWhole ? { name: 'utf-8', isAssumed: false } : { name: legacy, isAssumed: true };
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
