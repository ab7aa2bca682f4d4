import { textArray, type Queryable } from '#kernel';
import type { SnapshotRun } from './snapshot.js';
import type { PageToWrite, StagedPage, StagedRecord } from './staged-page.js';
import { isRecord, keyOf, ofRun } from './statement-parts.js';

/** @returns the records that have to be staged: those that differ from what is believed. */
export async function differingRecords(
  database: Queryable,
  { environmentId, directoryId, mode }: SnapshotRun,
  { records }: StagedPage,
): Promise<readonly StagedRecord[]> {
  if (mode === 'incremental' || records.length === 0) return records;
  const [row] = await database.query<{ indexes: number[] }>({
    name: 'snapshot_differing_records',
    text: DIFFERING_RECORDS,
    values: [
      environmentId,
      directoryId,
      textArray(records.map((record) => record.kind)),
      textArray(records.map((record) => record.sourceId)),
      textArray(records.map((record) => record.digest)),
    ],
  });
  const differing = new Set(row?.indexes);
  return records.filter((record, index) => record.content === null || differing.has(index));
}

const DIFFERING_RECORDS = `
SELECT ARRAY(
  SELECT (shown.place - 1)::integer
  FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS shown (kind, source_id, digest, place)
  LEFT JOIN LATERAL (SELECT r.digest FROM source_records r
    WHERE ${isRecord('r', 'shown.kind', 'shown.source_id')} OFFSET 0) known ON true
  WHERE shown.digest IS NOT NULL AND known.digest IS DISTINCT FROM shown.digest) AS indexes`;

/** Notes who was listed, and what differs. */
export async function insertRecords(
  tx: Queryable,
  run: SnapshotRun,
  { page, differing }: PageToWrite,
): Promise<void> {
  if (page.records.length === 0) return;
  const listed = run.mode === 'full' ? page.records.filter(({ content }) => content !== null) : [];
  await tx.query({
    name: `snapshot_insert_records_${run.mode}`,
    text: run.mode === 'full' ? INSERT_LISTED : INSERT_CHANGED,
    values: [
      ...keyOf(run),
      textArray(differing.map((record) => record.kind)),
      textArray(differing.map((record) => record.sourceId)),
      textArray(differing.map((record) => record.digest)),
      textArray(differing.map(({ content }) => (content === null ? null : JSON.stringify(content)))),
      ...(run.mode === 'full'
        ? [textArray(listed.map((record) => record.kind)), textArray(listed.map((record) => record.sourceId))]
        : []),
    ],
  });
}

const insertRecordsAs = (sequence: string): string => `
INSERT INTO snapshot_records AS staged (environment_id, directory_id, run_id, kind, source_id, digest, record, sequence)
SELECT $1, $2, $3, r.kind, r.source_id, r.digest, r.record::json, ${sequence}
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS r (kind, source_id, digest, record)
ON CONFLICT (environment_id, directory_id, run_id, kind, source_id)
DO UPDATE SET digest = excluded.digest, record = excluded.record, sequence = excluded.sequence`;

/** In a listing the first record counts; who is listed is there, whatever a list of removed ones says beside it. */
const INSERT_LISTED = `
WITH page AS MATERIALIZED (SELECT nextval('snapshot_sequence') AS sequence),
listed AS (
  INSERT INTO snapshot_listed (environment_id, directory_id, run_id, kind, sequence, source_ids)
  SELECT $1, $2, $3, shown.kind, page.sequence, array_agg(shown.source_id)
  FROM unnest($8::text[], $9::text[]) AS shown (kind, source_id), page GROUP BY shown.kind, page.sequence)
${insertRecordsAs('(SELECT page.sequence FROM page)')}
WHERE staged.record IS NULL AND excluded.record IS NOT NULL`;
const INSERT_CHANGED = insertRecordsAs('0');

/**
 * Drops what a later page of a full run said about somebody whom an earlier one had listed: the first record counts.
 * Doing it twice is doing it once.
 */
export async function settleRecords(tx: Queryable, run: SnapshotRun): Promise<void> {
  await tx.query({ name: 'snapshot_settle_records', text: SETTLE_RECORDS, values: keyOf(run) });
}

const SETTLE_RECORDS = `
DELETE FROM snapshot_records s
WHERE ${ofRun('s')} AND EXISTS (
  SELECT FROM (SELECT l.kind, l.sequence, i.source_id FROM snapshot_listed l
    CROSS JOIN LATERAL unnest(l.source_ids) AS i (source_id) WHERE ${ofRun('l')}) first
  WHERE first.kind = s.kind AND first.source_id = s.source_id AND (s.record IS NULL OR first.sequence < s.sequence))`;
