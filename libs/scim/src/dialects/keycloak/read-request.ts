import type { JsonObject } from '#kernel';
import type { ReceivedMessage } from '../contract.js';

/** The key `members` is missing when the group has become empty; elsewhere its absence says nothing. */
export function readRequest({ kind, resourceType, body }: ReceivedMessage): JsonObject {
  if (kind !== 'replace' || resourceType !== 'Group') return body;
  const isNamed = Object.keys(body).some((name) => name.toLowerCase() === 'members');
  return isNamed ? body : { ...body, members: [] };
}
