/** What decides whether a removed resource and a new one are the same. */
export interface Identity {
  readonly externalId: string | null;
  /** Folding key of the user name or group name. */
  readonly key: string;
}

export interface Tombstone extends Identity {
  readonly id: string;
  readonly removedAt: string;
}

/**
 * Finds whom a create brings back. The same person has an equal `externalId`; if one side has none, an equal name key.
 * An equal name with a different `externalId` is somebody else. Of several, the one removed last counts.
 */
export function matchTombstone<T extends Tombstone>(
  tombstones: readonly T[],
  arriving: Identity,
): T | undefined {
  return tombstones
    .filter((removed) => isSame(removed, arriving))
    .toSorted((a, b) => (a.removedAt < b.removedAt ? 1 : -1))
    .at(0);
}

function isSame(removed: Identity, arriving: Identity): boolean {
  if (removed.externalId !== null && arriving.externalId !== null)
    return removed.externalId === arriving.externalId;
  return removed.key === arriving.key;
}
