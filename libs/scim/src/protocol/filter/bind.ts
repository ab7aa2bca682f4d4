import { invalidFilter } from '../errors.js';
import { attribute } from '../schema/define.js';
import type { AttributeDefinition, ResourceTypeName } from '../schema/definitions.js';
import { resolveName, withAlias, type ResolvedAttribute } from '../schema/resolve-attribute.js';
import { findSchema, subAttributeOf } from '../schema/resource-types.js';
import type { AttributePath, Filter } from './ast.js';
import { bindCustomLeaf, bindCustomPath, type CustomFilter } from './custom-filter.js';
import { isNullTest, readTest, type Test } from './read-test.js';

/** What an unknown attribute means: nothing matches, 400, or custom text (PATCH on custom sub-attributes). */
export type UnknownAttribute = 'empty' | 'reject' | 'text';

/** A condition on one element of a complex or multi-valued attribute. */
export type ElementFilter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly ElementFilter[] }
  | { readonly kind: 'not'; readonly operand: ElementFilter }
  /** Without `sub` the test is about the element itself. */
  | { readonly kind: 'test'; readonly sub?: AttributeDefinition; readonly test: Test };

/** A filter whose names are resolved and whose values have the type of their attribute. */
export type BoundFilter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly BoundFilter[] }
  | { readonly kind: 'not'; readonly operand: BoundFilter }
  /** Neither true nor false: also the negation of a condition on an unknown attribute must not select everybody. */
  | { readonly kind: 'unknown' }
  | CustomFilter
  | { readonly kind: 'value'; readonly target: ResolvedAttribute; readonly test: Test }
  | {
      readonly kind: 'elements';
      readonly target: ResolvedAttribute;
      readonly filter: ElementFilter;
      /** True also when there is no element (`ne`). */
      readonly orNone: boolean;
    };

interface Binder {
  readonly type: ResourceTypeName;
  readonly unknown: UnknownAttribute;
}

/**
 * Resolves a filter against the schemas of a resource type (RFC 7644 3.4.2.2).
 * @throws ScimError `invalidFilter` when an operator does not fit its attribute
 */
export function bindFilter(filter: Filter, binder: Binder): BoundFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, operands: filter.operands.map((operand) => bindFilter(operand, binder)) };
    case 'not':
      return { kind: 'not', operand: bindFilter(filter.operand, binder) };
    case 'valuePath':
      return bindValuePath(filter, binder);
    case 'present':
    case 'compare':
      return bindLeaf(filter, binder);
  }
}

/** Resolves the filter of a value path against the parts of one attribute; undefined when a part is unknown. */
export function bindElementFilter(
  filter: Filter,
  parent: AttributeDefinition,
  unknown: UnknownAttribute,
): ElementFilter | undefined {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const operands = filter.operands.map((operand) => bindElementFilter(operand, parent, unknown));
      return operands.every((operand) => operand !== undefined) ? { kind: filter.kind, operands } : undefined;
    }
    case 'not': {
      const operand = bindElementFilter(filter.operand, parent, unknown);
      return operand === undefined ? undefined : { kind: 'not', operand };
    }
    case 'valuePath':
      throw invalidFilter('A value path cannot stand inside another one.', parent.name);
    case 'present':
    case 'compare':
      return bindElementLeaf(filter, parent, unknown);
  }
}

type Leaf = Extract<Filter, { kind: 'present' | 'compare' }>;

function bindElementLeaf(
  leaf: Leaf,
  parent: AttributeDefinition,
  unknown: UnknownAttribute,
): ElementFilter | undefined {
  const { attribute: name, subAttribute, schema } = leaf.path;
  if (subAttribute !== undefined || schema !== undefined)
    throw invalidFilter(
      `Inside the brackets of "${parent.name}" name a part alone, e.g. "value".`,
      parent.name,
    );
  // The elements of a simple attribute have no parts; `value` is then the element itself.
  if (parent.subAttributes === undefined && name.toLowerCase() === 'value')
    return { kind: 'test', test: readTest(leaf, parent, parent.name) };
  const sub = subAttributeOf(parent, name);
  if (sub === undefined && unknown !== 'text') return refuseUnknown(`${parent.name}[${name}]`, unknown);
  checkFilterable(parent);
  const definition = sub ?? attribute(name, 'Custom data.');
  return { kind: 'test', sub: definition, test: readTest(leaf, definition, `${parent.name}.${name}`) };
}

function bindValuePath(filter: Extract<Filter, { kind: 'valuePath' }>, binder: Binder): BoundFilter {
  if (isCustom(filter.path)) return bindCustomPath(filter.filter, filter.path);
  const target = resolve(filter.path, binder);
  if (target === undefined) return { kind: 'unknown' };
  const { attribute: parent } = target;
  if (parent.name === 'meta' || (parent.subAttributes === undefined && !parent.multiValued))
    throw invalidFilter(`"${parent.name}" has no elements to choose from with brackets.`, parent.name);
  const element = bindElementFilter(filter.filter, parent, binder.unknown);
  if (element === undefined) return { kind: 'unknown' };
  return { kind: 'elements', target, filter: element, orNone: false };
}

function bindLeaf(leaf: Leaf, binder: Binder): BoundFilter {
  if (isCustom(leaf.path)) return bindCustomLeaf(leaf, leaf.path);
  const target = resolve(leaf.path, binder);
  if (target === undefined) return { kind: 'unknown' };
  const { attribute: parent } = target;
  const sub = target.subAttribute ?? comparedPart(leaf, parent);
  checkFilterable(parent);
  const name = sub === undefined ? parent.name : `${parent.name}.${sub.name}`;
  const test = readTest(leaf, sub ?? parent, name);
  if (parent.subAttributes === undefined && !parent.multiValued) return { kind: 'value', target, test };
  const orNone = test.kind === 'absent' || ('operator' in test && test.operator === 'ne');
  return { kind: 'elements', target, filter: { kind: 'test', sub, test }, orNone };
}

/** True for attributes of extensions that no schema describes: they are stored, so they can be searched. */
function isCustom(path: AttributePath): path is AttributePath & { readonly schema: string } {
  return path.schema !== undefined && findSchema(path.schema) === undefined;
}

/** `emails co "x"` and `manager eq "x"` mean the part `value` (RFC 7644 3.4.2.2; Entra relies on the second). */
function comparedPart(leaf: Leaf, parent: AttributeDefinition): AttributeDefinition | undefined {
  if (parent.subAttributes === undefined || isNullTest(leaf)) return undefined;
  const value = subAttributeOf(parent, 'value');
  if (value === undefined)
    throw invalidFilter(`"${parent.name}" is complex: compare one of its parts instead.`, parent.name);
  return value;
}

function resolve(path: AttributePath, binder: Binder): ResolvedAttribute | undefined {
  const found = resolveName(binder.type, withAlias(binder.type, path));
  if (found !== undefined) return found;
  return refuseUnknown([path.attribute, path.subAttribute].filter(Boolean).join('.'), binder.unknown);
}

function refuseUnknown(name: string, unknown: UnknownAttribute): undefined {
  if (unknown === 'reject') throw invalidFilter(`The filter names the unknown attribute "${name}".`, name);
  return undefined;
}

/** What is never disclosed cannot be searched. */
function checkFilterable(parent: AttributeDefinition): void {
  if (parent.returned === 'never')
    throw invalidFilter(`"${parent.name}" cannot be used in a filter.`, parent.name);
}
