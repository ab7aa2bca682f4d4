import { InvalidInputError, isId, type IdPrefix } from '#kernel';

/**
 * Which page of a list. Cursors are ids, the cursor's own object is not part of the page. `normal` shows newest first
 * like `desc`, but its `after` means newer and its `before` older.
 */
export interface PageRequest {
  readonly limit: number;
  readonly order: 'asc' | 'desc' | 'normal';
  readonly before?: string;
  readonly after?: string;
}

/** A page in presentation order with the cursors of `list_metadata`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly before: string | null;
  readonly after: string | null;
}

/** How SQL has to walk the ids for a page. */
export interface PageScan {
  readonly cursor: string | null;
  readonly direction: 'older' | 'newer';
  readonly limit: number;
}

/** Whether rows exist beyond the two ends of what was read. */
export interface PageEnds {
  readonly older: boolean;
  readonly newer: boolean;
}

/** @throws InvalidInputError code `invalid_cursor` when a cursor is no id of this kind, or when there are two. */
export function planPage(request: PageRequest, prefix: IdPrefix): PageScan {
  const { after, before, order } = request;
  if (after !== undefined && before !== undefined)
    throw new InvalidInputError('Send "before" or "after", not both.', { code: 'invalid_cursor' });
  const cursor = after ?? before ?? null;
  if (cursor !== null && !isId(prefix, cursor))
    throw new InvalidInputError(`The cursor "${cursor.slice(0, 80)}" is not an id of this list.`, {
      code: 'invalid_cursor',
    });
  return { cursor, direction: directionOf(request, order), limit: Math.min(Math.max(request.limit, 1), 100) };
}

/** Puts the rows that a scan found (in any order) into presentation order and derives the cursors. */
export function toPage<T extends { readonly id: string }>(
  rows: readonly T[],
  ends: PageEnds,
  order: PageRequest['order'],
): Page<T> {
  const oldestFirst = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const items = order === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const older = ends.older ? (oldestFirst.at(0)?.id ?? null) : null;
  const newer = ends.newer ? (oldestFirst.at(-1)?.id ?? null) : null;
  return order === 'desc' ? { items, before: newer, after: older } : { items, before: older, after: newer };
}

function directionOf(request: PageRequest, order: PageRequest['order']): 'older' | 'newer' {
  if (request.after !== undefined) return order === 'desc' ? 'older' : 'newer';
  if (request.before !== undefined) return order === 'desc' ? 'newer' : 'older';
  return order === 'asc' ? 'newer' : 'older';
}
