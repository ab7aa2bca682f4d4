import type { AttributePath, Filter, Literal } from './ast.js';

/** Text of a filter in the notation of RFC 7644 3.4.2.2; parsing it gives the same tree. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.operands.map(printOperand).join(` ${filter.kind} `);
    case 'not':
      return `not (${printFilter(filter.operand)})`;
    case 'present':
      return `${printPath(filter.path)} pr`;
    case 'compare':
      return `${printPath(filter.path)} ${filter.operator} ${printLiteral(filter.literal)}`;
    case 'valuePath':
      return `${printPath(filter.path)}[${printFilter(filter.filter)}]`;
  }
}

function printOperand(filter: Filter): string {
  const text = printFilter(filter);
  return filter.kind === 'and' || filter.kind === 'or' ? `(${text})` : text;
}

function printPath(path: AttributePath): string {
  const schema = path.schema === undefined ? '' : `${path.schema}:`;
  const sub = path.subAttribute === undefined ? '' : `.${path.subAttribute}`;
  return `${schema}${path.attribute}${sub}`;
}

function printLiteral(literal: Literal): string {
  return literal.kind === 'string' ? JSON.stringify(literal.text) : literal.text;
}
