import { InvalidInputError } from '#kernel';
import { bareHost } from '#outbound';

const MAX_LENGTH = 2_048;

/** An address that was given to us, parsed once; all decisions are made on these fields, never on the text. */
export interface EndpointUrl {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly secure: boolean;
  /** Name without a final full stop, or an IP address without brackets. */
  readonly host: string;
}

/**
 * Parses the address of a webhook endpoint. `new URL` comes first, because it turns `0x7f.1`, `2130706433` and circled
 * digits into the address that would really be connected to.
 * @throws InvalidInputError code `invalid_url`
 */
export function parseEndpointUrl(text: string): EndpointUrl {
  if (text.length > MAX_LENGTH) throw invalidUrl(`The URL is longer than ${MAX_LENGTH} characters.`);
  const url = URL.parse(text);
  if (url === null) throw invalidUrl('This is not a URL. Send one such as https://example.com/webhooks.');
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') throw invalidUrl('The URL must begin with https://.');
  if (url.username !== '' || url.password !== '')
    throw invalidUrl('The URL must not hold a user name or password. Use a custom header instead.');
  if (!isPossiblePort(url.port))
    throw invalidUrl(`Port ${url.port} is not possible. Use 443, 80 or one from 1024.`);
  return { origin: url.origin, path: url.pathname + url.search, secure, host: bareHost(url.hostname) };
}

/** An empty text is the scheme's own port. */
function isPossiblePort(port: string): boolean {
  return port === '' || port === '443' || port === '80' || Number(port) >= 1_024;
}

/** The refusal of an address; the same words whatever the address is. */
export function invalidUrl(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_url' });
}
