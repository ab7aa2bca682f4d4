/** Weak entity tag of a version, also shown as `meta.version` (RFC 7644 3.14). */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/**
 * Versions that an `If-Match` header accepts (RFC 9110 13.1.1): `any` for `*`, undefined without a header. Tags that
 * are not ours match nothing, so a header of only such tags gives an empty list, which refuses every version.
 */
export function readIfMatch(header: string | undefined | null): number[] | 'any' | undefined {
  const tags = readTags(header);
  if (tags === undefined || tags === 'any') return tags;
  return tags.flatMap((tag) => (/^\d{1,15}$/.test(tag) ? [Number(tag)] : []));
}

/** True when `If-None-Match` names this version, i.e. a GET is answered with 304 (RFC 9110 13.1.2). */
export function matchesIfNoneMatch(header: string | undefined | null, version: number): boolean {
  const tags = readTags(header);
  if (tags === undefined) return false;
  return tags === 'any' || tags.includes(String(version));
}

/** Opaque parts of the listed tags. Clients drop the quotes or the `W/`, so both are optional. */
function readTags(header: string | undefined | null): string[] | 'any' | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  const tags = text.split(',').map((tag) => tag.trim());
  if (tags.includes('*')) return 'any';
  return tags.filter((tag) => tag !== '').map((tag) => tag.replace(/^W\//i, '').replace(/^"(.*)"$/, '$1'));
}
