import { AuthenticationError } from '#kernel';
import type { DialectSwitches } from '../dialects/switches.js';
import { headerOf, type ScimRequest } from './messages.js';

/** Longer than any token we hand out; nobody makes us hash megabytes. */
const LONGEST_TOKEN = 1_024;

/**
 * The directory token of a request: `Bearer <token>`, or the password of `Basic` with any user name. Schemes are
 * case-insensitive (RFC 9110 11.1). A header of one word is read as the token alone; `checkScheme` decides about it
 * once the directory is known.
 * @throws AuthenticationError that says what the header must look like
 */
export function readToken(request: Pick<ScimRequest, 'headers'>): string {
  const header = headerOf(request, 'authorization');
  if (header === undefined)
    throw new AuthenticationError(
      'The Authorization header is missing. Send "Authorization: Bearer <token>" with the token of this directory.',
      { code: 'token_missing' },
    );
  const blank = header.indexOf(' ');
  const scheme = header.slice(0, blank).toLowerCase();
  const credential = header.slice(blank + 1).trim();
  const token =
    blank === -1 ? header : scheme === 'bearer' ? credential : scheme === 'basic' ? password(credential) : '';
  if (token === '' || token.length > LONGEST_TOKEN) throw malformed();
  return token;
}

/** @throws AuthenticationError for a token without a scheme, unless the IdP of this directory sends it like that */
export function checkScheme(
  request: Pick<ScimRequest, 'headers'>,
  { bareToken }: Pick<DialectSwitches, 'bareToken'>,
): void {
  if (!bareToken && headerOf(request, 'authorization')?.includes(' ') === false) throw malformed();
}

function malformed(): AuthenticationError {
  return new AuthenticationError(
    'The Authorization header has no usable token. Send "Authorization: Bearer <token>" with the token of this directory.',
    { code: 'token_malformed' },
  );
}

function password(credential: string): string {
  const text = Buffer.from(credential.slice(0, 4 * LONGEST_TOKEN), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? '' : text.slice(colon + 1);
}
