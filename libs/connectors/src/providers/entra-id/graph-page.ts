import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { linkIn, listIn } from '../../sdk/decode.js';
import { absoluteLink } from '../../sdk/http/absolute-link.js';
import type { VendorPage } from '../../sdk/paged-stream.js';

/** What a request, or a part of a batch, was answered. `url`: what its links may be relative to. */
export interface GraphAnswer {
  readonly status: number;
  readonly body: JsonValue;
  readonly url: string;
}

/** @throws SourceError when it is no list, or leads to something that is no link */
export function pageOf({ body, url }: Pick<GraphAnswer, 'body' | 'url'>): VendorPage {
  const items = listIn(body, 'value').map(withPlainIds);
  const next = linkIn(body, '@odata.nextLink');
  const delta = linkIn(body, '@odata.deltaLink');
  return {
    items,
    next: next === null ? null : absoluteLink(next, { url }),
    cursor: delta === null ? undefined : absoluteLink(delta, { url }),
  };
}

/** Graph's own word that there is no such object; a 404 of anything else says nothing. */
export function saysNotFound({ status, body }: Pick<GraphAnswer, 'status' | 'body'>): boolean {
  const error = status === 404 && isJsonObject(body) ? body['error'] : undefined;
  return isJsonObject(error) && error['code'] === 'Request_ResourceNotFound';
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Object ids are GUIDs, whose letter case means nothing (RFC 9562, 4); here each has one spelling. */
export function plainId(id: string): string {
  return GUID.test(id) ? id.toLowerCase() : id;
}

function withPlainIds(item: JsonValue): JsonValue {
  if (!isJsonObject(item)) return item;
  const members = item['members@delta'];
  return {
    ...withPlainId(item),
    ...(Array.isArray(members) && {
      'members@delta': members.map((member) => (isJsonObject(member) ? withPlainId(member) : member)),
    }),
  };
}

export function withPlainId(object: JsonObject): JsonObject {
  const { id } = object;
  return typeof id === 'string' ? { ...object, id: plainId(id) } : object;
}
