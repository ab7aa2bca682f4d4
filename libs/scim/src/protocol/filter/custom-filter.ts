import { foldKey, getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidFilter } from '../errors.js';
import type { AttributeName } from '../schema/split-name.js';
import type { AttributePath, Filter, Literal } from './ast.js';
import { foldCustom } from './fold-resource.js';
import { isPresent, passes } from './passes.js';
import { isNullTest, type Test } from './read-test.js';
import { testSql, type AddParameter } from './sql-test.js';

/*
 * Filters on extensions that no schema describes. What a value is shows when it is looked at: a number is compared as
 * a number, text without regard to case (the default of RFC 7643 2.2), an object by its part `value`.
 */

/** A condition on one value of a custom attribute. */
export type CustomCondition =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly CustomCondition[] }
  | { readonly kind: 'not'; readonly operand: CustomCondition }
  /** True when one of the tests is. Names are folded. */
  | { readonly kind: 'test'; readonly part?: string; readonly tests: readonly Test[] };

/** Some value of the attribute meets the condition; names are folded. */
export interface CustomFilter {
  readonly kind: 'custom';
  readonly extension: string;
  readonly attribute: string;
  readonly condition: CustomCondition;
  /** No value meets it instead (`ne`, `eq null`). */
  readonly negated: boolean;
}

type Leaf = Extract<Filter, { kind: 'present' | 'compare' }>;
type Named = AttributePath & { readonly schema: string };

/** A comparison of an attribute of an undescribed extension. */
export function bindCustomLeaf(leaf: Leaf, path: Named): CustomFilter {
  const part = path.subAttribute === undefined ? {} : { part: foldKey(path.subAttribute) };
  const negated = leaf.kind === 'compare' && (leaf.operator === 'ne') !== isNullTest(leaf);
  return filterOn(path, { kind: 'test', ...part, tests: testsOf(leaf) }, negated);
}

/** `urn:…:attribute[…]` on an undescribed extension. */
export function bindCustomPath(filter: Filter, path: Named): CustomFilter {
  return filterOn(path, conditionOf(filter), false);
}

function filterOn(path: Named, condition: CustomCondition, negated: boolean): CustomFilter {
  const names = { extension: foldKey(path.schema), attribute: foldKey(path.attribute) };
  return { kind: 'custom', ...names, condition, negated };
}

function conditionOf(filter: Filter): CustomCondition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, operands: filter.operands.map(conditionOf) };
    case 'not':
      return { kind: 'not', operand: conditionOf(filter.operand) };
    case 'valuePath':
      throw invalidFilter('A value path cannot stand inside another one.', filter.path.attribute);
    case 'present':
    case 'compare': {
      const test = { kind: 'test', part: foldKey(filter.path.attribute), tests: testsOf(filter) } as const;
      const negated = filter.kind === 'compare' && (filter.operator === 'ne') !== isNullTest(filter);
      return negated ? { kind: 'not', operand: test } : test;
    }
  }
}

/** `ne` gets the tests of `eq`: the negation stands around them. */
function testsOf(leaf: Leaf): Test[] {
  if (leaf.kind === 'present' || isNullTest(leaf)) return [{ kind: 'present' }];
  const operator = leaf.operator === 'ne' ? 'eq' : leaf.operator;
  const text: Test = { kind: 'text', operator, value: foldKey(leaf.literal.text), fold: true };
  if (operator === 'co' || operator === 'sw' || operator === 'ew') return [text];
  const number = numberOf(leaf.literal);
  const numbers: Test[] = number === undefined ? [] : [{ kind: 'number', operator, value: number }];
  return [text, ...numbers, ...(operator === 'eq' ? booleanTests(leaf.literal.text.toLowerCase()) : [])];
}

function booleanTests(word: string): Test[] {
  const isBoolean = word === 'true' || word === 'false';
  return isBoolean ? [{ kind: 'boolean', operator: 'eq', value: word === 'true' }] : [];
}

function numberOf({ kind, text }: Literal): number | undefined {
  const value = kind === 'word' && /^-?\d/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The answer for a resource as clients see it. */
export function matchesCustom(filter: CustomFilter, resource: JsonObject): boolean {
  const extension = ownValue(foldCustom(resource), filter.extension);
  const value = ownValue(extension, filter.attribute) ?? null;
  const values = Array.isArray(value) ? value : value === null ? [] : [value];
  return values.some((each) => meets(filter.condition, each)) !== filter.negated;
}

function meets(condition: CustomCondition, value: JsonValue): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.operands.every((operand) => meets(operand, value));
    case 'or':
      return condition.operands.some((operand) => meets(operand, value));
    case 'not':
      return !meets(condition.operand, value);
    case 'test':
      return condition.tests.some((test) =>
        test.kind === 'present' && condition.part === undefined
          ? isPresent(value)
          : passes(test, comparedValue(value, condition.part)),
      );
  }
}

function comparedValue(value: JsonValue, part = 'value'): JsonValue | undefined {
  if (isJsonObject(value)) return ownValue(value, part);
  return part === 'value' ? value : undefined;
}

function ownValue(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? getOwn(value, key) : undefined;
}

/** The same as SQL; every name and value is a parameter, because none of them is ours. */
export function customSql(filter: CustomFilter, alias: 'u' | 'g', add: AddParameter): string {
  const rows = rowsOf(`${alias}.folded -> ${add(filter.extension)}::text -> ${add(filter.attribute)}::text`);
  const exists = `EXISTS (SELECT 1 FROM ${rows} WHERE c.value IS NOT NULL AND ${conditionSql(filter.condition, add)})`;
  return filter.negated ? `(NOT ${exists})` : exists;
}

/** The values of an attribute in their order: the elements of a list, or its only value. */
function rowsOf(attribute: string): string {
  const list =
    `CASE jsonb_typeof(c.value) WHEN 'array' THEN c.value WHEN 'null' THEN '[]'::jsonb ` +
    `ELSE jsonb_build_array(c.value) END`;
  return `(SELECT ${attribute} AS value) c, jsonb_array_elements(${list}) WITH ORDINALITY AS e(value, place)`;
}

/**
 * What a custom attribute is sorted by: the primary element, else the first, by its part or `value`. The order of
 * jsonb: texts, then numbers, then booleans; NULL for what is none of them.
 */
export function customSortKey(name: AttributeName, alias: 'u' | 'g', add: AddParameter): string {
  const [extension, attribute] = [add(foldKey(name.schema ?? '')), add(foldKey(name.attribute ?? ''))];
  const key = partSql(name.subAttribute === undefined ? undefined : foldKey(name.subAttribute), add);
  return (
    `(SELECT CASE WHEN jsonb_typeof(${key}) IN ('string', 'number', 'boolean') THEN ${key} END ` +
    `FROM ${rowsOf(`${alias}.folded -> ${extension}::text -> ${attribute}::text`)} ` +
    `ORDER BY (e.value -> 'primary') IS NOT DISTINCT FROM 'true'::jsonb DESC, e.place LIMIT 1)`
  );
}

function conditionSql(condition: CustomCondition, add: AddParameter): string {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const operands = condition.operands.map((operand) => conditionSql(operand, add));
      return `(${operands.join(condition.kind === 'and' ? ' AND ' : ' OR ')})`;
    }
    case 'not':
      return `(NOT ${conditionSql(condition.operand, add)})`;
    case 'test':
      return `(${condition.tests.map((test) => customTestSql(test, condition.part, add)).join(' OR ')})`;
  }
}

function customTestSql(test: Test, part: string | undefined, add: AddParameter): string {
  if (test.kind === 'present' && part === undefined)
    return testSql(test, { kind: 'json', text: 'e.value' }, add);
  return testSql(test, { kind: 'json', text: partSql(part, add) }, add);
}

function partSql(part: string | undefined, add: AddParameter): string {
  const inObject = `e.value -> ${add(part ?? 'value')}::text`;
  const whole = part === undefined || part === 'value' ? 'e.value' : 'NULL::jsonb';
  return `(CASE jsonb_typeof(e.value) WHEN 'object' THEN ${inObject} ELSE ${whole} END)`;
}
