import type { JsonAnswer } from '../../sdk/http/source-http.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import { SourceError } from '../../sdk/source-error.js';

/** Where a listing stands: OneLogin's cursor, and what came before it. */
export interface Place {
  readonly cursor: string | null;
  /** Items so far. */
  readonly seen: number;
  /** What the last page said there were; null when it did not. */
  readonly total: number | null;
}

const MOST = 10_000_000;

/** The place in a token that `pageOf` made; null is the beginning. */
export function readPlace(token: string | null): Place {
  const match = /^(\d{1,8}) (\d{1,8}|-) (.+)$/su.exec(token ?? '');
  if (match === null) return { cursor: null, seen: 0, total: null };
  const [, seen, total, cursor] = match as unknown as [string, string, string, string];
  return { cursor, seen: Number(seen), total: total === '-' ? null : Number(total) };
}

/**
 * A page by its headers. OneLogin's cursors are page numbers in disguise (`limit=100&sort=id&page=2`), so whoever is
 * removed before a place moves the others up, and one of them is skipped: the count gets smaller then. New ones come at
 * the end, as lists are ordered by id.
 * @throws SourceError `cursor_expired` when the listing has shifted, `incomplete_listing` when it is not whole
 */
export function pageOf({ body, headers }: JsonAnswer, place: Place): VendorPage {
  if (!Array.isArray(body))
    throw new SourceError('source_changed_shape', 'OneLogin sent something else than a list.');
  const total = countIn(headers['total-count']);
  const seen = place.seen + body.length;
  // A cursor behind nothing leads nowhere.
  const next = body.length > 0 ? cursorIn(headers['after-cursor']) : null;
  const problem = problemOf(place, { cursor: next, seen, total });
  if (problem !== undefined) throw problem;
  return {
    items: body,
    next: next === null ? null : `${seen} ${total ?? '-'} ${next}`,
    total: total ?? undefined,
  };
}

function problemOf(before: Place, { cursor, seen, total }: Place): SourceError | undefined {
  if (total !== null && total < (before.total ?? 0)) return shifted();
  if (cursor === null) return total !== null && seen < total ? cut(seen, total) : undefined;
  return cursor === before.cursor || seen > (total ?? MOST) ? circle() : undefined;
}

function cursorIn(header: string | readonly string[] | undefined): string | null {
  return typeof header === 'string' && header !== '' ? header : null;
}

function countIn(header: string | readonly string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,8}$/.test(header.trim()) ? Number(header) : null;
}

function shifted(): SourceError {
  return new SourceError(
    'cursor_expired',
    'The listing became shorter while it was read, so nobody can say who was skipped. It is read anew.',
  );
}

function circle(): SourceError {
  return new SourceError(
    'incomplete_listing',
    'OneLogin sent pages again that were read already; its paging runs in a circle.',
  );
}

function cut(seen: number, total: number): SourceError {
  return new SourceError(
    'incomplete_listing',
    `OneLogin says that a list has ${total} entries, and ended it after ${seen}.`,
  );
}
