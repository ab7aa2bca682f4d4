import { newId, type Database, type JsonObject } from '#kernel';
import type { StateReason, UserInput } from '#model';
import type { DirectoryRef } from '../apply/head.js';
import { countActive, weighStated } from './losses.js';
import type { RunGuard, SnapshotStore } from './snapshot.js';

interface DueRow {
  readonly source_id: string;
  readonly entity_id: string;
  readonly upcoming: JsonObject;
}

/** Applies states that were dated: the day of hire has come, the last day is over. The source is not asked. */
export class Transitions {
  readonly #parts: {
    readonly database: Database;
    readonly store: SnapshotStore;
    readonly guard: RunGuard;
  };

  constructor(parts: {
    readonly database: Database;
    readonly store: SnapshotStore;
    readonly guard: RunGuard;
  }) {
    this.#parts = parts;
  }

  /**
   * Any number of workers may call it: whoever is late finds nobody, and a state applied twice changes nothing. Of a
   * directory with somebody among the first `limit` all that are due are judged together, and applied so many at a time.
   * @returns how many of the first `limit` there were
   */
  async applyDue(limit: number): Promise<number> {
    // By the clock of the database: that of a worker may be ahead, and nobody's last day is over early.
    const due = await this.#parts.database.query<DirectoryRef & { readonly at: string }>({
      name: 'snapshot_due_transitions',
      text: `SELECT r.environment_id AS "environmentId", r.directory_id AS "directoryId", now()::text AS at
        FROM source_records r
        JOIN directories d ON d.environment_id = r.environment_id AND d.id = r.directory_id
          AND d.deleted_at IS NULL AND d.paused_at IS NULL
        WHERE r.kind = 'user' AND r.upcoming_at <= now() ORDER BY r.upcoming_at LIMIT $1`,
      values: [limit],
    });
    const refs = new Map(due.map((ref) => [`${ref.environmentId} ${ref.directoryId}`, ref]));
    for (const { at, ...ref } of refs.values()) await this.#applyOf(ref, { at, limit });
    return due.length;
  }

  async #applyOf(ref: DirectoryRef, { at, limit }: { at: string; limit: number }): Promise<void> {
    const runId = newId('run');
    const holdId = await this.#judge(ref, runId, at);
    for (let isMore = true; isMore;) {
      const rows = await this.#dueOf(ref, { at, limit });
      isMore = rows.length === limit;
      if (rows.length > 0) await this.#apply(ref, rows, { runId, holdId });
    }
  }

  #dueOf(ref: DirectoryRef, { at, limit }: { at: string; limit: number }): Promise<DueRow[]> {
    return this.#parts.database.query<DueRow & Record<string, unknown>>({
      name: 'snapshot_due_of',
      text: `SELECT r.source_id, r.entity_id, r.upcoming FROM source_records r
        WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'user' AND r.upcoming_at <= $3
        ORDER BY r.upcoming_at, r.source_id LIMIT $4`,
      values: [ref.environmentId, ref.directoryId, at, limit],
    });
  }

  async #apply(
    ref: DirectoryRef,
    rows: readonly DueRow[],
    { runId, holdId }: { readonly runId: string; readonly holdId: string | null },
  ): Promise<void> {
    await this.#parts.store.applyAll(
      ref,
      rows.map(({ entity_id: id, upcoming }) => ({
        kind: 'update_user',
        id,
        update: (current): UserInput => ({
          ...current,
          folded: {},
          active: upcoming['active'] === true,
          stateReason: (upcoming['stateReason'] ?? null) as StateReason | null,
        }),
      })),
      { removals: { kind: 'judged', holdId }, runId },
    );
    await this.#parts.database.query({
      name: 'snapshot_transitions_done',
      text: `UPDATE source_records r SET upcoming_at = NULL, upcoming = NULL
        FROM unnest($3::text[], $4::jsonb[]) AS done (source_id, upcoming)
        WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'user' AND r.source_id = done.source_id
          AND r.upcoming = done.upcoming`,
      values: [
        ref.environmentId,
        ref.directoryId,
        rows.map((row) => row.source_id),
        rows.map((row) => JSON.stringify(row.upcoming)),
      ],
    });
  }

  /** All that is due in the directory: a date that was entered for everybody comes for everybody. */
  async #judge(ref: DirectoryRef, runId: string, at: string): Promise<string | null> {
    const { database, guard } = this.#parts;
    const [{ ending } = { ending: 0 }] = await database.query<{ ending: number }>({
      name: 'snapshot_due_ends',
      text: `SELECT count(*)::float8 AS ending FROM source_records r WHERE r.environment_id = $1 AND r.directory_id = $2
        AND r.kind = 'user' AND r.upcoming_at <= $3 AND r.upcoming ->> 'active' = 'false'`,
      values: [ref.environmentId, ref.directoryId, at],
    });
    if (ending === 0) return null;
    const usersWeight = weighStated(ending, await countActive(database, ref));
    const losses = { users: ending, usersWeight, groups: 0, memberships: 0, identityChanges: 0, emptied: [] };
    const { hold, reasons } = await guard.judge(ref, losses);
    if (!hold) return null;
    const counts = { users: ending, groups: 0, memberships: 0, identities: 0 };
    return (await guard.openForRun(ref, { runId, reasons, counts })).id;
  }
}
