import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import { SourceError } from './source-error.js';

const MAX_TEXT = 65_536;
const MAX_ITEMS = 10_000;
const MAX_DEPTH = 16;

/** One attribute of one record is not what the vendor promises. Who does not catch it ends the stream, not the run. */
export class AttributeError extends SourceError {
  constructor(attribute: string, problem: string) {
    super('source_changed_shape', `"${attribute}" ${problem}.`);
    this.name = 'AttributeError';
  }
}

/** Reads the attributes of one vendor object; whatever does not fit names its attribute. A null is an absence. */
export class Fields {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(object: JsonObject, path = '') {
    this.#object = object;
    this.#path = path;
  }

  /** Text that has to be there. */
  text(key: string): string {
    const value = this.optionalText(key);
    if (value === null) throw this.#bad(key, 'is missing');
    return value;
  }

  /** Trimmed; empty text is an absence. Numbers are no texts. */
  optionalText(key: string): string | null {
    const value = this.#get(key);
    if (value === null) return null;
    if (typeof value !== 'string') throw this.#bad(key, 'is not a text');
    const problem = textProblem(value);
    if (problem !== undefined) throw this.#bad(key, problem);
    return value.trim() === '' ? null : value.trim();
  }

  /** An id that the vendor writes as text or as an integer. */
  id(key: string): string {
    const value = this.#get(key);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    return this.text(key);
  }

  boolean(key: string, absent: boolean): boolean {
    const value = this.#get(key);
    if (value === null) return absent;
    if (typeof value !== 'boolean') throw this.#bad(key, 'is neither true nor false');
    return value;
  }

  /** Something is there; null is an absence. */
  has(key: string): boolean {
    return this.#get(key) !== null;
  }

  /** A boolean that has to be there. */
  flag(key: string): boolean {
    if (this.#get(key) === null) throw this.#bad(key, 'is missing');
    return this.boolean(key, false);
  }

  /** A list of texts that has to be there, empty or not. */
  list(key: string): string[] {
    if (this.#get(key) === null) throw this.#bad(key, 'is missing');
    return this.texts(key);
  }

  /** A plain date, `YYYY-MM-DD`; of an instant its first part. Empty and `0000-00-00` are an absence. */
  date(key: string): string | null {
    const value = this.optionalText(key);
    if (value === null || value.startsWith('0000-00-00')) return null;
    const day = /^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$/.exec(value)?.[1];
    if (day === undefined || !isDay(day)) throw this.#bad(key, 'is not a date of the form YYYY-MM-DD');
    return day;
  }

  /** An object; empty when absent. */
  object(key: string): Fields {
    const value = this.#get(key) ?? {};
    if (!isJsonObject(value)) throw this.#bad(key, 'is not an object');
    return new Fields(value, this.#name(key));
  }

  /** A list of objects; empty when absent. A single object, as some vendors write it, is a list of one. */
  objects(key: string): Fields[] {
    return this.#list(key).map((item, index) => {
      if (!isJsonObject(item)) throw this.#bad(`${key}[${index}]`, 'is not an object');
      return new Fields(item, this.#name(`${key}[${index}]`));
    });
  }

  /** A list of texts; empty when absent. */
  texts(key: string): string[] {
    return this.#list(key).map((item, index) => {
      const problem = typeof item === 'string' ? textProblem(item) : 'is not a text';
      if (problem !== undefined) throw this.#bad(`${key}[${index}]`, problem);
      return item as string;
    });
  }

  /** The named attributes as they are, absent ones left out; texts in them are checked. */
  pick(keys: readonly string[]): JsonObject {
    const picked: JsonObject = {};
    for (const key of keys) {
      const value = this.#get(key);
      if (value === null) continue;
      checkValue(value, { name: this.#name(key), depth: 1 });
      picked[key] = value;
    }
    return picked;
  }

  keys(): string[] {
    return Object.keys(this.#object).filter((key) => key !== '__proto__');
  }

  #get(key: string): JsonValue {
    return (key === '__proto__' ? null : getOwn(this.#object, key)) ?? null;
  }

  #list(key: string): JsonValue[] {
    const value = this.#get(key) ?? [];
    const list = Array.isArray(value) ? value : isJsonObject(value) ? [value] : undefined;
    if (list === undefined) throw this.#bad(key, 'is not a list');
    if (list.length > MAX_ITEMS) throw this.#bad(key, `has more than ${MAX_ITEMS} entries`);
    return list;
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #bad(key: string, problem: string): AttributeError {
    return new AttributeError(this.#name(key), problem);
  }
}

/**
 * Maps one vendor object; one that does not fit becomes an `invalid` record that names the attribute, and the others go
 * on.
 */
export function decodeRecord(
  value: JsonValue,
  of: SnapshotKind | 'membership',
  map: (fields: Fields) => SnapshotRecord,
): SnapshotRecord {
  try {
    if (!isJsonObject(value)) throw new AttributeError(of, 'is not an object');
    return map(new Fields(value));
  } catch (error) {
    if (!(error instanceof AttributeError)) throw error;
    return { kind: 'invalid', of, id: idOf(value), problem: error.message };
  }
}

/** The list inside an answer. @throws SourceError when it is not there: an answer of another kind is no empty list. */
export function listIn(body: JsonValue, key: string): readonly JsonValue[] {
  const list = isJsonObject(body) ? body[key] : undefined;
  if (Array.isArray(list)) return list;
  throw new SourceError('source_changed_shape', `The source sent an answer without its list "${key}".`);
}

/**
 * Where an answer says that more is, in a page token or link; null when it says that there is no more.
 * @throws SourceError when it is no text: what cannot be followed is no end of a list
 */
export function linkIn(body: JsonValue, key: string): string | null {
  const link = (isJsonObject(body) ? getOwn(body, key) : undefined) ?? '';
  if (typeof link !== 'string')
    throw new SourceError('source_changed_shape', `The source sent a "${key}" that is not a text.`);
  return link === '' ? null : link;
}

function idOf(value: JsonValue): string | null {
  const id = isJsonObject(value) ? value['id'] : null;
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' && textProblem(id) === undefined ? id.slice(0, 500) : null;
}

/** The calendar has it: the 31st of February has not. */
function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** The same bounds as for pushed data; what fails here would fail the whole page in the database. */
function textProblem(text: string): string | undefined {
  if (text.length > MAX_TEXT) return `is longer than ${MAX_TEXT} characters`;
  if (text.includes('\u0000')) return 'contains the character U+0000, which cannot be stored';
  return text.isWellFormed() ? undefined : 'contains half of a surrogate pair, which is not valid Unicode';
}

function checkValue(value: JsonValue, place: { readonly name: string; readonly depth: number }): void {
  const { name, depth } = place;
  const problem = typeof value === 'string' ? textProblem(value) : undefined;
  if (problem !== undefined) throw new AttributeError(name, problem);
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  if (depth >= MAX_DEPTH) throw new AttributeError(name, `is nested deeper than ${MAX_DEPTH} levels`);
  if (entries.length > MAX_ITEMS) throw new AttributeError(name, `has more than ${MAX_ITEMS} entries`);
  for (const [key, inner] of entries) {
    const keyProblem = key === '__proto__' ? 'has a reserved name inside' : textProblem(key);
    if (keyProblem !== undefined) throw new AttributeError(name, keyProblem);
    checkValue(inner, { name: `${name}.${key}`, depth: depth + 1 });
  }
}
