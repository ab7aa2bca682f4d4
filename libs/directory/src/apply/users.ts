import { foldKey, textArray, type JsonObject, type Queryable } from '#kernel';
import { directoryUserText, type DirectoryUser, type DirectoryUserText } from '#model';
import { matchTombstone, type Identity } from '../match/match-tombstone.js';
import { NOTHING_PENDING, pendingOf, type PendingUser } from '../guard/effective.js';
import { userFromRow, type UserRow, type UserToWrite } from '../rows/user-row.js';
import type { DirectoryRef } from './head.js';
import { ANY_BY_ID, BY_EXTERNAL_ID, BY_ID, BY_KEY, selectUsers, type VersionedRow } from './user-sql.js';
import type { UserTexts } from './user-texts.js';

/** Removed people keep their id this long. */
export const RESTORE_WINDOW_DAYS = 30;

interface Entry {
  readonly isNew: boolean;
  /** What was pending when the batch began. */
  readonly wasPending: PendingUser;
  /** As the source asserts it now; `deletedAt` is set when the source removed it. */
  current: DirectoryUser;
  deletedAt: string | null;
  /** What is in effect; the same object as `current` unless something is held back. */
  effective: DirectoryUser | undefined;
  counted: UserToWrite['counted'];
  folded: JsonObject | undefined;
  dirty: boolean;
  /** Which version of the row it was read from; undefined when it is new. */
  readonly rowVersion?: string;
}

/** A removed person, as the match needs it. */
export interface RemovedUser extends Identity {
  readonly id: string;
  readonly removedAt: string;
  readonly user: DirectoryUser;
}

/**
 * The users that a batch deals with: loaded set by set, changed in memory in the order of the requests, written at the
 * end. What is known about a key is what the requests before have made of it, not what the table says.
 */
export class BatchUsers {
  readonly #tx: Queryable;
  readonly #ref: DirectoryRef;
  readonly #entries = new Map<string, Entry>();
  readonly #idByKey = new Map<string, string>();
  readonly #knownKeys = new Set<string>();
  readonly #askedExternalIds = new Set<string>();
  /** Live users of whom only the text is known. */
  readonly #named = new Map<string, DirectoryUserText>();
  readonly #texts: UserTexts | undefined;

  constructor(tx: Queryable, ref: DirectoryRef, texts?: UserTexts) {
    this.#tx = tx;
    this.#ref = ref;
    this.#texts = texts;
  }

  /** Makes sure that everything that may collide with or be restored by these names and external ids is known. */
  async loadKeys(identities: readonly Identity[]): Promise<void> {
    const keys = identities.map((identity) => identity.key).filter((key) => !this.#knownKeys.has(key));
    const externalIds = identities
      .map((identity) => identity.externalId)
      .filter((id): id is string => id !== null && !this.#askedExternalIds.has(id));
    if (keys.length === 0 && externalIds.length === 0) return;
    await this.#load('directory_users_by_key', BY_KEY, [keys, externalIds, RESTORE_WINDOW_DAYS]);
    for (const key of keys) this.#knownKeys.add(key);
    for (const id of externalIds) this.#askedExternalIds.add(id);
  }

  async loadIds(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#entries.has(id));
    if (unknown.length > 0) await this.#load('directory_users_by_id', BY_ID, [textArray(unknown)]);
  }

  /** Users of whom only `isLive` and `inWords` will be asked: who is remembered from before need not be read again. */
  async loadNamed(ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#entries.has(id) && !this.#named.has(id));
    const texts = this.#texts;
    if (texts === undefined) return this.loadIds(unknown);
    const { remembered = [], others = [] } = Object.groupBy(unknown, (id) =>
      texts.has(id) ? 'remembered' : 'others',
    );
    const [told] = await Promise.all([texts.recall(this.#tx, this.#ref, remembered), this.loadIds(others)]);
    for (const [id, text] of told) this.#named.set(id, text);
    const changed = remembered.filter((id) => !told.has(id));
    await this.loadIds(changed);
    for (const id of [...others, ...changed]) this.#remember(texts, id);
  }

  /** Loads removed users, too. */
  async loadAny(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#load('directory_users_any', ANY_BY_ID, [ids]);
  }

  async loadExternalIds(externalIds: readonly string[]): Promise<void> {
    if (externalIds.length > 0)
      await this.#load('directory_users_by_external_id', BY_EXTERNAL_ID, [externalIds]);
  }

  /** A live user by id; call loadIds before. */
  get(id: string): DirectoryUser | undefined {
    const entry = this.#entries.get(id);
    return entry && entry.deletedAt === null ? entry.current : undefined;
  }

  /** Whether the source asserts the user; call `loadNamed` before. */
  isLive(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry ? entry.deletedAt === null : this.#named.has(id);
  }

  /** What is in effect of a user, or how it is told, also when the source has removed it; call `loadNamed` before. */
  inWords(id: string): DirectoryUser | DirectoryUserText | undefined {
    const entry = this.#entries.get(id);
    return entry ? entry.effective : this.#named.get(id);
  }

  /** What is in effect of a user, also when the source has removed it. */
  inEffect(id: string): DirectoryUser | undefined {
    return this.#entries.get(id)?.effective;
  }

  /** As the source asserts it, or asserted it last. */
  asserted(id: string): DirectoryUser | undefined {
    return this.#entries.get(id)?.current;
  }

  pendingOf(id: string): PendingUser {
    const entry = this.#entries.get(id);
    return entry ? pendingNow(entry) : NOTHING_PENDING;
  }

  /** When the guard last counted the user. */
  countedAt(id: string, kind: keyof Entry['counted']): string | undefined {
    return this.#entries.get(id)?.counted[kind];
  }

  markCounted(id: string, kind: keyof Entry['counted'], at: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.counted = { ...entry.counted, [kind]: at };
  }

  /** The live users with this external id among the loaded ones. */
  byExternalId(externalId: string): DirectoryUser | undefined {
    for (const entry of this.#entries.values())
      if (entry.deletedAt === null && entry.current.externalId === externalId) return entry.current;
    return undefined;
  }

  /** Who holds a user name now; call loadKeys before. */
  holderOf(key: string): string | undefined {
    return this.#idByKey.get(key);
  }

  findRemoved(arriving: Identity): RemovedUser | undefined {
    const removed: RemovedUser[] = [];
    for (const { current, deletedAt } of this.#entries.values())
      if (deletedAt !== null)
        removed.push({
          id: current.id,
          removedAt: deletedAt,
          externalId: current.externalId,
          key: foldKey(current.userName),
          user: current,
        });
    return matchTombstone(removed, arriving);
  }

  /** What the source asserts now, and what of it is in effect. */
  put(user: DirectoryUser, folded: JsonObject | undefined, effective: DirectoryUser = user): void {
    const entry = this.#entries.get(user.id);
    if (!entry) {
      this.#entries.set(user.id, {
        isNew: true,
        wasPending: NOTHING_PENDING,
        current: user,
        deletedAt: null,
        effective,
        counted: {},
        folded,
        dirty: true,
      });
    } else {
      if (entry.deletedAt === null) this.#idByKey.delete(foldKey(entry.current.userName));
      entry.current = user;
      entry.deletedAt = null;
      entry.effective = effective;
      entry.folded = folded ?? entry.folded;
      entry.dirty = true;
    }
    this.#idByKey.set(foldKey(user.userName), user.id);
  }

  remove(id: string, deletedAt: string): void {
    this.hold(id, deletedAt);
    this.setEffective(id, undefined);
  }

  /** The source has removed the user, who stays in effect. */
  hold(id: string, deletedAt: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (entry.deletedAt === null) this.#idByKey.delete(foldKey(entry.current.userName));
    entry.deletedAt = deletedAt;
    entry.dirty = true;
  }

  /** Changes what is in effect; what the source asserts stays as it is. */
  setEffective(id: string, effective: DirectoryUser | undefined): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.effective = effective;
    entry.dirty = true;
  }

  toInsert(): UserToWrite[] {
    return this.#dirty(true);
  }

  toUpdate(): UserToWrite[] {
    return this.#dirty(false);
  }

  /** Users of whom something else is pending than when the batch began. */
  pendingChanges(): { readonly id: string; readonly before: PendingUser; readonly after: PendingUser }[] {
    return [...this.#entries]
      .filter(([, entry]) => entry.dirty)
      .map(([id, entry]) => ({ id, before: entry.wasPending, after: pendingNow(entry) }));
  }

  #dirty(isNew: boolean): UserToWrite[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.dirty && entry.isNew === isNew)
      .map(({ current, effective, folded, deletedAt, counted }) => ({
        user: current,
        effective,
        folded,
        deletedAt,
        counted,
      }));
  }

  #remember(texts: UserTexts, id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.effective === undefined || entry.rowVersion === undefined || entry.dirty) return;
    texts.set(id, { rowVersion: entry.rowVersion, text: directoryUserText(entry.effective) });
  }

  async #load(name: string, condition: string, values: readonly unknown[]): Promise<void> {
    const isVersioned = this.#texts !== undefined;
    const rows = await this.#tx.query<VersionedRow>({
      name: isVersioned ? `${name}_versioned` : name,
      text: selectUsers(condition, isVersioned),
      values: [this.#ref.environmentId, this.#ref.directoryId, ...values],
    });
    for (const row of rows) this.#learn(row);
  }

  /** What the batch has already changed wins over what the table says. */
  #learn(row: VersionedRow): void {
    if (this.#entries.has(row.id)) return;
    const current = { ...userFromRow(row, 'source'), pendingRemoval: false };
    const deletedAt = row.asserted_deleted_at;
    const effective = effectiveOf(row, current);
    this.#entries.set(row.id, {
      isNew: false,
      wasPending: pendingOf(current, deletedAt !== null, effective),
      current,
      deletedAt,
      effective,
      counted: countedOf(row),
      folded: undefined,
      dirty: false,
      rowVersion: row.row_version,
    });
    if (deletedAt === null) this.#idByKey.set(foldKey(current.userName), row.id);
  }
}

function effectiveOf(row: UserRow, asserted: DirectoryUser): DirectoryUser | undefined {
  if (row.deleted_at !== null) return undefined;
  if (row.active === row.asserted_active && !row.guard?.effective) return asserted;
  return { ...userFromRow(row, 'effective'), pendingRemoval: false };
}

function countedOf({ guard }: UserRow): Entry['counted'] {
  if (!guard) return {};
  const { effective: _, ...counted } = guard;
  return counted;
}

function pendingNow(entry: Entry): PendingUser {
  return pendingOf(entry.current, entry.deletedAt !== null, entry.effective);
}
