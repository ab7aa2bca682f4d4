import type { JsonValue } from '#kernel';
import type { ResourceTypeName } from './schema/definitions.js';

const ADDRESS = /(?:^|\/)(User|Group)s\/([^/?#]+)\/?$/i;

/**
 * What a `$ref` (RFC 7643 2.4) points to, absolute or relative; undefined when it is no address of a user or group. The
 * host is not compared: behind a proxy clients know this server by other names.
 */
export function addressIn(
  reference: JsonValue | undefined,
): { readonly type: ResourceTypeName; readonly id: string } | undefined {
  const [, name, id] = (typeof reference === 'string' ? ADDRESS.exec(reference) : null) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { type: name.toLowerCase() === 'group' ? 'Group' : 'User', id: decoded(id) };
}

/** How our ids begin. */
export const ID_PREFIX: Readonly<Record<ResourceTypeName, string>> = {
  User: 'directory_user_',
  Group: 'directory_group_',
};

/** The id in an address of ours, undefined when it cannot be one: the same id is no user and group at once. */
export function ownIdIn(reference: JsonValue | undefined): string | undefined {
  const address = addressIn(reference);
  return address?.id.startsWith(ID_PREFIX[address.type]) === true ? address.id : undefined;
}

/** The id at the end of a `$ref`. */
export function idInReference(reference: JsonValue | undefined): string | undefined {
  return addressIn(reference)?.id;
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
