import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage, SourceStream } from './contract.js';
import { SourceError } from './source-error.js';

/** A page as the vendor sent it. `next`: where the following one is; null on the last one. */
export interface VendorPage {
  readonly items: readonly JsonValue[];
  readonly next: string | null;
  readonly total?: number;
  /** The vendor's time or token of now; that of the first page becomes the cursor of the next run. */
  readonly mark?: JsonValue;
  /** Of the last page: the vendor's own place to go on from next time. */
  readonly cursor?: JsonValue;
}

/** A listing that is read page by page, one after another. */
export interface PagedListing extends Pick<SourceStream, 'id' | 'covers'> {
  /** Null asks for the first page. @throws SourceError */
  readonly fetch: (token: string | null) => Promise<VendorPage>;
  readonly map: (item: JsonValue) => readonly SnapshotRecord[];
  /** The vendor's end marker, in words: what makes the listing complete. */
  readonly proof: string;
  /** What the next incremental run starts from, made of the first page's mark. */
  readonly cursor?: (mark: JsonValue) => JsonValue | undefined;
}

/** The stream of a listing. Its checkpoint is the vendor's own page token, and the mark of the first page. */
export function pagedStream(listing: PagedListing): SourceStream {
  return {
    id: listing.id,
    covers: listing.covers,
    pages: (from) => readPages(listing, isJsonObject(from) ? from : {}),
  };
}

async function* readPages(listing: PagedListing, from: JsonObject): AsyncGenerator<SourcePage> {
  const start = typeof from['token'] === 'string' ? from['token'] : null;
  let mark = from['mark'] ?? null;
  let isFirst = start === null;
  for await (const page of vendorPages(listing.fetch, start)) {
    const records = page.items.flatMap(listing.map);
    const { total, next } = page;
    // That of a later page would leave out what changed since the first one.
    if (isFirst) mark = page.mark ?? null;
    isFirst = false;
    if (next !== null) yield { records, next: { token: next, mark }, total };
    else {
      const cursor = page.cursor ?? (mark === null ? undefined : listing.cursor?.(mark));
      yield { records, total, end: { complete: true, proof: listing.proof, cursor } };
    }
  }
}

/**
 * All pages of a listing, from a token on.
 * @throws SourceError `incomplete_listing` when a page leads back to one that was read already
 */
export async function* vendorPages<Page extends { readonly next: string | null }>(
  fetch: (token: string | null) => Promise<Page>,
  from: string | null = null,
): AsyncGenerator<Page> {
  const seen = new Set<string>();
  let token = from;
  do {
    if (token !== null) seen.add(token);
    const page = await fetch(token);
    if (page.next !== null && seen.has(page.next))
      throw new SourceError(
        'incomplete_listing',
        'The source sent a page that leads back to a page that was read already; its paging runs in a circle.',
      );
    yield page;
    token = page.next;
  } while (token !== null);
}
