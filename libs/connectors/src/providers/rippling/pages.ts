import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../sdk/decode.js';
import type { JsonAnswer } from '../../sdk/http/source-http.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import { SourceError } from '../../sdk/source-error.js';

/** `{__meta: {redacted_fields: [{name, reason}]}, results: [], next_link}` */
export interface RestPage extends VendorPage {
  /** Names, also of fields inside (`user.name`), that the token may not see: not known, and not empty. */
  readonly redacted: readonly string[];
}

/** @throws SourceError `source_changed_shape` */
export function restPage({ body, headers, url }: JsonAnswer): RestPage {
  const items = listIn(body, 'results');
  const date = headers['date'];
  const isDate = typeof date === 'string' && !Number.isNaN(Date.parse(date));
  return {
    items,
    next: cursorIn((body as JsonObject)['next_link'], url),
    redacted: redactedIn(body),
    ...(isDate && { mark: new Date(date).toISOString() }),
  };
}

/** Only the cursor is taken from a link; where it leads is ours to say. */
function cursorIn(link: JsonValue | undefined, base: string): string | null {
  if (link === undefined || link === null || link === '') return null;
  const url = typeof link === 'string' && URL.canParse(link, base) ? new URL(link, base) : undefined;
  const cursor = url?.searchParams.get('cursor');
  if (cursor) return cursor;
  throw new SourceError(
    'source_changed_shape',
    'Rippling says that there are more records, in a link without a cursor. What comes after is not known.',
  );
}

function redactedIn(body: JsonValue): readonly string[] {
  const meta = isJsonObject(body) ? body['__meta'] : undefined;
  const fields = isJsonObject(meta) ? meta['redacted_fields'] : undefined;
  return (Array.isArray(fields) ? fields : []).flatMap((field) =>
    isJsonObject(field) && typeof field['name'] === 'string' ? [field['name']] : [],
  );
}

/** Whether something is there at a path such as `user.name`. */
export function isGiven(record: JsonValue, path: string): boolean {
  let value: JsonValue | undefined = record;
  for (const part of path.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, part)) return false;
    value = value[part];
  }
  return value !== undefined && value !== null;
}
