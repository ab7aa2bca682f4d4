import { hash } from 'node:crypto';

/**
 * Fingerprint of a normalized record: equal for equal content, in whatever order a vendor names the attributes of an
 * object. 128 bits, base64url.
 */
export function digestOf(record: object): string {
  const words: unknown[] = [];
  say(record, words);
  return textDigest(JSON.stringify(words));
}

export function textDigest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** The keys of an object as they come, in order, and the word that stands for them. */
interface Shape {
  readonly keys: readonly string[];
  readonly ordered: readonly string[];
  readonly word: readonly [string];
}

/** Shapes by their first key: a source's records have a few, and sorting their keys each time was a third of the work. */
const shapes = new Map<string, Shape>();
const MOST_SHAPES = 1_000;

/**
 * Takes a value apart into one list of words: to copy it with its keys in order, and to write the copy, took twice as long.
 * What stands for an object or a list is a list itself, which no value is, so different values never say the same.
 */
function say(value: object, words: unknown[]): void {
  if (Array.isArray(value)) {
    words.push([value.length]);
    for (const item of value as unknown[]) sayAny(item, words);
    return;
  }
  const object = value as Readonly<Record<string, unknown>>;
  const { ordered, word } = shapeOf(keysOf(object));
  words.push(word);
  for (const key of ordered) sayAny(object[key], words);
}

/** As in JSON, what is undefined is not there. */
function keysOf(object: Readonly<Record<string, unknown>>): readonly string[] {
  const keys = Object.keys(object);
  return keys.some((key) => object[key] === undefined)
    ? keys.filter((key) => object[key] !== undefined)
    : keys;
}

function sayAny(value: unknown, words: unknown[]): void {
  if (typeof value === 'object' && value !== null) say(value, words);
  else words.push(value);
}

function shapeOf(keys: readonly string[]): Shape {
  const known = shapes.get(keys[0] ?? '');
  if (known !== undefined && isSame(known.keys, keys)) return known;
  const ordered = keys.toSorted();
  const shape: Shape = { keys, ordered, word: [JSON.stringify(ordered)] };
  if (shapes.size >= MOST_SHAPES) shapes.clear();
  shapes.set(keys[0] ?? '', shape);
  return shape;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}
