import { ID_PREFIX } from '../reference.js';
import type { ResourceTypeName } from '../schema/definitions.js';
import type { ResolvedAttribute } from '../schema/resolve-attribute.js';
import type { Filter } from './ast.js';
import { bindFilter, type BoundFilter, type ElementFilter } from './bind.js';
import { containment } from './containment.js';
import { customSql } from './custom-filter.js';
import { columnOf, rowsOf, type ElementRows } from './sql-columns.js';
import { objectPresentSql, testSql, type AddParameter, type Operand } from './sql-test.js';
import { jsonPath, quote, type SqlCondition } from './sql-text.js';

/** How a filter becomes SQL. */
export interface FilterToSqlOptions {
  /** Number of the first placeholder, e.g. 4 for `$4`. */
  readonly firstParameter: number;
  /** What a filter on an unknown attribute does; `empty` when not given. */
  readonly unknownAttribute?: 'empty' | 'reject';
}

interface Context {
  readonly target: ResourceTypeName;
  readonly add: AddParameter;
}

/**
 * SQL condition for a filter (RFC 7644 3.4.2.2): users have the alias `u`, groups `g`. Every value is a parameter;
 * the text holds only names that come from our schemas. Conditions are true or false, never NULL, except those on
 * unknown attributes, so that negating them does not select everybody.
 */
export function filterToSql(
  filter: Filter,
  target: ResourceTypeName,
  options: FilterToSqlOptions,
): SqlCondition {
  const values: unknown[] = [];
  const add: AddParameter = (value) => {
    values.push(value);
    return `$${options.firstParameter + values.length - 1}`;
  };
  const bound = bindFilter(filter, { type: target, unknown: options.unknownAttribute ?? 'empty' });
  const text = toSql(bound, { target, add });
  const userNameKey = userNameOf(bound);
  return userNameKey === undefined ? { text, values } : { text, values, userNameKey };
}

/** What every IdP asks before it creates somebody: `userName eq "…"`. */
function userNameOf(bound: BoundFilter): string | undefined {
  if (bound.kind !== 'value') return undefined;
  const { target, test } = bound;
  const isUserName = target.extension === undefined && target.attribute.name === 'userName';
  return isUserName && test.kind === 'text' && test.operator === 'eq' ? test.value : undefined;
}

function toSql(filter: BoundFilter, context: Context): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return join(
        filter.kind,
        filter.operands.map((operand) => toSql(operand, context)),
      );
    case 'not':
      return `(NOT ${toSql(filter.operand, context)})`;
    case 'unknown':
      return 'NULL::boolean';
    case 'custom':
      return customSql(filter, context.target === 'User' ? 'u' : 'g', context.add);
    case 'value':
      return valueSql(filter, context);
    case 'elements':
      return elementsSql(filter, context);
  }
}

function valueSql(filter: Extract<BoundFilter, { kind: 'value' }>, context: Context): string {
  const { target, test } = filter;
  const column = columnOf(context.target, target.attribute.name);
  if (column !== undefined) return testSql(test, column, context.add);
  const document = containment(target, { kind: 'test', test });
  if (document !== undefined) return containsSql(document, context);
  const operand: Operand = { kind: 'json', text: jsonPath(context.target, target) };
  return testSql(test, operand, context.add);
}

function elementsSql(filter: Extract<BoundFilter, { kind: 'elements' }>, context: Context): string {
  const { target, orNone } = filter;
  if (target.attribute.name === 'meta') return metaSql(filter, context);
  const special = rowsOf(context.target, target.attribute.name);
  if (special === undefined) {
    const document = containment(target, filter.filter);
    if (document !== undefined) return containsSql(document, context);
  }
  const sources = special ?? [jsonRows(filter, context)];
  if (orNone && filter.filter.kind === 'test' && filter.filter.test.kind === 'absent') {
    const present: ElementFilter = { ...filter.filter, test: { kind: 'present' } };
    return `(NOT ${existsSql(sources, present, context)})`;
  }
  const some = existsSql(sources, filter.filter, context);
  return orNone ? `(NOT ${existsSql(sources, undefined, context)} OR ${some})` : some;
}

/** `meta` is made of columns; value paths on it are refused earlier, so there is one test on one part. */
function metaSql(filter: Extract<BoundFilter, { kind: 'elements' }>, context: Context): string {
  const leaf = filter.filter;
  const part = leaf.kind === 'test' ? leaf.sub?.name : undefined;
  if (leaf.kind !== 'test') return 'NULL::boolean';
  if (part === undefined) return leaf.test.kind === 'absent' ? 'FALSE' : 'TRUE';
  const column = columnOf(context.target, `meta.${part}`);
  return column === undefined ? 'NULL::boolean' : testSql(leaf.test, column, context.add);
}

/** Only eq-conditions: one containment, which a GIN index on the document can answer. */
function containsSql(document: unknown, context: Context): string {
  const alias = context.target === 'User' ? 'u' : 'g';
  return `${alias}.folded @> ${context.add(JSON.stringify(document))}::jsonb`;
}

/** Elements of an attribute in the document. Custom data may have any shape; a wrong one has no elements. */
function jsonRows(filter: Extract<BoundFilter, { kind: 'elements' }>, context: Context): ElementRows {
  const path = jsonPath(context.target, filter.target);
  const list = `CASE WHEN jsonb_typeof(${path}) = 'array' THEN ${path} ELSE '[]'::jsonb END`;
  const { multiValued, type } = filter.target.attribute;
  return {
    from: multiValued ? `jsonb_array_elements(${list}) AS e(value)` : `(SELECT ${path} AS value) e`,
    where: type === 'complex' ? `COALESCE(jsonb_typeof(e.value) = 'object', FALSE)` : 'TRUE',
    value: { kind: 'json', text: 'e.value' },
    ...(type === 'complex' && !multiValued ? { parts: { $ref: addressedId(filter.target, context) } } : {}),
  };
}

/** The id of the user that a value names: as sent, because ids are case-exact; other values have no address. */
function addressedId({ extension, attribute }: ResolvedAttribute, { target }: Context): Operand {
  const holder = `${target === 'User' ? 'u' : 'g'}.raw${extension === undefined ? '' : ` -> ${quote(extension)}`}`;
  const value = `(${holder} -> ${quote(attribute.name)} ->> 'value')`;
  return {
    kind: 'text',
    text: `(CASE WHEN starts_with(${value}, ${quote(ID_PREFIX.User)}) THEN ${value} END)`,
    nullable: true,
  };
}

function existsSql(
  sources: readonly ElementRows[],
  filter: ElementFilter | undefined,
  context: Context,
): string {
  const parts = sources.map((rows) => {
    const condition = filter === undefined ? 'TRUE' : elementSql(filter, rows, context);
    return `EXISTS (SELECT 1 FROM ${rows.from} WHERE ${rows.where} AND ${condition})`;
  });
  return join('or', parts);
}

function elementSql(filter: ElementFilter, rows: ElementRows, context: Context): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return join(
        filter.kind,
        filter.operands.map((operand) => elementSql(operand, rows, context)),
      );
    case 'not':
      return `(NOT ${elementSql(filter.operand, rows, context)})`;
    case 'test':
      return elementTestSql(filter, rows, context);
  }
}

function elementTestSql(
  filter: Extract<ElementFilter, { kind: 'test' }>,
  rows: ElementRows,
  context: Context,
): string {
  const { sub, test } = filter;
  const { value: element, parts } = rows;
  const part = parts?.[sub?.name ?? ''];
  if (part !== undefined || element.kind !== 'json') return testSql(test, part ?? element, context.add);
  if (sub !== undefined)
    return testSql(test, { kind: 'json', text: `(${element.text} -> '${sub.name}')` }, context.add);
  const present = objectPresentSql(element.text);
  return test.kind === 'absent' ? `(NOT ${present})` : present;
}

function join(kind: 'and' | 'or', conditions: readonly string[]): string {
  if (conditions.length === 1) return conditions[0] as string;
  return `(${conditions.join(kind === 'and' ? ' AND ' : ' OR ')})`;
}
