import { newId, type Clock, type Database, type JsonObject } from '#kernel';
import type { StateReason, UserInput } from '#model';
import type { RunGuard, SnapshotStore } from './snapshot.js';

interface DueRow {
  readonly environment_id: string;
  readonly directory_id: string;
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
    readonly clock: Clock;
  };

  constructor(parts: {
    readonly database: Database;
    readonly store: SnapshotStore;
    readonly guard: RunGuard;
    readonly clock: Clock;
  }) {
    this.#parts = parts;
  }

  /** Any number of workers may call it: whoever is late finds nobody, and a state applied twice changes nothing. */
  async applyDue(limit: number): Promise<number> {
    const due = await this.#parts.database.query<DueRow & Record<string, unknown>>({
      name: 'snapshot_due_transitions',
      text: `SELECT r.environment_id, r.directory_id, r.source_id, r.entity_id, r.upcoming FROM source_records r
        JOIN directories d ON d.environment_id = r.environment_id AND d.id = r.directory_id
          AND d.deleted_at IS NULL AND d.paused_at IS NULL
        WHERE r.kind = 'user' AND r.upcoming_at <= $1 ORDER BY r.upcoming_at LIMIT $2`,
      values: [this.#parts.clock.now().toISOString(), limit],
    });
    for (const rows of Map.groupBy(due, (row) => `${row.environment_id} ${row.directory_id}`).values())
      await this.#applyOf(rows);
    return due.length;
  }

  async #applyOf(rows: readonly DueRow[]): Promise<void> {
    const { store } = this.#parts;
    const [{ environment_id: environmentId, directory_id: directoryId }] = rows as [DueRow];
    const ref = { environmentId, directoryId };
    const runId = newId('run');
    const holdId = await this.#judge(ref, runId, rows);
    await store.applyAll(
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
        environmentId,
        directoryId,
        rows.map((row) => row.source_id),
        rows.map((row) => JSON.stringify(row.upcoming)),
      ],
    });
  }

  async #judge(
    ref: { readonly environmentId: string; readonly directoryId: string },
    runId: string,
    rows: readonly DueRow[],
  ): Promise<string | null> {
    const users = rows.filter(({ upcoming }) => upcoming['active'] === false).length;
    if (users === 0) return null;
    const losses = { users, groups: 0, memberships: 0, identityChanges: 0, emptied: [] };
    const { hold, reasons } = await this.#parts.guard.judge(ref, losses);
    if (!hold) return null;
    const counts = { users, groups: 0, memberships: 0, identities: 0 };
    return (await this.#parts.guard.openForRun(ref, { runId, reasons, counts })).id;
  }
}
