import { dnKey } from './dn.js';

/**
 * Of the addresses to which a search refers (RFC 4511 4.5.3) those that are for a part of what was searched: other
 * servers also name what lies beside it.
 */
export function partsElsewhere(urls: readonly string[], base: string): readonly string[] {
  const key = dnKey(base);
  return urls.filter((url) => {
    const name = dnIn(url);
    return name === '' || key === '' || `,${dnKey(name)}`.endsWith(`,${key}`);
  });
}

/** The name in an LDAP URL (RFC 4516); empty when there is none. */
function dnIn(url: string): string {
  const name = /^[a-z]+:\/\/[^/]*\/([^?]*)/i.exec(url)?.[1] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
