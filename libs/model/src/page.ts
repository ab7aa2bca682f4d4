/** Presentation of a list. `normal` is newest first with `after` pointing to newer items (legacy clients). */
export type PageOrder = 'asc' | 'desc' | 'normal';

/** One page of a list whose items are ordered by id (= by creation). Cursors are ids; the cursor itself is excluded. */
export interface PageRequest {
  /** 1–100. */
  readonly limit: number;
  readonly order: PageOrder;
  readonly before?: string;
  readonly after?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  /** Cursors for the neighbouring pages, null where nothing more is. */
  readonly before: string | null;
  readonly after: string | null;
}

/** How to read a page from an index on `id`: rows beyond `cursor` in `direction`, one more than `limit`. */
export interface KeysetScan {
  readonly cursor: string | undefined;
  readonly comparison: '<' | '>';
  readonly direction: 'ASC' | 'DESC';
  /** The rows come in the opposite of the presentation order. */
  readonly reverse: boolean;
}

export function keysetScan(page: PageRequest): KeysetScan {
  const newestFirst = page.order !== 'asc';
  const afterIsNewer = page.order !== 'desc';
  const cursor = page.after ?? page.before;
  const towardsNewer =
    cursor === undefined ? !newestFirst : page.after === undefined ? !afterIsNewer : afterIsNewer;
  return {
    cursor,
    comparison: towardsNewer ? '>' : '<',
    direction: towardsNewer ? 'ASC' : 'DESC',
    reverse: towardsNewer === newestFirst,
  };
}

/** Makes the page of up to `limit + 1` scanned rows. */
export function toPage<T extends { readonly id: string }>(rows: readonly T[], page: PageRequest): Page<T> {
  const scan = keysetScan(page);
  const more = rows.length > page.limit;
  const kept = rows.slice(0, page.limit);
  const data = scan.reverse ? kept.toReversed() : kept;
  const towardsNewer = scan.comparison === '>';
  // Beyond the far end of the scan lies what `more` says; behind its start lies the cursor itself, if there was one.
  const hasNewer = towardsNewer ? more : scan.cursor !== undefined;
  const hasOlder = towardsNewer ? scan.cursor !== undefined : more;
  const [newest, oldest] = page.order === 'asc' ? [data.at(-1), data.at(0)] : [data.at(0), data.at(-1)];
  const newer = cursorAt(newest, hasNewer);
  const older = cursorAt(oldest, hasOlder);
  return page.order === 'desc'
    ? { data, before: newer, after: older }
    : { data, before: older, after: newer };
}

function cursorAt(item: { readonly id: string } | undefined, hasMore: boolean): string | null {
  return item !== undefined && hasMore ? item.id : null;
}
