import { getOwn, type JsonObject } from '#kernel';
import { invalidValue } from './errors.js';
import { withOwn } from './json-object.js';
import type { ReadResource } from './received-resource.js';
import { isExtensionKey } from './schema/resource-types.js';
import { CLEARED, type Tolerance } from './tolerance.js';

/**
 * The resource after a PUT (RFC 7644 3.5.1 lets the server decide about attributes that are not named). IdPs leave
 * out what is empty in their profile, so an absent attribute is cleared. Three things are kept because their absence
 * says nothing: `active`, `externalId`, and extensions that the body neither carries nor lists in `schemas`.
 * @throws ScimError `invalidValue` when `active` is set to null and that is not tolerated
 */
export function mergePut(current: JsonObject, read: ReadResource, tolerance: Tolerance): JsonObject {
  const { attributes, schemas } = read.named;
  const clearsActive = attributes.has('active') && getOwn(read.resource, 'active') === undefined;
  if (clearsActive && !tolerance.activeCanBeCleared)
    throw invalidValue('"active" cannot be cleared: send true or false.', 'active');
  const named = new Set([...attributes].map((name) => name.toLowerCase()));
  const listed = new Set([...schemas].map((urn) => urn.toLowerCase()));
  let merged = clearsActive ? withOwn(read.resource, 'active', CLEARED) : read.resource;
  for (const [key, value] of Object.entries(current)) {
    const lower = key.toLowerCase();
    if (named.has(lower)) continue;
    const keeps = isExtensionKey(key) ? !listed.has(lower) : key === 'active' || key === 'externalId';
    if (keeps) merged = withOwn(merged, key, value);
  }
  return merged;
}
