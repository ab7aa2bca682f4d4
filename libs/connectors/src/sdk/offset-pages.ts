import type { JsonValue } from '#kernel';
import type { VendorPage } from './paged-stream.js';
import { SourceError } from './source-error.js';

/** Part of a listing that is addressed by position; `total` as the vendor counts it now, null when it does not. */
export interface OffsetSlice {
  readonly items: readonly JsonValue[];
  readonly total: number | null;
}

/** A listing without page tokens: "give me what begins at position 200". */
export interface OffsetListing {
  /** @throws SourceError */
  readonly read: (offset: number) => Promise<OffsetSlice>;
  /** What tells one item from another. */
  readonly keyOf: (item: JsonValue) => string;
}

/**
 * One page of such a listing. Positions shift when a record is removed while we read, and somebody would be skipped; no
 * count shows it when another record was added meanwhile. So each page is asked for one item early, and the item that
 * ended the page before has to come again. `token` is `position key`, a checkpoint as good as the vendor's own.
 * @throws SourceError `cursor_expired` when the listing has shifted: it has to be read anew
 */
export async function readOffsetPage(listing: OffsetListing, token: string | null): Promise<VendorPage> {
  const { position, key } = readToken(token);
  if (key === null) return pageOf(listing, await listing.read(0), { start: 0, known: 0 });
  const start = position - 1;
  const slice = await listing.read(start);
  const again = slice.items.findIndex((item) => listing.keyOf(item) === key);
  if (again < 0) throw shifted();
  const page = pageOf(listing, slice, { start, known: again + 1 });
  if (page.items.length > 0) return page;
  // What we knew, with what stands before it: the vendor does not page on.
  if (again > 0) throw stuck();
  if (page.next === null && slice.total !== null) return page;
  // Cut down to the item that we knew, and not the end; or the end of a list that is not counted.
  return pageOf(listing, await listing.read(position), { start: position, known: 0 });
}

/** `known`: how many items of the slice stood on the page before. */
function pageOf(
  listing: OffsetListing,
  slice: OffsetSlice,
  { start, known }: { readonly start: number; readonly known: number },
): VendorPage {
  const reached = start + slice.items.length;
  const last = slice.items.at(-1);
  const isEnd = slice.total === null ? slice.items.length <= known : reached >= slice.total;
  if (!isEnd && last === undefined) throw stuck();
  return {
    items: slice.items.slice(known),
    next: isEnd || last === undefined ? null : `${reached} ${listing.keyOf(last)}`,
    ...(slice.total !== null && { total: slice.total }),
  };
}

function readToken(token: string | null): { readonly position: number; readonly key: string | null } {
  const match = /^([1-9]\d{0,8}) (.*)$/su.exec(token ?? '');
  return match ? { position: Number(match[1]), key: match[2] ?? '' } : { position: 0, key: null };
}

function shifted(): SourceError {
  return new SourceError(
    'cursor_expired',
    'The listing changed while it was read (somebody was removed), so nobody can say who was skipped. It is read anew.',
  );
}

function stuck(): SourceError {
  return new SourceError(
    'incomplete_listing',
    'The source sent the same part of its list again, or nothing, before the end that it announced.',
  );
}
