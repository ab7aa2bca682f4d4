import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '#kernel';
import { settleElements } from './elements.js';
import { invalidSyntax, invalidValue, type ScimError } from './errors.js';
import { parseInstant } from './filter/instant.js';
import { findKey, lastValue } from './json-object.js';
import { idInReference } from './reference.js';
import type { AttributeDefinition } from './schema/definitions.js';
import { subAttributeOf } from './schema/resource-types.js';
import type { Tolerance } from './tolerance.js';

/** How a value is read: the tolerance, and the name of the attribute for errors (`emails[0].value`). */
export interface Reading {
  readonly tolerance: Tolerance;
  readonly name: string;
}

/**
 * A received value in the type of its attribute (RFC 7643 2.3); undefined when it is unassigned: null, an empty list,
 * `""` if the tolerance says so. Strings are kept verbatim: clients compare what they wrote.
 * @throws ScimError `invalidValue` naming the attribute
 */
export function readValue(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): JsonValue | undefined {
  if (definition.multiValued) return settleElements([], readElements(definition, value, reading));
  if (definition.type !== 'complex') return readSimple(definition, value, reading);
  const parts = readParts(definition, value, reading);
  return parts === undefined ? undefined : assigned(parts);
}

/** Elements of a multi-valued attribute, in the order given; unassigned ones left out. */
export function readElements(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): JsonValue[] {
  if (isUnassigned(value, reading.tolerance)) return [];
  const parsed = parseComplexText(definition, value);
  if (reading.tolerance.strict && !Array.isArray(parsed)) throw wrongType(reading.name, 'an array');
  const elements = Array.isArray(parsed) ? parsed : [parsed];
  const read = elements.flatMap((element, index) => {
    const one = readElement(definition, element, { ...reading, name: `${reading.name}[${index}]` });
    return one === undefined ? [] : [one];
  });
  if (reading.tolerance.strict) checkPrimaries(read, reading.name);
  return read;
}

/** RFC 7643 2.4: `primary` is true once at most. */
function checkPrimaries(elements: readonly JsonValue[], name: string): void {
  const primaries = elements.filter((element) => isJsonObject(element) && element['primary'] === true);
  if (primaries.length > 1)
    throw invalidValue(`"${name}" has ${primaries.length} primary elements: send at most one.`, name);
}

/**
 * Parts of a complex value by canonical name; undefined for a part that is named but unassigned. The whole is
 * undefined when it is unassigned, also when it is given without the `value` that makes it one.
 */
export function readParts(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): ReadonlyMap<string, JsonValue | undefined> | undefined {
  const object = asObject(definition, value, reading);
  if (object === undefined) return undefined;
  const parts = new Map<string, JsonValue | undefined>();
  for (const [key, inner] of Object.entries(throughReference(definition, object))) {
    const sub = subAttributeOf(definition, key);
    const name = sub?.name ?? key;
    if (sub === undefined && reading.tolerance.strict) throw unknownPart(name, reading.name);
    if (isDropped(name, sub)) continue;
    parts.set(name, readPart(sub, inner, { ...reading, name: `${reading.name}.${name}` }));
  }
  return parts.has('value') && parts.get('value') === undefined ? undefined : parts;
}

/** A reference says the same as `value`, which wins where both are given (`manager`). */
function throughReference(definition: AttributeDefinition, object: JsonObject): JsonObject {
  if (subAttributeOf(definition, '$ref') === undefined || findKey(object, 'value') !== undefined)
    return object;
  const id = idInReference(lastValue(object, '$ref'));
  return id === undefined ? object : { ...object, value: id };
}

/** The parts that have a value as an object; undefined when none has. */
export function assigned(parts: ReadonlyMap<string, JsonValue | undefined>): JsonObject | undefined {
  const entries = [...parts].filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** True for null and, if so tolerated, `""` (RFC 7643 2.5). */
export function isUnassigned(value: JsonValue | undefined, tolerance: Tolerance): boolean {
  return value === null || value === undefined || (value === '' && tolerance.emptyStringUnassigns);
}

function readPart(
  sub: AttributeDefinition | undefined,
  value: JsonValue,
  reading: Reading,
): JsonValue | undefined {
  if (sub !== undefined) return readSimple(sub, value, reading);
  return isUnassigned(value, reading.tolerance) ? undefined : value;
}

function unknownPart(part: string, name: string): ScimError {
  return invalidSyntax(`"${name}" has no part "${part}": remove it, or see /Schemas.`, `${name}.${part}`);
}

/** `$ref` is computed for every answer, other readOnly parts are ours: both are ignored (RFC 7644 3.3). */
function isDropped(name: string, sub: AttributeDefinition | undefined): boolean {
  if (sub === undefined) return name.toLowerCase() === '$ref';
  return sub.name === '$ref' || sub.mutability === 'readOnly';
}

function readElement(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): JsonValue | undefined {
  if (definition.type !== 'complex') return readSimple(definition, value, reading);
  if (Array.isArray(value)) throw wrongType(reading.name, 'an object');
  const parts = readParts(definition, value, reading);
  return parts === undefined ? undefined : assigned(parts);
}

/** The value as an object of a complex attribute: one-element lists, JSON text and bare values are understood. */
function asObject(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): JsonObject | undefined {
  const { tolerance, name } = reading;
  if (isUnassigned(value, tolerance)) return undefined;
  const parsed = parseComplexText(definition, value);
  if (isJsonObject(parsed)) return parsed;
  if (tolerance.strict) throw wrongType(name, 'an object');
  if (Array.isArray(parsed)) {
    const first = parsed[0];
    if (Array.isArray(first)) throw wrongType(name, 'an object');
    return first === undefined ? undefined : asObject(definition, first, reading);
  }
  const hasValue = subAttributeOf(definition, 'value') !== undefined;
  if (hasValue && typeof parsed !== 'boolean') return { value: parsed };
  throw wrongType(name, 'an object');
}

/**
 * Some clients send a complex value as JSON text. Roles are the exception: there Entra puts JSON text into `value`
 * on purpose and expects to read it back.
 */
function parseComplexText(definition: AttributeDefinition, value: JsonValue): JsonValue {
  if (typeof value !== 'string' || definition.type !== 'complex' || definition.name === 'roles') return value;
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

function readSimple(
  definition: AttributeDefinition,
  value: JsonValue,
  reading: Reading,
): JsonValue | undefined {
  const { tolerance, name } = reading;
  if (isUnassigned(value, tolerance)) return undefined;
  switch (definition.type) {
    case 'boolean':
      return readBoolean(value, reading);
    case 'integer':
    case 'decimal':
      return readNumber(definition, value, reading);
    case 'dateTime':
      if (typeof value === 'string' && parseInstant(value) !== undefined) return value;
      throw wrongType(name, 'a date and time like "2024-05-01T10:11:12Z"');
    case 'binary':
      if (tolerance.strict && !isBase64(value)) throw wrongType(name, 'base64 text');
      return readText(definition, value, reading);
    default:
      return readText(definition, value, reading);
  }
}

/** RFC 4648 4 or 5; the padding may be missing. */
function isBase64(value: JsonValue): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
}

/** Numbers become text, except where the text identifies somebody: leading zeros may already be lost there. */
function readText(definition: AttributeDefinition, value: JsonValue, reading: Reading): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !reading.tolerance.strict && !definition.required) return String(value);
  throw wrongType(reading.name, 'a string');
}

const BOOLEAN_WORDS: ReadonlyMap<JsonValue, boolean> = new Map([
  ['true', true],
  ['false', false],
]);
const BOOLEAN_NUMBERS: ReadonlyMap<JsonValue, boolean> = new Map<JsonValue, boolean>([
  [1, true],
  ['1', true],
  [0, false],
  ['0', false],
]);

function readBoolean(value: JsonValue, { tolerance, name }: Reading): boolean {
  if (typeof value === 'boolean') return value;
  const words = tolerance.strict || typeof value !== 'string' ? undefined : value.toLowerCase();
  const read =
    (words === undefined ? undefined : BOOLEAN_WORDS.get(words)) ??
    (tolerance.numericBooleans ? BOOLEAN_NUMBERS.get(value) : undefined);
  if (read === undefined) throw wrongType(name, 'true or false');
  return read;
}

function readNumber(definition: AttributeDefinition, value: JsonValue, { tolerance, name }: Reading): number {
  const isText = typeof value === 'string' && /^-?\d/.test(value) && !tolerance.strict;
  const number = isText ? Number(value) : value;
  const whole = definition.type === 'integer';
  if (typeof number === 'number' && Number.isFinite(number) && (!whole || Number.isInteger(number)))
    return number;
  throw wrongType(name, whole ? 'an integer' : 'a number');
}

function wrongType(name: string, wanted: string): ScimError {
  return invalidValue(`The value of "${name}" has the wrong type: send ${wanted}.`, name);
}
