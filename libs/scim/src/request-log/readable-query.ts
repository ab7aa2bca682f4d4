import type { ScimRequest } from '../http/messages.js';
import { isSecretName, maskText } from './redact.js';

const LONGEST = 2_000;

/** The query as people read it: decoded, secrets masked; null when there is none. */
export function readableQuery({ query }: Pick<ScimRequest, 'query'>): string | null {
  if (query === '') return null;
  const parts = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${readable(name, value)}`);
  return parts.join('&').replaceAll('\u0000', '\ufffd').toWellFormed().slice(0, LONGEST);
}

/** The filter of a list request, secrets masked; undefined when it has none. */
export function filterOf({ query }: Pick<ScimRequest, 'query'>): string | undefined {
  if (!query.includes('filter=')) return undefined;
  const filter = new URLSearchParams(query).get('filter');
  return filter === null || filter === '' ? undefined : readable('filter', filter);
}

/** A filter on a secret (`password eq "…"`) goes as a whole; what it looks for may be called like one. */
function readable(name: string, value: string): string {
  const isSecret = isSecretName(name) || isSecretName(value.replaceAll(/"[^"]*"/g, ''));
  return isSecret ? '[masked]' : maskText(value);
}
