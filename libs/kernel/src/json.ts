import { InvalidInputError } from './errors.js';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** Bounds of a JSON document that comes from outside. */
export interface JsonLimits {
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly maxStringLength: number;
}

const DEFAULT_LIMITS: JsonLimits = { maxDepth: 32, maxKeys: 1_000, maxStringLength: 65_536 };
const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property; never one that every object inherits, as `constructor` is. For text from outside. */
export function getOwn<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/**
 * Parses bytes from outside and checks what no later layer wants to meet: invalid UTF-8, U+0000, lone
 * surrogates, `__proto__` keys, absurd depth or width, numbers that JSON cannot hold.
 * @throws InvalidInputError naming the attribute (`emails[0].value`) and what is wrong with it; code
 *   `invalid_json` when the text is no JSON, `invalid_value` when one value is unacceptable.
 */
export function parseJson(bytes: Uint8Array | string, limits: Partial<JsonLimits> = {}): JsonValue {
  const value = parseText(typeof bytes === 'string' ? bytes : decodeUtf8(bytes));
  checkJson(value, { ...DEFAULT_LIMITS, ...limits }, { path: '', depth: 1 });
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new InvalidInputError('The body is not valid UTF-8. Send JSON encoded as UTF-8.', {
      code: 'invalid_json',
      cause,
    });
  }
}

function parseText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    const reason = text.trim() === '' ? 'it is empty' : (cause as Error).message;
    throw new InvalidInputError(`The body is not valid JSON: ${reason}.`, { code: 'invalid_json', cause });
  }
}

/** Where in the document a value stands. */
interface Place {
  readonly path: string;
  readonly depth: number;
}

function checkJson(value: JsonValue, limits: JsonLimits, place: Place): void {
  const { path, depth } = place;
  if (typeof value === 'string') return checkString(value, limits, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw bad(path, 'is a number too large to be represented');
    return;
  }
  if (value === null || typeof value === 'boolean') return;
  if (depth > limits.maxDepth) throw bad(path, `is nested deeper than ${limits.maxDepth} levels`);
  if (!Array.isArray(value)) return checkObject(value, limits, place);
  for (const [index, item] of value.entries())
    checkJson(item, limits, { path: `${path}[${index}]`, depth: depth + 1 });
}

function checkObject(value: JsonObject, limits: JsonLimits, { path, depth }: Place): void {
  const keys = Object.keys(value);
  if (keys.length > limits.maxKeys) throw bad(path, `has more than ${limits.maxKeys} attributes`);
  for (const key of keys) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') throw bad(inner, 'is a reserved name and not accepted');
    checkString(key, limits, inner);
    checkJson(value[key] as JsonValue, limits, { path: inner, depth: depth + 1 });
  }
}

function checkString(text: string, limits: JsonLimits, path: string): void {
  if (text.length > limits.maxStringLength)
    throw bad(path, `is longer than ${limits.maxStringLength} characters`);
  if (text.includes('\u0000')) throw bad(path, 'contains the character U+0000, which cannot be stored');
  if (!text.isWellFormed()) throw bad(path, 'contains half of a surrogate pair, which is not valid Unicode');
}

function bad(path: string, problem: string): InvalidInputError {
  const field = path.slice(0, 200).replaceAll('\u0000', '\\u0000').toWellFormed();
  const subject = field === '' ? 'The body' : `"${field}"`;
  return new InvalidInputError(`${subject} ${problem}.`, {
    code: 'invalid_value',
    problems: [{ field, message: `${subject} ${problem}.` }],
  });
}
