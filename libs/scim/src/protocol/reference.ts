import type { JsonValue } from '#kernel';

const ADDRESS = /(?:^|\/)(?:Users|Groups)\/([^/?#]+)\/?$/i;

/**
 * The id at the end of a `$ref` (RFC 7643 2.4), absolute or relative; undefined when it is no address of a user or
 * group. The host is not compared: behind a proxy clients know this server by other names.
 */
export function idInReference(reference: JsonValue | undefined): string | undefined {
  const id = typeof reference === 'string' ? ADDRESS.exec(reference)?.[1] : undefined;
  if (id === undefined) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
