import { SourceError } from '../source-error.js';
import type { SourceHttpOptions, SourceRequest } from './source-http.js';

/** Origin → origin that is asked instead of it. */
export type Origins = ReadonlyMap<string, string>;

/**
 * Where a request goes: below the base URL, or to an absolute link of an answer. Links leave the configured origins
 * never, because the credential goes with them.
 * @throws SourceError
 */
export function requestUrl(
  options: Pick<SourceHttpOptions, 'baseUrl' | 'alsoAllowed'> & { readonly origins?: Origins },
  request: SourceRequest,
): URL {
  const moved = (url: URL): URL => movedUrl(url, options.origins);
  const url = moved(
    request.url === undefined ? belowBase(options.baseUrl, request.path ?? '') : link(request.url),
  );
  const origins = [options.baseUrl, ...(options.alsoAllowed ?? [])].map(
    (allowed) => moved(parse(allowed)).origin,
  );
  if (!origins.includes(url.origin))
    throw new SourceError(
      'source_changed_shape',
      `The source sent a link to another host (${url.host}); only ${origins.join(', ')} is asked. Nothing was sent there.`,
    );
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** A gateway hands on links as the vendor wrote them, an emulator writes its own. */
function movedUrl(url: URL, origins: Origins | undefined): URL {
  const target = origins?.get(url.origin);
  return target === undefined ? url : new URL(url.href.replace(url.origin, target));
}

function belowBase(baseUrl: string, path: string): URL {
  // An id out of an answer may be `..`, which encodeURIComponent leaves as it is.
  if (/(^|\/)\.{1,2}(\/|$)/.test(path.split('?', 1)[0] ?? ''))
    throw new SourceError('source_changed_shape', 'The source sent an id that is no id ("." or "..").');
  return parse(`${baseUrl.replace(/\/+$/, '')}${path}`);
}

function link(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '')
    throw new SourceError('source_changed_shape', 'The source sent a link that is no usable web address.');
  url.hash = '';
  return url;
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol))
    throw new SourceError('config_error', `"${text}" is no web address such as https://example.com.`);
  return url;
}
