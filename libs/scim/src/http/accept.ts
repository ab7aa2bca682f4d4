import { notAcceptable } from '../protocol/errors.js';
import { headerOf, type ScimRequest } from './messages.js';

const JSON_RANGES = /^(\*\/\*|application\/\*|.*[/+]json)$/;

/**
 * A client that takes XML and nothing else could not read any answer (SCIM 1.1 has XML as an option). Every other
 * `Accept` is answered with JSON, as odd as it may be.
 * @throws ScimError 406
 */
export function checkAccept(request: Pick<ScimRequest, 'headers' | 'path' | 'version'>): void {
  if (formatOf(request) === 'xml') throw jsonOnly('path');
  const header = headerOf(request, 'accept')?.toLowerCase();
  if (header === undefined || !header.includes('xml')) return;
  const ranges = header.split(',').map((range) => (range.split(';')[0] ?? '').trim());
  if (ranges.some((range) => JSON_RANGES.test(range))) return;
  throw jsonOnly('Accept');
}

function jsonOnly(attribute: string): Error {
  return notAcceptable(
    'This server answers in JSON only. Send "Accept: application/json", and set the client to JSON instead of XML.',
    attribute,
  );
}

const SUFFIX = /\.(json|xml)\/?$/i;

/** 1.1 clients may name the format at the end of an address, as in `/Users.json` (SCIM 1.1 protocol, section 3.7). */
function formatOf({ path, version }: Pick<ScimRequest, 'path' | 'version'>): string | undefined {
  return version === '1.1' ? SUFFIX.exec(path)?.[1]?.toLowerCase() : undefined;
}

/** The path without the name of a format. Ids of ours never end in one. */
export function pathWithoutFormat(request: Pick<ScimRequest, 'path' | 'version'>): string {
  return formatOf(request) === undefined ? request.path : request.path.replace(SUFFIX, '');
}
