import { notFound } from '../protocol/errors.js';
import { readIfMatch } from '../protocol/etag.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import { headerOf } from './messages.js';
import type { RoutedCall, ScimCall } from './call.js';

/** Ids are printable ASCII; anything else cannot exist and must not reach the database. */
const ID = /^[\x21-\x7e]{1,255}$/;

/** Versions that `If-Match` allows; undefined when the change is unconditional. */
export function ifMatchOf(call: ScimCall): readonly number[] | undefined {
  const versions = readIfMatch(headerOf(call.request, 'if-match'));
  return versions === 'any' ? undefined : versions;
}

/** The id in the address. @throws ScimError 404 when no resource can have it. */
export function idOf(call: RoutedCall<'resource'>): string {
  const { id, resourceType } = call.route;
  if (!ID.test(id)) throw noSuchResource(resourceType, id);
  return id;
}

/** The same for "not there", "removed" and "of another directory". */
export function noSuchResource(type: ResourceTypeName, id: string): Error {
  const shown = id.slice(0, 100).replaceAll('\u0000', '').toWellFormed();
  return notFound(
    `There is no ${type} with id "${shown}" in this directory. Look it up with a filter, then use the id from the answer.`,
    'id',
  );
}
