import { notAcceptable } from '../protocol/errors.js';
import { headerOf, type ScimRequest } from './messages.js';

const JSON_RANGES = /^(\*\/\*|application\/\*|.*[/+]json)$/;

/**
 * A client that takes XML and nothing else could not read any answer (SCIM 1.1 has XML as an option). Every other
 * `Accept` is answered with JSON, as odd as it may be.
 * @throws ScimError 406
 */
export function checkAccept(request: Pick<ScimRequest, 'headers'>): void {
  const header = headerOf(request, 'accept')?.toLowerCase();
  if (header === undefined || !header.includes('xml')) return;
  const ranges = header.split(',').map((range) => (range.split(';')[0] ?? '').trim());
  if (ranges.some((range) => JSON_RANGES.test(range))) return;
  throw notAcceptable(
    'This server answers in JSON only. Send "Accept: application/json", and set the client to JSON instead of XML.',
    'Accept',
  );
}
