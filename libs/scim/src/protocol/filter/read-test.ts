import { foldKey } from '#kernel';
import { invalidFilter } from '../errors.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { ownIdIn } from '../reference.js';
import { canonicalUrn } from '../schema/resource-types.js';
import type { CompareOperator, Filter, Literal } from './ast.js';
import { parseInstant, type Instant } from './instant.js';

type Equality = 'eq' | 'ne';
type Ordering = Equality | 'gt' | 'ge' | 'lt' | 'le';

/** What is asked of one value, typed by its attribute (RFC 7644 3.4.2.2). */
export type Test =
  | { readonly kind: 'present' | 'absent' }
  /** `value` is already folded when `fold` is set. */
  | {
      readonly kind: 'text';
      readonly operator: CompareOperator;
      readonly value: string;
      readonly fold: boolean;
    }
  | { readonly kind: 'boolean'; readonly operator: Equality; readonly value: boolean }
  | { readonly kind: 'number'; readonly operator: Ordering; readonly value: number }
  /** The value is an address of this server; `id` is whose, empty when the filter names no such address. */
  | { readonly kind: 'address'; readonly operator: Equality; readonly id: string }
  | { readonly kind: 'instant'; readonly operator: Ordering; readonly value: Instant };

type Leaf = Extract<Filter, { kind: 'present' | 'compare' }>;
type Comparison = Extract<Filter, { kind: 'compare' }>;

/** Reads the test that a leaf of a filter makes on a value of this attribute. `name` is for errors. */
export function readTest(leaf: Leaf, attribute: AttributeDefinition, name: string): Test {
  if (leaf.kind === 'present') return { kind: 'present' };
  if (isNullTest(leaf)) return readNullTest(leaf, name);
  switch (attribute.type) {
    case 'boolean':
      return { kind: 'boolean', operator: equality(leaf, name), value: readBoolean(leaf.literal, name) };
    case 'integer':
    case 'decimal':
      return { kind: 'number', operator: ordering(leaf, name), value: readNumber(leaf.literal, name) };
    case 'dateTime':
      return { kind: 'instant', operator: ordering(leaf, name), value: readInstant(leaf.literal, name) };
    case 'binary':
      checkUnordered(leaf, name);
      return readText(leaf, attribute);
    case 'reference':
      return isComputedAddress(attribute) ? readAddress(leaf, name) : readText(leaf, attribute);
    case 'string':
      return readText(leaf, attribute);
    case 'complex':
      throw invalidFilter(`"${name}" is complex: compare one of its parts instead.`, name);
  }
}

/** `$ref` and `meta.location` are made for every answer, from an id. */
function isComputedAddress({ name }: AttributeDefinition): boolean {
  return name === '$ref' || name === 'location';
}

/** Addresses are told apart by the id in them: the host is another one for every proxy. */
function readAddress({ operator, literal }: Comparison, name: string): Test {
  if (operator !== 'eq' && operator !== 'ne')
    throw invalidFilter(`"${operator}" cannot be used on the address "${name}"; use eq, ne or pr.`, name);
  return { kind: 'address', operator, id: ownIdIn(literal.text) ?? '' };
}

/** True when a leaf asks whether there is a value at all: `pr`, `eq null`, `ne null`. */
export function isNullTest(leaf: Leaf): boolean {
  return leaf.kind === 'present' || (leaf.literal.kind === 'word' && leaf.literal.text === 'null');
}

function readText(leaf: Comparison, attribute: AttributeDefinition): Test {
  const fold = !attribute.caseExact;
  const text = attribute.name === 'schemas' ? canonicalUrn(leaf.literal.text) : leaf.literal.text;
  return { kind: 'text', operator: leaf.operator, value: fold ? foldKey(text) : text, fold };
}

/** `eq null` and `ne null` ask for absence and presence (RFC 7643 2.5: null is unassigned). */
function readNullTest(leaf: Comparison, name: string): Test {
  if (leaf.operator === 'eq') return { kind: 'absent' };
  if (leaf.operator === 'ne') return { kind: 'present' };
  throw invalidFilter(`"${name} ${leaf.operator} null" is not possible; use eq, ne or pr.`, name);
}

function equality(leaf: Comparison, name: string): Equality {
  if (leaf.operator === 'eq' || leaf.operator === 'ne') return leaf.operator;
  throw invalidFilter(`"${leaf.operator}" cannot be used on the boolean "${name}"; use eq or ne.`, name);
}

function ordering(leaf: Comparison, name: string): Ordering {
  if (leaf.operator === 'co' || leaf.operator === 'sw' || leaf.operator === 'ew')
    throw invalidFilter(`"${leaf.operator}" works on strings only and "${name}" is none.`, name);
  return leaf.operator;
}

function checkUnordered(leaf: Comparison, name: string): void {
  if (['gt', 'ge', 'lt', 'le'].includes(leaf.operator))
    throw invalidFilter(`"${leaf.operator}" cannot be used on the binary value "${name}".`, name);
}

/** Entra and SailPoint quote booleans, with a capital letter. */
function readBoolean(literal: Literal, name: string): boolean {
  const text = literal.text.toLowerCase();
  if (text !== 'true' && text !== 'false')
    throw invalidFilter(`"${name}" is a boolean: compare it with true or false.`, name);
  return text === 'true';
}

function readNumber(literal: Literal, name: string): number {
  const value = /^-?\d/.test(literal.text) ? Number(literal.text) : Number.NaN;
  if (!Number.isFinite(value)) throw invalidFilter(`"${name}" is a number: compare it with a number.`, name);
  return value;
}

function readInstant(literal: Literal, name: string): Instant {
  const value = parseInstant(literal.text);
  if (value === undefined)
    throw invalidFilter(`"${name}" is a date: compare it with text like "2024-05-01T10:11:12Z".`, name);
  return value;
}
