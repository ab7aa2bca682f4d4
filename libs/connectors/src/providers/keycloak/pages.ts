import { isJsonObject, type JsonValue } from '#kernel';
import { readOffsetPage, type OffsetListing } from '../../sdk/offset-pages.js';
import { vendorPages } from '../../sdk/paged-stream.js';
import { readAgain } from '../../sdk/read-again.js';

/** A part of a list: at most `max` items from position `first` on. */
export type ReadPart = (part: {
  readonly first: number;
  readonly max: number;
}) => Promise<readonly JsonValue[]>;

/**
 * A list that does not say how long it is. Neither is a short part its end, because Keycloak drops users after it has
 * cut the part (those of a federation that are no longer valid); nothing after a position is.
 */
export function endless(read: ReadPart, pageSize: number): OffsetListing {
  return {
    keyOf,
    read: async (offset) => {
      const items = await read({ first: offset, max: pageSize });
      const reached = offset + items.length;
      const isEnd =
        items.length < pageSize &&
        (items.length === 0 || (await read({ first: reached, max: 1 })).length === 0);
      return { items, total: isEnd ? reached : reached + 1 };
    },
  };
}

/** All items of a short list. @throws SourceError */
export function readAll(listing: OffsetListing): Promise<JsonValue[]> {
  return readAgain(async () => {
    const items: JsonValue[] = [];
    for await (const page of vendorPages((token) => readOffsetPage(listing, token)))
      items.push(...page.items);
    return items;
  });
}

function keyOf(item: JsonValue): string {
  const id = isJsonObject(item) ? item['id'] : undefined;
  return typeof id === 'string' ? id : JSON.stringify(item);
}
