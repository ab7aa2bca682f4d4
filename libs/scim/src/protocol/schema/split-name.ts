import { SCHEMAS } from './resource-types.js';

/** An attribute name as written, taken apart. Without `attribute` the text named a whole schema. */
export interface AttributeName {
  /** Schema URN; canonical spelling when the schema is known. */
  readonly schema?: string;
  readonly attribute?: string;
  readonly subAttribute?: string;
}

const ATTRIBUTE = /^[a-z$_][\w$-]*$/i;
const SCHEMA_END = /^(?:user|group|\d.*)$/i;
const KNOWN_URNS: readonly string[] = SCHEMAS.map((schema) => schema.id);

/**
 * Takes `[URN:]name[.sub]` apart (RFC 7644 3.10). A URN contains colons and dots itself, so the longest known URN
 * wins, whatever its letter case; a dot instead of the colon behind it is accepted because Entra writes that. An
 * unknown URN ends at the last colon, unless what follows looks like the end of a URN (`…:User`, `…:1.0`).
 * Returns undefined for text that is no attribute name.
 *
 * @param known further URNs, e.g. those that a resource already carries
 */
export function splitName(text: string, known: readonly string[] = []): AttributeName | undefined {
  if (!text.includes(':')) return splitPlain(text);
  const schema = longestPrefix(text, [...KNOWN_URNS, ...known]);
  if (schema !== undefined) {
    if (text.length === schema.length) return { schema };
    return withSchema(schema, text.slice(schema.length + 1));
  }
  if (looksLikeSchema(text)) return { schema: text };
  const colon = text.lastIndexOf(':');
  return withSchema(text.slice(0, colon), text.slice(colon + 1));
}

/** True when the text ends as schema URNs do (`…:User`, `…:1.0`), so that what follows it is an attribute. */
export function looksLikeSchema(text: string): boolean {
  return text.includes(':') && SCHEMA_END.test(text.slice(text.lastIndexOf(':') + 1));
}

function longestPrefix(text: string, urns: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  let longest: string | undefined;
  for (const urn of urns) {
    if (!lower.startsWith(urn.toLowerCase())) continue;
    const next = text[urn.length];
    if (next !== undefined && next !== ':' && next !== '.') continue;
    if (longest === undefined || urn.length > longest.length) longest = urn;
  }
  return longest;
}

function withSchema(schema: string, rest: string): AttributeName | undefined {
  const name = splitPlain(rest);
  return name === undefined ? undefined : { schema, ...name };
}

function splitPlain(text: string): AttributeName | undefined {
  const parts = text.split('.');
  const [attribute, subAttribute] = parts;
  if (parts.length > 2 || !isName(attribute)) return undefined;
  if (parts.length === 1) return { attribute };
  return isName(subAttribute) ? { attribute, subAttribute } : undefined;
}

/** `__proto__` is refused so that no later layer can be led to the prototype of an object. */
function isName(text: string | undefined): text is string {
  return text !== undefined && text !== '__proto__' && ATTRIBUTE.test(text);
}
