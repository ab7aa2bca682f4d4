import { createHash } from 'node:crypto';
import { expiredCursor, invalidCursor } from '../errors.js';
import type { ListQuery } from './list-query.js';

/** How long a cursor may be used, in seconds (RFC 9865 5, `cursorTimeout`). */
export const CURSOR_TIMEOUT_SECONDS = 3_600;

/** Where the next page begins. */
export interface CursorPlace {
  /** Position in the list of the resource types that are searched. */
  readonly section: number;
  /** Id of the last resource shown; empty at the beginning of a section. */
  readonly after: string;
  /** All matches, counted for the first page: counting again would make each page as dear as the whole list. */
  readonly total: number;
}

const ID = /^[\x21-\x7e]{0,255}$/;

/**
 * Text of a cursor: URL-safe, and with nothing personal in it, because addresses are logged. It says for which query
 * it was made. Whoever forges one can only ask for another page of what the token may read anyway.
 *
 * @param now seconds
 */
export function writeCursor(place: CursorPlace, query: string, now: number): string {
  const parts = [place.section, place.after, place.total, Math.floor(now), query];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * @throws ScimError `invalidCursor` for what is no cursor of ours or belongs to another query, `expiredCursor` for one
 *   that is too old (RFC 9865 4)
 */
export function readCursor(text: string, query: string, now: number): CursorPlace {
  const [section, after, total, issued, madeFor] = parseParts(text);
  const isOurs =
    isCount(section) && isCount(total) && isCount(issued) && typeof after === 'string' && ID.test(after);
  if (!isOurs)
    throw invalidCursor(
      'The "cursor" is none of this server. Send "nextCursor" of the page before unchanged, or an empty cursor for the first page.',
      'cursor',
    );
  if (madeFor !== query)
    throw invalidCursor(
      'The "cursor" belongs to another query. Repeat filter, sorting and attributes of the first page, or begin with an empty cursor.',
      'cursor',
    );
  if (now - issued > CURSOR_TIMEOUT_SECONDS) throw cursorGone();
  return { section, after, total };
}

/** The cursor was good once. */
export function cursorGone(): Error {
  return expiredCursor(
    `The "cursor" is no longer valid; cursors live for ${CURSOR_TIMEOUT_SECONDS} seconds. Begin again with an empty cursor.`,
    'cursor',
  );
}

/** Stands for everything in a query that must stay the same from page to page; the page size may change. */
export function queryMark(query: ListQuery, sections: readonly string[]): string {
  const { filter, sortBy, sortOrder, attributes, excludedAttributes } = query;
  const parts = [sections, filter ?? null, sortBy ?? null, sortOrder, attributes, excludedAttributes];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}

function parseParts(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
