import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { GraphClient, GraphKind } from './client.js';
import type { EntraConfig } from './config.js';
import { isSlice } from './map-group.js';

/**
 * A page of a delta whose objects have all their attributes. A delta may show no more of an object than what changed
 * (learn.microsoft.com/graph/delta-query-overview), which would look as if the rest had been cleared: such objects are
 * read whole. Who is not there any more is left out; another page tells of that.
 */
export async function withWholeObjects(
  client: GraphClient,
  {
    kind,
    page,
    config,
  }: { readonly kind: GraphKind; readonly page: VendorPage; readonly config: EntraConfig },
): Promise<VendorPage> {
  const isPartial = kind === 'users' ? isPartialUser : (item: JsonObject) => isPartialGroup(item, config);
  const partial = page.items.filter(isJsonObject).filter((item) => !isRemoved(item) && isPartial(item));
  const ids = [...new Set(partial.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])))];
  if (ids.length === 0) return page;
  const objects = await client.objects(kind, ids);
  const whole = new Map(ids.map((id, index) => [id, objects[index] ?? null]));
  return { ...page, items: page.items.flatMap((item) => completed(item, partial, whole)) };
}

function completed(
  item: JsonValue,
  partial: readonly JsonObject[],
  whole: ReadonlyMap<string, JsonObject | null>,
): readonly JsonValue[] {
  if (!isJsonObject(item) || !partial.includes(item)) return [item];
  const object = whole.get(item['id'] as string);
  if (object === undefined) return [item];
  const members = item['members@delta'];
  return object === null ? [] : [{ ...object, ...(members !== undefined && { 'members@delta': members }) }];
}

function isRemoved(item: JsonObject): boolean {
  return (item['@removed'] ?? null) !== null;
}

/** Every user has both. */
function isPartialUser(item: JsonObject): boolean {
  return (item['userPrincipalName'] ?? null) === null || (item['accountEnabled'] ?? null) === null;
}

/** Members alone are enough where all groups are wanted. */
function isPartialGroup(item: JsonObject, { groupFilter }: EntraConfig): boolean {
  return (item['displayName'] ?? null) === null && (groupFilter !== 'all' || !isSlice(item));
}
