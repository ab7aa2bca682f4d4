import type { JsonObject } from '#kernel';
import type { Page } from '#model';

/** The list form of the contract; both cursors are always there. */
export function listBody<T>(page: Page<T>, wire: (item: T) => JsonObject): JsonObject {
  return {
    object: 'list',
    data: page.data.map(wire),
    list_metadata: { before: page.before, after: page.after },
  };
}

/** A short list that is always complete. */
export function completeListBody<T>(items: readonly T[], wire: (item: T) => JsonObject): JsonObject {
  return listBody({ data: items, before: null, after: null }, wire);
}
