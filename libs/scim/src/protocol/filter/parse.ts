import { invalidFilter, type ScimError } from '../errors.js';
import { splitName } from '../schema/split-name.js';
import type { AttributePath, CompareOperator, Filter } from './ast.js';
import { Tokenizer } from './tokenize.js';

const MAX_LENGTH = 8_192;
const MAX_DEPTH = 50;
const MAX_TERMS = 100;
const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);

/** What the parser has used up; one object per filter. */
interface Parser {
  readonly tokens: Tokenizer;
  depth: number;
  terms: number;
  /** Inside `[ ]`, where a second pair is not allowed. */
  inElement: boolean;
}

/**
 * Parses the text of a `filter` parameter (RFC 7644 3.4.2.2).
 * @throws ScimError `invalidFilter` that says where the text went wrong and what was expected there
 */
export function parseFilter(text: string): Filter {
  try {
    return parseText(text);
  } catch (error) {
    const decoded = decodeAgain(text);
    if (decoded === undefined) throw error;
    return parseText(decoded);
  }
}

/** Parses what stands in the brackets of a value path, up to and with the closing bracket; `[` is already taken. */
export function parseElementFilter(tokens: Tokenizer): Filter {
  return readElementFilter({ tokens, depth: 0, terms: 0, inElement: false });
}

function parseText(text: string): Filter {
  if (text.length > MAX_LENGTH) throw refuse(`it is longer than ${MAX_LENGTH} characters`);
  const tokens = new Tokenizer(text, refuse);
  const filter = readOr({ tokens, depth: 0, terms: 0, inElement: false });
  if (!tokens.atEnd()) throw tokens.error('"and", "or" or the end');
  return filter;
}

function refuse(problem: string): ScimError {
  return invalidFilter(`The filter cannot be read: ${problem}.`, 'filter');
}

/** Some clients encode the query twice; the quotes and blanks then arrive as %22 and %20. */
function decodeAgain(text: string): string | undefined {
  if (!/%2[02]/.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function readOr(parser: Parser): Filter {
  return readChain(parser, 'or', readAnd);
}

function readAnd(parser: Parser): Filter {
  return readChain(parser, 'and', readTerm);
}

function readChain(parser: Parser, kind: 'and' | 'or', readOperand: (parser: Parser) => Filter): Filter {
  const first = readOperand(parser);
  const operands = [first];
  while (parser.tokens.takeWord(kind)) operands.push(readOperand(parser));
  return operands.length === 1 ? first : { kind, operands };
}

function readTerm(parser: Parser): Filter {
  const { tokens } = parser;
  if (tokens.takeNot()) return { kind: 'not', operand: readGroup(parser) };
  if (tokens.take('(')) return readGroup(parser);
  parser.terms += 1;
  if (parser.terms > MAX_TERMS) throw tokens.refuse(`it has more than ${MAX_TERMS} comparisons`);
  const path = readPath(tokens);
  if (tokens.take('[')) return readValuePath(parser, path);
  return readComparison(tokens, path);
}

function readGroup(parser: Parser): Filter {
  const filter = deeper(parser, readOr);
  if (!parser.tokens.take(')')) throw parser.tokens.error('"and", "or" or ")"');
  return filter;
}

function readValuePath(parser: Parser, path: AttributePath): Filter {
  if (parser.inElement) throw parser.tokens.refuse('a value path cannot stand inside another one');
  if (path.subAttribute !== undefined)
    throw parser.tokens.refuse('brackets follow an attribute, not a sub-attribute');
  const filter = readElementFilter(parser);
  const subAttribute = parser.tokens.takeSubAttribute();
  if (subAttribute === undefined) return { kind: 'valuePath', path, filter };
  // `emails[type eq "work"].value eq "x"`: both conditions are about the same element.
  const comparison = readComparison(parser.tokens, readElementPath(parser.tokens, subAttribute));
  return { kind: 'valuePath', path, filter: { kind: 'and', operands: [filter, comparison] } };
}

function readElementFilter(parser: Parser): Filter {
  parser.inElement = true;
  const filter = deeper(parser, readOr);
  parser.inElement = false;
  if (!parser.tokens.take(']')) throw parser.tokens.error('"and", "or" or "]"');
  return filter;
}

function deeper(parser: Parser, read: (parser: Parser) => Filter): Filter {
  parser.depth += 1;
  if (parser.depth > MAX_DEPTH) throw parser.tokens.refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  const filter = read(parser);
  parser.depth -= 1;
  return filter;
}

function readComparison(tokens: Tokenizer, path: AttributePath): Filter {
  const start = tokens.position;
  const operator = tokens.word().toLowerCase();
  if (operator === 'pr') return { kind: 'present', path };
  if (OPERATORS.has(operator))
    return { kind: 'compare', path, operator: operator as CompareOperator, literal: tokens.literal() };
  throw tokens.error('an operator (eq ne co sw ew pr gt ge lt le)', start);
}

function readPath(tokens: Tokenizer): AttributePath {
  const start = tokens.position;
  const name = splitName(tokens.word());
  if (name?.attribute === undefined) throw tokens.error('an attribute name', start);
  return { ...name, attribute: name.attribute };
}

function readElementPath(tokens: Tokenizer, text: string): AttributePath {
  const name = splitName(text);
  if (name?.attribute === undefined || name.subAttribute !== undefined)
    throw tokens.error('the name of a sub-attribute');
  return { attribute: name.attribute };
}
