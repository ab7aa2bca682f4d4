import type { SnapshotKind } from '#model';
import { SourceError } from './source-error.js';

/**
 * Asks for records one by one. `exists` answers undefined when the vendor has not said clearly that there is none: a
 * 404 that a proxy gave, for example. Such ids are left out, and nobody counts as gone because of them.
 */
export async function lookUpEach(
  ids: readonly string[],
  exists: (id: string) => Promise<boolean | undefined>,
): Promise<ReadonlyMap<string, 'present' | 'gone'>> {
  const found = new Map<string, 'present' | 'gone'>();
  for (const id of ids) {
    const isThere = await exists(id);
    if (isThere !== undefined) found.set(id, isThere ? 'present' : 'gone');
  }
  return found;
}

/** What a vendor calls a kind in its addresses. */
export function plural(kind: SnapshotKind): 'users' | 'groups' {
  return kind === 'user' ? 'users' : 'groups';
}

/** A 404 that the vendor's own words do not explain: it may come from anything between us and the vendor. */
export function strange404(vendor: string): SourceError {
  return new SourceError(
    'source_changed_shape',
    `Something answered "404 Not Found" that is not ${vendor}: a proxy, or another service at this address.`,
  );
}
