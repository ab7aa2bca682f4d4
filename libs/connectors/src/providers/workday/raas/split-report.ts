import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';

const LIST = 'Report_Entry';
/** Rows are objects in the list in the answer: the third thing that is open. */
const ROW_DEPTH = 3;
const MAX_DEPTH = 32;
const MAX_ROWS = 1_000_000;

/**
 * A report as text, of which one row is made into objects at a time: all of them at once would take several times the
 * memory and hold up everything else meanwhile.
 */
export class SplitReport {
  readonly #text: string;
  readonly #rows: readonly Slice[];

  /** @throws SourceError unless it is a whole answer with its list */
  constructor(text: string) {
    const slices = slicesOf(text);
    const frame = parse(frameOf(text, slices));
    this.#text = text;
    this.#rows = listOf(frame).map((item) => {
      const at = isJsonObject(item) ? item['at'] : undefined;
      if (typeof at !== 'number') throw changed('Workday sent a report with a row that is no row.');
      return slices[at] as Slice;
    });
  }

  get length(): number {
    return this.#rows.length;
  }

  /** @throws SourceError for a row that is no JSON */
  *rows(): Generator<JsonObject> {
    for (const { start, end } of this.#rows) yield parse(this.#text.slice(start, end)) as JsonObject;
  }
}

interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Where the rows are. Everything about their inside, and what is around them, is left to the parser. */
function slicesOf(text: string): readonly Slice[] {
  const slices: Slice[] = [];
  const token = /["{}[\]]/g;
  let [depth, start] = [0, -1];
  while (token.test(text)) {
    const at = token.lastIndex - 1;
    const found = text[at];
    if (found === '"') token.lastIndex = endOfText(text, at);
    else if (found === '{' || found === '[') {
      depth = deeper(depth);
      if (depth === ROW_DEPTH && found === '{') start = at;
    } else if (depth-- === ROW_DEPTH && start >= 0) {
      slices.push({ start, end: at + 1 });
      start = -1;
    }
  }
  if (slices.length > MAX_ROWS) throw changed(`The report has more than ${MAX_ROWS} rows.`);
  return slices;
}

function deeper(depth: number): number {
  if (depth >= MAX_DEPTH) throw changed('Workday sent a report that is nested too deeply.');
  return depth + 1;
}

/** Behind the quotation mark that ends a text; behind everything when none does. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** The answer with a number in the place of each row. */
function frameOf(text: string, slices: readonly Slice[]): string {
  const parts: string[] = [];
  let after = 0;
  for (const [at, { start, end }] of slices.entries()) {
    parts.push(text.slice(after, start), `{"at":${at}}`);
    after = end;
  }
  return [...parts, text.slice(after)].join('');
}

function listOf(frame: JsonValue): readonly JsonValue[] {
  const list = isJsonObject(frame) ? frame[LIST] : undefined;
  if (Array.isArray(list)) return list;
  const hasError =
    isJsonObject(frame) && Object.keys(frame).some((key) => /^(error|errors|fault)$/i.test(key));
  throw changed(
    hasError
      ? 'Workday answered with an error in the place of the report.'
      : `Workday answered without the report's rows ("${LIST}"): the report did not run.`,
  );
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw changed('Workday sent a report that is broken or was cut off.');
  }
}

function changed(message: string): SourceError {
  return new SourceError('source_changed_shape', `${message} What was read before stays.`);
}
