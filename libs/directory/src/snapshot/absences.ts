import type { Queryable } from '#kernel';
import type { SnapshotCoverage, SnapshotKind } from '#model';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { isRecord, keyOf, ofRun, SEEN } from './statement-parts.js';

/** Absences that were asked for at the source. */
export interface Proof {
  readonly gone: readonly string[];
  readonly present: readonly string[];
}

/** Complete runs in a row that have to miss a record before it counts as removed. */
export const CONFIRMING_RUNS = 2;
/** Records asked for one by one in a run; the rest waits for the next complete run. */
const MOST_LOOK_UPS = 1_000;
const LOOK_UP_PAGE = 100;
const TOTAL_TOLERANCE = { count: 2, share: 0.001 };
/** A listing that has shrunk by more than this since the last complete one is not believed. */
const MOST_SHRINKAGE = 0.1;
/** So small a source may shrink by chance. */
const SMALL_SOURCE = 10;

const COVERAGE: Readonly<Record<SnapshotKind, SnapshotCoverage>> = { user: 'users', group: 'groups' };

/** To its proven end. */
export function isRead({ complete }: RunFacts, kind: SnapshotKind): boolean {
  return complete.includes(COVERAGE[kind]);
}

export interface Staged {
  readonly listed: number;
  readonly invalid: number;
  readonly nameless: number;
  readonly last: number | null;
  /** Records that are known and were not shown: nobody can be missing where there is none. */
  readonly unseen: number;
  /** Something was listed twice, or listed and said to be gone. */
  readonly isRepeated: boolean;
}

/** What the run has staged of a kind, and what it was the last time. */
export async function countStaged(tx: Queryable, run: SnapshotRun, kind: SnapshotKind): Promise<Staged> {
  const [staged] = await tx.query<Staged & Record<string, unknown>>({
    name: 'snapshot_staged_totals',
    text: STAGED,
    values: [...keyOf(run), kind],
  });
  return staged as Staged;
}

/** Who was shown and is not known is among the few that were staged, so nothing need be joined to count who is known. */
const STAGED = `
WITH listed AS (SELECT count(*) AS number FROM (SELECT DISTINCT source_id FROM ${SEEN} seen) listed),
known AS (SELECT count(*) AS number FROM source_records r
  WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = $4),
new AS (SELECT count(*) AS number FROM snapshot_records s
  LEFT JOIN LATERAL (SELECT true AS is_known FROM source_records r
    WHERE ${isRecord('r', '$4', 's.source_id')} OFFSET 0) r ON true
  WHERE ${ofRun('s')} AND s.kind = $4 AND s.record IS NOT NULL AND r.is_known IS NULL AND (SELECT number FROM known) > 0)
SELECT listed.number::float8 AS listed,
  (SELECT count(*) FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = $4)::float8 AS invalid,
  (SELECT count(*) FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = $4
    AND i.source_id = '')::float8 AS nameless,
  (SELECT (totals ->> $4)::float8 FROM source_totals WHERE environment_id = $1 AND directory_id = $2) AS last,
  CASE known.number WHEN 0 THEN 0 ELSE known.number - (listed.number - new.number) END::float8 AS unseen,
  (SELECT coalesce(sum(cardinality(l.source_ids)), 0) FROM snapshot_listed l
    WHERE ${ofRun('l')} AND l.kind = $4) <> listed.number
  OR EXISTS (SELECT FROM snapshot_records s WHERE ${ofRun('s')} AND s.kind = $4 AND s.record IS NULL) AS "isRepeated"
FROM listed, known, new`;

/**
 * Why a listing proves no absence although it came to its end; undefined when it does. What a single look-up proves
 * holds all the same.
 */
export function doubt(
  { listed, invalid, nameless, last }: Staged,
  { kind, total }: { readonly kind: SnapshotKind; readonly total: number | undefined },
): string | undefined {
  const read = listed + invalid;
  const what = `${kind}s`;
  if (nameless > 0)
    return `${nameless} ${what} could not be read and not even be told apart, so nobody counts as missing.`;
  if (total !== undefined) {
    const tolerance = Math.max(TOTAL_TOLERANCE.count, total * TOTAL_TOLERANCE.share);
    if (read < total - tolerance)
      return `The source says it has ${total} ${what} and showed ${read}, so nobody counts as missing.`;
  }
  if (last !== null && last > SMALL_SOURCE && read < last * (1 - MOST_SHRINKAGE))
    return `The source showed ${read} ${what} after ${last} the time before. That is not believed at once; if the next complete run shows the same, it is.`;
  return undefined;
}

/** Asks the source for the records that it did not show. */
export async function proveAbsences(
  database: Queryable,
  run: SnapshotRun,
  { kind, facts }: { readonly kind: SnapshotKind; readonly facts: RunFacts },
): Promise<Proof> {
  if (facts.lookUp === undefined || !isRead(facts, kind)) return { gone: [], present: [] };
  const rows = await database.query<{ source_id: string }>({
    name: 'snapshot_absent',
    text: `SELECT r.source_id FROM source_records r WHERE ${ABSENT} ORDER BY r.source_id LIMIT ${MOST_LOOK_UPS}`,
    values: [...keyOf(run), kind],
  });
  const proof = { gone: [] as string[], present: [] as string[] };
  for (let start = 0; start < rows.length; start += LOOK_UP_PAGE) {
    const ids = rows.slice(start, start + LOOK_UP_PAGE).map((row) => row.source_id);
    for (const [id, answer] of await facts.lookUp(kind, ids))
      // Whoever may not be asked about stays.
      if (ids.includes(id)) proof[answer === 'gone' ? 'gone' : 'present'].push(id);
  }
  return proof;
}

/** The source said that it is gone. */
const SAID_GONE = `EXISTS (SELECT FROM snapshot_records s WHERE ${ofRun('s')} AND s.kind = $4
  AND s.source_id = r.source_id AND s.record IS NULL)`;

/** Known at the source and neither staged nor set aside. $4 is the kind. */
const ABSENT = `r.environment_id = $1 AND r.directory_id = $2 AND r.kind = $4
  AND NOT EXISTS (SELECT FROM ${SEEN} seen WHERE seen.source_id = r.source_id)
  AND NOT ${SAID_GONE}
  AND NOT EXISTS (SELECT FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = $4 AND i.source_id = r.source_id)`;

/**
 * Records that this run takes away, confirmed as far as absence can prove it, or said to be removed. They are few, and
 * found without looking at the others.
 * @param kind as SQL
 */
export function goneRecords(kind: string): string {
  return `(
  SELECT r.source_id, r.entity_id FROM source_records r
  WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = ${kind} AND r.missing_since IS NOT NULL
    AND r.missing_run_id = $3 AND r.missing_runs >= ${CONFIRMING_RUNS}
  UNION
  SELECT known.source_id, known.entity_id FROM snapshot_records s
  CROSS JOIN LATERAL (SELECT r.source_id, r.entity_id FROM source_records r
    WHERE ${isRecord('r', kind, 's.source_id')} OFFSET 0) known
  WHERE ${ofRun('s')} AND s.kind = ${kind} AND s.record IS NULL)`;
}

/** Notes who is missing and who is back. The same run noting it twice notes it once. */
export async function markRecords(
  tx: Queryable,
  run: SnapshotRun,
  marks: { readonly kind: SnapshotKind; readonly isProven: boolean; readonly proof: Proof },
): Promise<void> {
  const { kind, isProven, proof } = marks;
  await tx.query({
    name: 'snapshot_mark_back',
    text: `UPDATE source_records r SET missing_since = NULL, missing_runs = 0, missing_run_id = NULL
      WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = $4 AND r.missing_since IS NOT NULL
        AND (r.source_id = ANY($5::text[]) OR r.source_id IN (SELECT seen.source_id FROM ${SEEN} seen))`,
    values: [...keyOf(run), kind, proof.present],
  });
  if (isProven)
    await tx.query({
      name: 'snapshot_mark_missing',
      text: `UPDATE source_records r SET missing_since = coalesce(missing_since, now()),
          missing_runs = missing_runs + 1, missing_run_id = $3
        WHERE ${ABSENT} AND r.missing_run_id IS DISTINCT FROM $3 AND r.source_id <> ALL($5::text[])`,
      values: [...keyOf(run), kind, proof.present],
    });
  if (proof.gone.length > 0)
    await tx.query({
      name: 'snapshot_mark_gone',
      text: `UPDATE source_records r SET missing_since = coalesce(missing_since, now()),
          missing_runs = greatest(missing_runs, ${CONFIRMING_RUNS}), missing_run_id = $3
        WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = $4 AND r.source_id = ANY($5::text[])`,
      values: [...keyOf(run), kind, proof.gone],
    });
}
