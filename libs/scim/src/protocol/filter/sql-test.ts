import { invalidFilter } from '../errors.js';
import type { CompareOperator } from './ast.js';
import type { Instant } from './instant.js';
import type { Test } from './read-test.js';

/** Adds a parameter and returns its placeholder. */
export type AddParameter = (value: unknown) => string;

/** What a test is made on: a column or a jsonb expression (which is NULL when the value is absent). */
export type Operand =
  | { readonly kind: 'text'; readonly text: string; readonly nullable: boolean }
  | { readonly kind: 'boolean' | 'time' | 'json'; readonly text: string };

const EMPTY_JSON = `('null'::jsonb, '""'::jsonb, '[]'::jsonb, '{}'::jsonb)`;
const SYMBOLS = { eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/** SQL of one test; the same answers as `passes` gives in memory, and never NULL. */
export function testSql(test: Test, operand: Operand, add: AddParameter): string {
  switch (test.kind) {
    case 'present':
      return presentSql(operand);
    case 'absent':
      return `(NOT ${presentSql(operand)})`;
    case 'text':
      return textSql(test, operand, add);
    case 'address':
      return textSql({ kind: 'text', operator: test.operator, value: test.id, fold: false }, operand, add);
    case 'boolean':
      return booleanSql(test, operand);
    case 'number':
      return numberSql(test, operand, add);
    case 'instant':
      return instantSql(test, operand, add);
  }
}

/** A complex value is present when one of its parts is. */
export function objectPresentSql(json: string): string {
  return (
    `EXISTS (SELECT 1 FROM jsonb_each(CASE WHEN jsonb_typeof(${json}) = 'object' THEN ${json} ` +
    `ELSE '{}'::jsonb END) part WHERE part.value NOT IN ${EMPTY_JSON})`
  );
}

function presentSql(operand: Operand): string {
  if (operand.kind === 'json') return `COALESCE(${operand.text} NOT IN ${EMPTY_JSON}, FALSE)`;
  if (operand.kind === 'text') return `COALESCE(${operand.text} <> '', FALSE)`;
  return `(${operand.text} IS NOT NULL)`;
}

function textSql(test: Extract<Test, { kind: 'text' }>, operand: Operand, add: AddParameter): string {
  const nullable = operand.kind === 'json' || (operand.kind === 'text' && operand.nullable);
  const text = operand.kind === 'json' ? stringIn(operand.text) : operand.text;
  if (test.operator === 'ne') return `(${text} IS DISTINCT FROM ${add(test.value)}::text)`;
  if (test.operator === 'sw' && operand.kind === 'text') return prefixSql(operand, test.value, add);
  const condition = compareSql(text, test.operator, `${add(test.value)}::text`);
  if (!nullable) return condition;
  // A column stays bare in its condition, so that an index on it can be used.
  if (operand.kind === 'text') return `(${text} IS NOT NULL AND ${condition})`;
  return `COALESCE(${condition}, FALSE)`;
}

/** Neither LIKE nor regular expressions: no character of the value may have a meaning. */
function compareSql(text: string, operator: Exclude<CompareOperator, 'ne'>, value: string): string {
  switch (operator) {
    case 'eq':
      return `${text} = ${value}`;
    case 'co':
      return `strpos(${text}, ${value}) > 0`;
    case 'sw':
      return `starts_with(${text}, ${value})`;
    case 'ew':
      return `right(${text}, length(${value})) = ${value}`;
    default:
      return `${text} COLLATE "C" ${SYMBOLS[operator]} ${value}`;
  }
}

/** "Starts with" as a range, which an index in the order of code points can answer. */
function prefixSql(operand: Extract<Operand, { kind: 'text' }>, prefix: string, add: AddParameter): string {
  const { text, nullable } = operand;
  const end = afterPrefix(prefix);
  const conditions = [
    ...(nullable ? [`${text} IS NOT NULL`] : []),
    `${text} COLLATE "C" >= ${add(prefix)}::text`,
    ...(end === undefined ? [] : [`${text} COLLATE "C" < ${add(end)}::text`]),
  ];
  return `(${conditions.join(' AND ')})`;
}

/** The smallest text behind every text with this prefix; undefined when there is none. */
function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (char) => char.codePointAt(0) as number);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return String.fromCodePoint(...points, next);
}

function stringIn(json: string): string {
  return `(CASE WHEN jsonb_typeof(${json}) = 'string' THEN ${json} #>> '{}' END)`;
}

function booleanSql(test: Extract<Test, { kind: 'boolean' }>, operand: Operand): string {
  const value = operand.kind === 'json' ? `'${test.value}'::jsonb` : String(test.value).toUpperCase();
  return test.operator === 'eq'
    ? `(${operand.text} IS NOT DISTINCT FROM ${value})`
    : `(${operand.text} IS DISTINCT FROM ${value})`;
}

function numberSql(test: Extract<Test, { kind: 'number' }>, operand: Operand, add: AddParameter): string {
  const value = `to_jsonb(${add(test.value)}::numeric)`;
  if (test.operator === 'ne') return `(${operand.text} IS DISTINCT FROM ${value})`;
  const condition = `jsonb_typeof(${operand.text}) = 'number' AND ${operand.text} ${SYMBOLS[test.operator]} ${value}`;
  return `COALESCE(${condition}, FALSE)`;
}

/** The columns hold milliseconds. A finer limit lies just behind its millisecond. */
function instantSql(test: Extract<Test, { kind: 'instant' }>, operand: Operand, add: AddParameter): string {
  if (operand.kind !== 'time') throw invalidFilter('Dates can be compared in "meta" only.');
  const { operator, value } = test;
  if (value.exact) return `(${operand.text} ${SYMBOLS[operator]} ${add(timestamp(value))}::timestamptz)`;
  if (operator === 'eq' || operator === 'ne') return operator === 'eq' ? 'FALSE' : 'TRUE';
  const symbol = operator === 'gt' || operator === 'ge' ? '>' : '<=';
  return `(${operand.text} ${symbol} ${add(timestamp(value))}::timestamptz)`;
}

/** PostgreSQL reads years 1 to 9999 of ISO 8601; an offset can lead out of them. */
function timestamp({ millis }: Instant): string {
  const text = new Date(millis).toISOString();
  if (text.startsWith('+')) return 'infinity';
  return text.startsWith('-') || text.startsWith('0000') ? '-infinity' : text;
}
