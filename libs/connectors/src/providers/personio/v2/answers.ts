import { isJsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';

/**
 * The cursor in `{"_meta": {"links": {"next": {"href": "…?cursor=…"}}}}`; null on the last page. Only the cursor is taken:
 * the vendor's own examples show links to other paths.
 * @throws SourceError when there is a link that cannot be followed: it is no end of the list
 */
export function nextCursor(body: JsonValue, base: string): string | null {
  const link = hrefOf(at(at(at(body, '_meta') ?? at(body, 'meta'), 'links'), 'next'));
  if (link === null || link === '') return null;
  const url = typeof link === 'string' && URL.canParse(link, base) ? new URL(link, base) : undefined;
  const cursor = url?.searchParams.get('cursor');
  if (cursor) return cursor;
  throw new SourceError(
    'source_changed_shape',
    'Personio says that there are more records, in a link without a cursor. What comes after is not known.',
  );
}

/** Ids are texts; a number is taken for one. */
export function idOf(value: JsonValue): string | null {
  const id = at(value, 'id');
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' ? id : null;
}

function hrefOf(link: JsonValue): JsonValue {
  return isJsonObject(link) ? at(link, 'href') : link;
}

function at(value: JsonValue, key: string): JsonValue {
  return (isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : null) ?? null;
}

/**
 * Personio's own words for what is not there: `{"errors": [{"title": "Resource not found", "detail": …, "type": …}]}`,
 * beside its trace id or time. A 404 of anything between us and Personio looks different.
 */
export function saysNotFound(body: JsonValue): boolean {
  const errors = at(body, 'errors');
  if (!Array.isArray(errors) || errors.length === 0) return false;
  return errors.every((error) => /not[ _]found/i.test(`${text(error, 'title')} ${text(error, 'type')}`));
}

/** The same words are said of an address that Personio does not have: no word about a person. */
export function saysNoSuchAddress(body: JsonValue): boolean {
  const errors = at(body, 'errors');
  return Array.isArray(errors) && errors.some((error) => /endpoint/i.test(text(error, 'detail')));
}

function text(value: JsonValue, key: string): string {
  const found = at(value, key);
  return typeof found === 'string' ? found : '';
}
