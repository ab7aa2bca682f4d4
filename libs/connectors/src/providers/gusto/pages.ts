import type { JsonAnswer } from '../../sdk/http/source-http.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import { SourceError } from '../../sdk/source-error.js';

/** Where a listing stands: pages are numbers, so what came before is all that tells whether one is missing. */
export interface Place {
  /** From 1. */
  readonly page: number;
  /** Items on the pages before. */
  readonly seen: number;
  /** What Gusto counted on the page before. */
  readonly total: number;
}

/** The place in a token that `pageOf` made; null is the beginning. */
export function readPlace(token: string | null): Place {
  const match = /^(\d{1,6}) (\d{1,8}) (\d{1,8})$/.exec(token ?? '');
  if (match === null) return { page: 1, seen: 0, total: 0 };
  const [page = 1, seen = 0, total = 0] = match.slice(1).map(Number);
  return { page, seen, total };
}

/**
 * A page by its headers. Whoever is deleted before a place moves the others up, and one of them is skipped: Gusto counts
 * fewer then.
 * @throws SourceError `cursor_expired` when the listing has shifted, `incomplete_listing` when it is not whole
 */
export function pageOf({ body, headers }: JsonAnswer, before: Place): VendorPage {
  const total = countIn(headers['x-total-count']);
  if (!Array.isArray(body) || total === null)
    throw new SourceError(
      'source_changed_shape',
      'Gusto sent something else than a list with its count (X-Total-Count).',
    );
  const seen = before.seen + body.length;
  const problem = problemOf(before, { seen, total, given: countIn(headers['x-page']) }, body.length);
  if (problem !== undefined) throw problem;
  const next = seen < total ? `${before.page + 1} ${seen} ${total}` : null;
  return { items: body, next, total };
}

function problemOf(
  before: Place,
  { seen, total, given }: { readonly seen: number; readonly total: number; readonly given: number | null },
  length: number,
): SourceError | undefined {
  if (total < before.total)
    return new SourceError(
      'cursor_expired',
      'The listing became shorter while it was read, so nobody can say who was skipped. It is read anew.',
    );
  if ((given !== null && given !== before.page) || seen > total)
    return new SourceError(
      'incomplete_listing',
      'Gusto sent pages again that were read already; its paging runs in a circle.',
    );
  if (length > 0 || seen >= total) return undefined;
  return new SourceError(
    'incomplete_listing',
    `Gusto says that a list has ${total} entries, and ended it after ${seen}.`,
  );
}

function countIn(header: string | readonly string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,8}$/.test(header.trim()) ? Number(header) : null;
}
