import { invalidCount } from '../errors.js';
import type { SortOrder } from '../filter/sort-to-sql.js';

/** What a list or search asks for (RFC 7644 3.4.2, RFC 9865 2). */
export interface ListQuery {
  /** Text of the filter; undefined when none was given. An empty text is no filter but an error of its parser. */
  readonly filter?: string;
  /** 1-based, at least 1. */
  readonly startIndex: number;
  /** Wanted page size, already limited; 0 asks for the total only. */
  readonly count: number;
  /** Cursor of a page; empty for the first page of a cursor query. */
  readonly cursor?: string;
  readonly sortBy?: string;
  readonly sortOrder: SortOrder;
  readonly attributes: readonly string[];
  readonly excludedAttributes: readonly string[];
}

/** Names and values of a query string, e.g. `URLSearchParams`. */
export type QueryParameters = Iterable<readonly [string, string]>;

/** Page size when the client names none. */
export const DEFAULT_COUNT = 100;
/** Largest page; more is capped silently, and `itemsPerPage` tells the truth. */
export const MAX_COUNT = 1_000;

/**
 * Reads the query of a GET (RFC 7644 3.4.2). Names may be in any letter case; of a repeated parameter the first value
 * counts, `attributes` and `excludedAttributes` are joined; unknown parameters are ignored.
 * @throws ScimError `invalidCount` for a count that a query by cursor cannot have
 */
export function readListQuery(query: QueryParameters): ListQuery {
  const parameters = Map.groupBy(query, ([name]) => name.toLowerCase());
  const all = (name: string): string[] => (parameters.get(name) ?? []).map(([, value]) => value);
  const first = (name: string): string | undefined => all(name)[0];
  if (parameters.has('cursor')) checkCount(first('count'));
  return {
    ...withoutUndefined({
      filter: first('filter'),
      cursor: first('cursor'),
      sortBy: first('sortby') || undefined,
    }),
    startIndex: readStartIndex(first('startindex')),
    count: readCount(first('count')),
    sortOrder: readSortOrder(first('sortorder')),
    attributes: readNames(all('attributes')),
    excludedAttributes: readNames(all('excludedattributes')),
  };
}

/** Values below 1 and what is no number mean the first result (RFC 7644 3.4.2.4). */
export function readStartIndex(text: string | undefined): number {
  const value = readInteger(text) ?? 1;
  return Math.min(Math.max(value, 1), Number.MAX_SAFE_INTEGER);
}

/** Negative means 0, absent the default; more than the maximum is capped (RFC 7644 3.4.2.4). */
export function readCount(text: string | undefined): number {
  const value = readInteger(text) ?? DEFAULT_COUNT;
  return Math.min(Math.max(value, 0), MAX_COUNT);
}

/** @throws ScimError `invalidCount` for a page size that is no whole number of at least 0 (RFC 9865 4) */
export function checkCount(text: string | undefined): void {
  if (text === undefined || /^\s*\+?\d+\s*$/.test(text)) return;
  throw invalidCount('"count" must be a whole number, at least 0. Correct it or leave it out.', 'count');
}

/** Ascending unless asked otherwise (RFC 7644 3.4.2.3). */
export function readSortOrder(text: string | undefined): SortOrder {
  return text?.trim().toLowerCase() === 'descending' ? 'descending' : 'ascending';
}

/** Comma-separated names; a filter in brackets behind a name is dropped. */
export function readNames(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.replaceAll(/\[[^\]]*\]/g, '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Copy without the keys whose value is undefined. */
export function withoutUndefined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function readInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
}
