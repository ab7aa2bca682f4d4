import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { settleElements } from '../elements.js';
import { noTarget } from '../errors.js';
import type { Filter } from '../filter/ast.js';
import { matchesElement } from '../filter/evaluate.js';
import { printFilter } from '../filter/print.js';
import { readTest } from '../filter/read-test.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { subAttributeOf } from '../schema/resource-types.js';
import type { Tolerance } from '../tolerance.js';
import type { AttributeTarget } from './resolve-target.js';

/** One change of one attribute: what it is about, the value sent, and the tolerance. */
export interface Change {
  readonly target: AttributeTarget;
  readonly value?: JsonValue;
  readonly tolerance: Tolerance;
}

/** Elements of the attribute; a complex single value is its only element. */
export function elementsOf(definition: AttributeDefinition, current: JsonValue | undefined): JsonValue[] {
  if (definition.multiValued) return Array.isArray(current) ? current : [];
  return isJsonObject(current) ? [current] : [];
}

/** The attribute after its elements changed; undefined when nothing is left. */
export function fromElements(
  definition: AttributeDefinition,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): JsonValue | undefined {
  const filled = after.filter((element) => !isJsonObject(element) || Object.keys(element).length > 0);
  return definition.multiValued ? settleElements(before, filled) : filled.at(0);
}

/** True for the elements that the path selects: all of them when it has no filter. */
export function isSelected(change: Change, element: JsonValue): boolean {
  const { selection } = change.target;
  return selection === undefined || matchesElement(selection.filter, element);
}

/**
 * The element to create when a path selects nothing. RFC 7644 3.5.2.3 asks for `noTarget` on replace; Entra relies on
 * creation, from the conditions that the path states. Only `eq` conditions state what the element should be.
 * @throws ScimError `noTarget`
 */
export function newElement(change: Change): JsonObject {
  const { selection, name } = change.target;
  const terms = statedBy(change);
  if (terms !== undefined && change.tolerance.createOnUnmatchedFilter) return terms;
  const filter = selection === undefined ? '' : ` with ${printFilter(selection.source)}`;
  throw noTarget(`"${name}" has no element${filter} to change: add the element first.`, name);
}

/** What the filter of a path says about its elements; undefined when it says more than equalities. */
export function statedBy({ target }: Change): JsonObject | undefined {
  return target.selection === undefined ? {} : equalities(target.selection.source, target.definition);
}

function equalities(filter: Filter, definition: AttributeDefinition): JsonObject | undefined {
  if (filter.kind === 'and') {
    const parts = filter.operands.map((operand) => equalities(operand, definition));
    return parts.every((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq') return undefined;
  const sub = subAttributeOf(definition, filter.path.attribute);
  if (sub === undefined) return { [filter.path.attribute]: filter.literal.text };
  const test = readTest(filter, sub, sub.name);
  if (test.kind === 'boolean' || test.kind === 'number') return { [sub.name]: test.value };
  // The text as written: the test holds it folded.
  return test.kind === 'absent' ? undefined : { [sub.name]: filter.literal.text };
}
