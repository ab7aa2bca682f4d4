import { invalidPath, type ScimError } from '../errors.js';
import type { Filter } from '../filter/ast.js';
import { parseElementFilter } from '../filter/parse.js';
import { Tokenizer } from '../filter/tokenize.js';
import { splitName, type AttributeName } from '../schema/split-name.js';

/** A PATCH path taken apart (RFC 7644 3.5.2). Without `attribute` it names a whole extension. */
export interface Path extends AttributeName {
  readonly filter?: Filter;
}

const MAX_LENGTH = 8_192;

/**
 * Parses a PATCH path: `name`, `name.sub`, `name[filter]`, `name[filter].sub`, each with a schema URN in front, or the
 * URN of an extension alone.
 *
 * @param known URNs besides those of our schemas that may stand in front, e.g. the resource's own extensions
 * @throws ScimError `invalidPath`
 */
export function parsePath(text: string, known: readonly string[] = []): Path {
  const refuse = (problem: string): ScimError =>
    invalidPath(`The path "${text.slice(0, 200)}" cannot be read: ${problem}.`, 'path');
  if (text.length > MAX_LENGTH) throw refuse(`it is longer than ${MAX_LENGTH} characters`);
  const tokens = new Tokenizer(text, refuse);
  const name = splitName(tokens.word(), known);
  if (name === undefined) throw refuse('it does not begin with an attribute name');
  const path = tokens.take('[') ? readFilter(tokens, name) : name;
  if (!tokens.atEnd()) throw tokens.error('the end');
  return path;
}

function readFilter(tokens: Tokenizer, name: AttributeName): Path {
  if (name.attribute === undefined || name.subAttribute !== undefined)
    throw tokens.refuse('brackets follow an attribute, not a schema or a sub-attribute');
  const filter = parseElementFilter(tokens);
  const sub = tokens.takeSubAttribute();
  if (sub === undefined) return { ...name, filter };
  const subName = splitName(sub);
  if (subName?.attribute === undefined || subName.schema !== undefined || subName.subAttribute !== undefined)
    throw tokens.refuse('a single sub-attribute must follow the dot');
  return { ...name, filter, subAttribute: subName.attribute };
}
