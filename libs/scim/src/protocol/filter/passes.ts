import { foldKey, type JsonValue } from '#kernel';
import { ownIdIn } from '../reference.js';
import { parseInstant, type Instant } from './instant.js';
import type { Test } from './read-test.js';

/**
 * Answers one test for one stored value (RFC 7644 3.4.2.2). A value of the wrong type counts as absent; `ne` is also
 * true for what is absent (the RFC is silent, and "not x" includes having nothing).
 */
export function passes(test: Test, value: JsonValue | undefined): boolean {
  switch (test.kind) {
    case 'present':
      return isPresent(value);
    case 'absent':
      return !isPresent(value);
    case 'text':
      if (typeof value !== 'string') return test.operator === 'ne';
      return textPasses(test, test.fold ? foldKey(value) : value);
    case 'address':
      return (ownIdIn(value) === test.id) === (test.operator === 'eq');
    case 'boolean':
      return (value === test.value) === (test.operator === 'eq');
    case 'number':
      if (typeof value !== 'number') return test.operator === 'ne';
      return orderPasses(test.operator, value - test.value);
    case 'instant':
      return instantPasses(test, typeof value === 'string' ? parseInstant(value) : undefined);
  }
}

/** Neither null nor empty: the condition of `pr`. */
export function isPresent(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Order by code points, as PostgreSQL's collation "C" has it; JavaScript compares UTF-16 units. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = rank(left.charCodeAt(index)) - rank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above U+FFFF, so they sort behind U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function textPasses(test: Extract<Test, { kind: 'text' }>, value: string): boolean {
  switch (test.operator) {
    case 'co':
      return value.includes(test.value);
    case 'sw':
      return value.startsWith(test.value);
    case 'ew':
      return value.endsWith(test.value);
    default:
      return orderPasses(test.operator, compareText(value, test.value));
  }
}

function orderPasses(operator: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le', difference: number): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0;
    case 'ne':
      return difference !== 0;
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    case 'le':
      return difference <= 0;
  }
}

function instantPasses(test: Extract<Test, { kind: 'instant' }>, value: Instant | undefined): boolean {
  if (value === undefined) return test.operator === 'ne';
  const difference = value.millis - test.value.millis;
  // Stored times have milliseconds. A finer limit lies just behind its millisecond.
  return orderPasses(test.operator, difference === 0 && !test.value.exact ? -1 : difference);
}
