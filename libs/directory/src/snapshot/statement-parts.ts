import type { SnapshotRun } from './snapshot.js';

/** The first three parameters of every statement about a run. */
export function keyOf(run: SnapshotRun): [string, string, string] {
  return [run.environmentId, run.directoryId, run.runId];
}

/** Restricts a staging table to the run. */
export function ofRun(alias: string): string {
  return `${alias}.environment_id = $1 AND ${alias}.directory_id = $2 AND ${alias}.run_id = $3`;
}

/** Every record of kind $4 that the run was shown, as `source_id`, and some of them more than once. */
export const SEEN = seenOf('$4');

/** @param kind as SQL */
export function seenOf(kind: string): string {
  return `(
  SELECT i.source_id FROM snapshot_listed l CROSS JOIN LATERAL unnest(l.source_ids) AS i (source_id)
  WHERE ${ofRun('l')} AND l.kind = ${kind}
  UNION ALL
  SELECT s.source_id FROM snapshot_records s WHERE ${ofRun('s')} AND s.kind = ${kind} AND s.record IS NOT NULL)`;
}

/**
 * Restricts source_records to one record of the directory, found by its hash: by the primary key it takes more than twice
 * the time.
 * @param kind as SQL
 * @param id as SQL
 */
export function isRecord(alias: string, kind: string, id: string): string {
  return `${alias}.directory_id || ${alias}.source_id = $2 || ${id} AND ${alias}.environment_id = $1
    AND ${alias}.directory_id = $2 AND ${alias}.kind = ${kind} AND ${alias}.source_id = ${id}`;
}
