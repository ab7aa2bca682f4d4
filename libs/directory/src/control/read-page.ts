import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { keysetScan, toPage, type Page, type PageRequest } from '#model';
import { badField, isStorable } from './checks.js';

/** One page of a list whose other conditions stand in the query already. */
export async function readPage<E extends ObjectLiteral & { readonly id: string }>(
  query: SelectQueryBuilder<E>,
  page: PageRequest,
): Promise<Page<E>> {
  const scan = keysetScan(page);
  const id = `${query.alias}.id`;
  if (scan.cursor !== undefined) {
    const cursor = checkText(page.after === undefined ? 'before' : 'after', scan.cursor);
    query.andWhere(`${id} ${scan.comparison} :cursor`, { cursor });
  }
  const rows = await query
    .orderBy(id, scan.direction)
    .limit(page.limit + 1)
    .getMany();
  return toPage(rows, page);
}

/** A LIKE pattern for "contains this text", in which `%` and `_` mean themselves. */
export function containsPattern(search: string): string {
  return `%${checkText('search', search).replace(/[\\%_]/g, '\\$&')}%`;
}

/** A filter value as PostgreSQL can take it. */
export function checkText(field: string, text: string): string {
  if (isStorable(text)) return text;
  throw badField(field, `"${field}" contains the character U+0000, which nothing stored contains.`);
}
