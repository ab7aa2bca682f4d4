import { installedDialects } from '../dialects/installed.js';
import { ScimError } from '../protocol/errors.js';
import type { ScimResponse } from './messages.js';
import { readAddress } from './read-address.js';
import { writeRefusal } from './write-answer.js';

const DETAILS: Readonly<Record<number, string>> = {
  400: 'The address or the headers of this request are malformed. Percent-encode the address as UTF-8.',
  413: 'The body is larger than any request may be. Send fewer values per request.',
  415: 'The Content-Type of this request is malformed. Send the body as application/scim+json.',
};

/**
 * The SCIM answer to a request that the HTTP layer refused before the server saw it: a broken address, a body above
 * every limit. Undefined for addresses that are not SCIM.
 */
export function refuseUnread(url: string, status: number): ScimResponse | undefined {
  const first = url.split(/[/?]+/, 2)[1] ?? '';
  if (first.toLowerCase() !== 'scim') return undefined;
  const { version, externalKey, path, query } = readAddress(url);
  const detail = DETAILS[status] ?? 'The request cannot be answered now. It is safe to send it again.';
  const request = {
    version,
    externalKey,
    path,
    query,
    method: '',
    headers: {},
    body: undefined,
    requestId: '',
  };
  const error = new ScimError(detail, { status });
  return writeRefusal(
    request,
    { error, headers: {}, reason: `http_${status}` },
    installedDialects.forVersion(version),
  );
}
