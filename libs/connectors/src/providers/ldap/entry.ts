import type { JsonObject, JsonValue } from '#kernel';
import type { Dialect } from './dialect.js';
import { BINARY_IDS } from './values.js';
import type { LdapEntry } from './wire/answer.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Values of an attribute that are text. */
export function textsOf(entry: LdapEntry, name: string): string[] {
  return (entry.attributes.get(name) ?? []).flatMap((bytes) => {
    const value = decoded(bytes);
    return typeof value === 'string' ? [value] : [];
  });
}

/** The immutable id of an entry; null when the server does not show it, or shows bytes that nobody could search for. */
export function idOf(entry: LdapEntry, dialect: Pick<Dialect, 'names'>): string | null {
  const [name] = dialect.names.id;
  const bytes = entry.attributes.get(name ?? '')?.[0];
  if (bytes === undefined || bytes.length === 0) return null;
  const binary = BINARY_IDS[name ?? ''];
  if (binary !== undefined) return binary.toText(bytes) ?? null;
  const text = decoded(bytes);
  return typeof text === 'string' ? text : null;
}

/**
 * An entry as the decoder takes it: `id`, `dn` and the named attributes, each a list. Bytes that are no text stay an
 * object, which no text field accepts.
 */
export function toObject(
  entry: LdapEntry,
  dialect: Pick<Dialect, 'names'>,
  names: readonly string[],
): JsonObject {
  const object: JsonObject = { id: idOf(entry, dialect), dn: entry.dn };
  const binary = dialect.names.id[0];
  for (const name of names) {
    const values = name === binary ? undefined : entry.attributes.get(name);
    if (values !== undefined && values.length > 0) object[name] = values.map(decoded);
  }
  return object;
}

function decoded(bytes: Buffer): JsonValue {
  try {
    return decoder.decode(bytes);
  } catch {
    return { base64: bytes.toString('base64') };
  }
}
