import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { ResourceTypeName } from '../schema/definitions.js';
import type { ResolvedAttribute } from '../schema/resolve-attribute.js';
import type { Filter } from './ast.js';
import { bindFilter, type BoundFilter, type ElementFilter } from './bind.js';
import { matchesCustom } from './custom-filter.js';
import { isPresent, passes } from './passes.js';

/** How a filter is evaluated. */
export interface EvaluateOptions {
  /** What a filter on an unknown attribute does; `empty` when not given. */
  readonly unknownAttribute?: 'empty' | 'reject';
}

/**
 * True when the resource, in the form that clients see, matches (RFC 7644 3.4.2.2). Gives the same answer as the SQL
 * that `filterToSql` makes.
 */
export function matchesFilter(
  filter: Filter,
  target: { readonly type: ResourceTypeName; readonly resource: JsonObject },
  options: EvaluateOptions = {},
): boolean {
  const bound = bindFilter(filter, { type: target.type, unknown: options.unknownAttribute ?? 'empty' });
  return evaluate(bound, target.resource) === true;
}

/** True when one element of an attribute matches the filter of a value path. */
export function matchesElement(filter: ElementFilter, element: JsonValue): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.operands.every((operand) => matchesElement(operand, element));
    case 'or':
      return filter.operands.some((operand) => matchesElement(operand, element));
    case 'not':
      return !matchesElement(filter.operand, element);
    case 'test':
      return testElement(filter, element);
  }
}

/** Three-valued logic like SQL: undefined is neither true nor false. */
function evaluate(filter: BoundFilter, resource: JsonObject): boolean | undefined {
  switch (filter.kind) {
    case 'and':
      return every(filter.operands.map((operand) => evaluate(operand, resource)));
    case 'or':
      return negate(every(filter.operands.map((operand) => negate(evaluate(operand, resource)))));
    case 'not':
      return negate(evaluate(filter.operand, resource));
    case 'unknown':
      return undefined;
    case 'custom':
      return matchesCustom(filter, resource);
    case 'value':
      return passes(filter.test, valueOf(filter.target, resource));
    case 'elements': {
      const elements = elementsOf(filter.target, resource);
      if (elements.length === 0) return filter.orNone;
      return matchesElements(filter, elements);
    }
  }
}

type ElementsFilter = Extract<BoundFilter, { kind: 'elements' }>;

/** `emails eq null` asks that no element has a value; everything else that some element matches. */
function matchesElements({ filter, orNone }: ElementsFilter, elements: readonly JsonValue[]): boolean {
  if (orNone && filter.kind === 'test' && filter.test.kind === 'absent')
    return elements.every((element) => matchesElement(filter, element));
  return elements.some((element) => matchesElement(filter, element));
}

function testElement(filter: Extract<ElementFilter, { kind: 'test' }>, element: JsonValue): boolean {
  const { sub, test } = filter;
  if (sub !== undefined) return passes(test, isJsonObject(element) ? ownValue(element, sub.name) : undefined);
  if (!isJsonObject(element)) return passes(test, element);
  const present = Object.values(element).some(isPresent);
  return test.kind === 'absent' ? !present : present;
}

function valueOf(target: ResolvedAttribute, resource: JsonObject): JsonValue | undefined {
  const value = storedValue(target, resource);
  // A user without the attribute is active (RFC 7643 4.1.1 leaves the meaning to us).
  return value === undefined && target.attribute.name === 'active' ? true : value;
}

/** Custom data may have any shape; a wrong one has no elements. */
function elementsOf(target: ResolvedAttribute, resource: JsonObject): readonly JsonValue[] {
  const value = storedValue(target, resource);
  const elements = target.attribute.multiValued ? value : [value ?? null];
  if (!Array.isArray(elements)) return [];
  return target.attribute.type === 'complex' ? elements.filter(isJsonObject) : elements;
}

function storedValue(target: ResolvedAttribute, resource: JsonObject): JsonValue | undefined {
  const holder = target.extension === undefined ? resource : ownValue(resource, target.extension);
  return isJsonObject(holder) ? ownValue(holder, target.attribute.name) : undefined;
}

function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return getOwn(object, key);
}

function every(values: readonly (boolean | undefined)[]): boolean | undefined {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

function negate(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
