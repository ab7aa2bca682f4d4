import type { JsonObject, Queryable } from '#kernel';
import type { NewEvent } from '#model';
import type { DirectoryRef } from '../apply/head.js';

/** How many things of each kind. */
export interface HoldCounts {
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  readonly identities: number;
}

/**
 * `open` waits for a decision, `approving` is being applied, `approved` was applied. `rejected` stays pending until the
 * source takes it back or somebody approves it after all. `withdrawn`: the source took everything back.
 */
export type HoldState = 'open' | 'approving' | 'approved' | 'rejected' | 'withdrawn';

/** Removals that wait. `restore`: removals that were undone here while the source still asserts them. */
export interface Hold {
  readonly id: string;
  readonly environmentId: string;
  readonly directoryId: string;
  readonly source: 'push' | 'pull' | 'restore';
  readonly state: HoldState;
  readonly runId: string | null;
  /** One sentence for each limit that was exceeded. */
  readonly reasons: readonly string[];
  /** What was judged when the hold was opened. */
  readonly counts: HoldCounts;
  readonly openedAt: string;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
}

export type NewHold = Pick<Hold, 'id' | 'source' | 'state' | 'runId' | 'reasons' | 'counts' | 'openedAt'>;

export async function insertHold(tx: Queryable, ref: DirectoryRef, hold: NewHold): Promise<void> {
  const { id, source, state, runId, reasons, counts, openedAt } = hold;
  await tx.query({
    name: 'holds_insert',
    text: `INSERT INTO holds (environment_id, directory_id, id, source, state, run_id, reasons, counts, opened_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [
      ref.environmentId,
      ref.directoryId,
      id,
      source,
      state,
      runId,
      reasons,
      JSON.stringify(counts),
      openedAt,
    ],
  });
}

export const HOLD_COLUMNS = `h.id, h.environment_id, h.directory_id, h.source, h.state, h.run_id, h.reasons, h.counts,
  h.opened_at, h.decided_at, h.decided_by`;

/** A row as HOLD_COLUMNS selects it. */
export interface HoldRow {
  readonly id: string;
  readonly environment_id: string;
  readonly directory_id: string;
  readonly source: Hold['source'];
  readonly state: HoldState;
  readonly run_id: string | null;
  readonly reasons: string[];
  readonly counts: HoldCounts;
  readonly opened_at: string;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
}

export function holdFromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    environmentId: row.environment_id,
    directoryId: row.directory_id,
    source: row.source,
    state: row.state,
    runId: row.run_id,
    reasons: row.reasons,
    counts: row.counts,
    openedAt: row.opened_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
  };
}

/** The wire form of a hold, in REST and in the notices. */
export function holdWire(directoryId: string, hold: NewHold & Partial<Hold>): JsonObject {
  return {
    object: 'removal_hold',
    id: hold.id,
    directory_id: directoryId,
    source: hold.source,
    state: hold.state,
    run_id: hold.runId,
    reasons: [...hold.reasons],
    judged: { ...hold.counts },
    opened_at: hold.openedAt,
    decided_at: hold.decidedAt ?? null,
    decided_by: hold.decidedBy ?? null,
  };
}

/** Says that a hold changed its state. */
export function holdNotice(
  type: NewEvent['type'],
  directoryId: string,
  hold: NewHold & Partial<Hold>,
): NewEvent {
  return { type, data: holdWire(directoryId, hold) };
}
