import { foldKey, type JsonObject, type Queryable } from '#kernel';
import type { DirectoryGroup } from '#model';
import { matchTombstone, type Identity } from '../match/match-tombstone.js';
import { GROUP_COLUMNS, groupFromRow, type GroupRow, type GroupToWrite } from '../rows/group-row.js';
import type { DirectoryRef } from './head.js';
import { THE_DIRECTORY } from './the-directory.js';
import { RESTORE_WINDOW_DAYS } from './users.js';

interface Entry {
  readonly isNew: boolean;
  /** The source had removed it when the batch began, while it stayed in effect. */
  readonly wasHeld: boolean;
  current: DirectoryGroup;
  /** When the source removed it. */
  deletedAt: string | null;
  inEffect: boolean;
  folded: JsonObject | undefined;
  dirty: boolean;
}

/** The groups that a batch deals with; the counterpart of BatchUsers. */
export class BatchGroups {
  readonly #tx: Queryable;
  readonly #ref: DirectoryRef;
  readonly #entries = new Map<string, Entry>();

  constructor(tx: Queryable, ref: DirectoryRef) {
    this.#tx = tx;
    this.#ref = ref;
  }

  /** Loads removed groups, too. */
  async loadAny(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#load('directory_groups_any', ANY_BY_ID, [ids]);
  }

  async loadIds(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#entries.has(id));
    if (unknown.length > 0) await this.#load('directory_groups_by_id', BY_ID, [unknown]);
  }

  /** Makes sure that live and recently removed groups with these names or external ids are known. */
  async loadIdentities(identities: readonly Identity[]): Promise<void> {
    if (identities.length === 0) return;
    const externalIds = identities.map((identity) => identity.externalId).filter((id) => id !== null);
    await this.#loadIdentities(
      identities.map((identity) => identity.key),
      externalIds,
    );
  }

  async loadExternalIds(externalIds: readonly string[]): Promise<void> {
    if (externalIds.length > 0) await this.#loadIdentities([], externalIds);
  }

  /** A live group by id; call loadIds before. */
  get(id: string): DirectoryGroup | undefined {
    const entry = this.#entries.get(id);
    return entry && entry.deletedAt === null ? entry.current : undefined;
  }

  /** A group that is in effect, also when the source has removed it. */
  inEffect(id: string): DirectoryGroup | undefined {
    const entry = this.#entries.get(id);
    return entry?.inEffect ? entry.current : undefined;
  }

  /** A group that the source has removed, whether that took effect or not. */
  removed(id: string): DirectoryGroup | undefined {
    const entry = this.#entries.get(id);
    return entry && entry.deletedAt !== null ? entry.current : undefined;
  }

  /** Another live group with this name; call loadIdentities before. */
  withName(key: string, exceptId?: string): DirectoryGroup | undefined {
    return this.#find((group) => group.id !== exceptId && foldKey(group.name) === key);
  }

  /** Another live group with this external id; call loadIdentities or loadExternalIds before. */
  withExternalId(externalId: string, exceptId?: string): DirectoryGroup | undefined {
    return this.#find((group) => group.id !== exceptId && group.externalId === externalId);
  }

  findRemoved(arriving: Identity): DirectoryGroup | undefined {
    const removed = [...this.#entries.values()]
      .filter((entry) => entry.deletedAt !== null)
      .map(({ current, deletedAt }) => ({
        id: current.id,
        removedAt: deletedAt as string,
        externalId: current.externalId,
        key: foldKey(current.name),
        group: current,
      }));
    return matchTombstone(removed, arriving)?.group;
  }

  put(group: DirectoryGroup, folded: JsonObject | undefined): void {
    const entry = this.#entries.get(group.id);
    if (!entry) {
      this.#entries.set(group.id, {
        isNew: true,
        wasHeld: false,
        current: group,
        deletedAt: null,
        inEffect: true,
        folded,
        dirty: true,
      });
      return;
    }
    entry.current = group;
    entry.deletedAt = null;
    entry.inEffect = true;
    entry.folded = folded ?? entry.folded;
    entry.dirty = true;
  }

  remove(id: string, deletedAt: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.deletedAt = deletedAt;
    entry.inEffect = false;
    entry.dirty = true;
  }

  /** The source has removed it, and it stays in effect. */
  hold(id: string, deletedAt: string): void {
    this.remove(id, deletedAt);
    this.revive(id);
  }

  /** In effect again; what the source asserts stays as it is. */
  revive(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.inEffect = true;
    entry.dirty = true;
  }

  newlyHeld(): string[] {
    return this.#ids((entry) => isHeld(entry) && !entry.wasHeld);
  }

  noLongerHeld(): string[] {
    return this.#ids((entry) => entry.wasHeld && !isHeld(entry));
  }

  toInsert(): GroupToWrite[] {
    return this.#dirty(true);
  }

  toUpdate(): GroupToWrite[] {
    return this.#dirty(false);
  }

  #loadIdentities(keys: readonly string[], externalIds: readonly string[]): Promise<void> {
    return this.#load('directory_groups_by_identity', BY_IDENTITY, [keys, externalIds, RESTORE_WINDOW_DAYS]);
  }

  #dirty(isNew: boolean): GroupToWrite[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.dirty && entry.isNew === isNew)
      .map(({ current, folded, deletedAt, inEffect }) => ({ group: current, folded, deletedAt, inEffect }));
  }

  #ids(wanted: (entry: Entry) => boolean): string[] {
    return [...this.#entries].filter(([, entry]) => wanted(entry)).map(([id]) => id);
  }

  #find(matches: (group: DirectoryGroup) => boolean): DirectoryGroup | undefined {
    for (const { current, deletedAt } of this.#entries.values())
      if (deletedAt === null && matches(current)) return current;
    return undefined;
  }

  async #load(name: string, condition: string, values: readonly unknown[]): Promise<void> {
    const rows = await this.#tx.query<GroupRow>({
      name,
      text: `SELECT ${GROUP_COLUMNS} ${condition}`,
      values: [this.#ref.environmentId, this.#ref.directoryId, ...values],
    });
    for (const row of rows) {
      if (this.#entries.has(row.id)) continue;
      const inEffect = row.deleted_at === null;
      this.#entries.set(row.id, {
        isNew: false,
        wasHeld: inEffect && row.asserted_deleted_at !== null,
        current: { ...groupFromRow(row), pendingRemoval: false },
        deletedAt: row.asserted_deleted_at,
        inEffect,
        folded: undefined,
        dirty: false,
      });
    }
  }
}

function isHeld(entry: Entry): boolean {
  return entry.inEffect && entry.deletedAt !== null;
}

const ANY_BY_ID = `FROM unnest($3::text[]) AS wanted (id)
  CROSS JOIN LATERAL (SELECT * FROM directory_groups g
    WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.id = wanted.id) g
  ${THE_DIRECTORY}`;

const BY_ID = `FROM unnest($3::text[]) AS wanted (id)
  CROSS JOIN LATERAL (SELECT * FROM directory_groups g
    WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.id = wanted.id AND g.asserted_deleted_at IS NULL) g
  ${THE_DIRECTORY}`;

const BY_IDENTITY = `FROM (
    SELECT t.id FROM unnest($3::text[]) AS wanted (key)
      CROSS JOIN LATERAL (SELECT id FROM directory_groups t
        WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.name_key = wanted.key
          AND (t.deleted_at IS NULL OR t.asserted_deleted_at > now() - make_interval(days => $5))
        ORDER BY t.asserted_deleted_at DESC NULLS FIRST LIMIT 20) t
    UNION
    SELECT t.id FROM unnest($4::text[]) AS wanted (external_id)
      CROSS JOIN LATERAL (SELECT id FROM directory_groups t
        WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.external_id = wanted.external_id
          AND (t.deleted_at IS NULL OR t.asserted_deleted_at > now() - make_interval(days => $5))
        ORDER BY t.asserted_deleted_at DESC NULLS FIRST LIMIT 20) t
  ) AS found
  CROSS JOIN LATERAL (SELECT * FROM directory_groups g
    WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.id = found.id) g
  ${THE_DIRECTORY}`;
