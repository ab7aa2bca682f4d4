import type { Fence } from '../apply/batch-options.js';
import type { Database, Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { SnapshotRun } from './snapshot.js';
import { toStagedPage, type StagedPage } from './staged-page.js';

/** The staging tables of a run. */
export class Staging {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds a page. The same page twice is the page once: a run that was killed stages its last page again. */
  async add(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void> {
    const page = toStagedPage(records, run.mode);
    await this.#database.transaction(async (tx) => {
      await fence(tx);
      await insertRecords(tx, run, page);
      await insertMembers(tx, run, page);
      await insertInvalid(tx, run, page);
    });
  }

  async ids(
    run: SnapshotRun,
    kind: SnapshotKind,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]> {
    const rows = await this.#database.query<{ source_id: string }>({
      name: 'snapshot_staged_ids',
      text: `SELECT source_id FROM snapshot_records
        WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3 AND kind = $4 AND source_id > $5
          AND record IS NOT NULL
        ORDER BY source_id LIMIT $6`,
      values: [...keyOf(run), kind, after ?? '', limit],
    });
    return rows.map((row) => row.source_id);
  }

  async discard(run: SnapshotRun): Promise<void> {
    for (const table of STAGING_TABLES)
      await this.#database.query({
        name: `${table}_discard`,
        text: `DELETE FROM ${table} WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3`,
        values: keyOf(run),
      });
  }
}

const STAGING_TABLES = [
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_changes',
  'snapshot_replaced',
  'snapshot_invalid',
  'snapshot_decisions',
];

/** The first three parameters of every statement about a run. */
export function keyOf(run: SnapshotRun): [string, string, string] {
  return [run.environmentId, run.directoryId, run.runId];
}

async function insertRecords(tx: Queryable, run: SnapshotRun, { records }: StagedPage): Promise<void> {
  if (records.length === 0) return;
  await tx.query({
    name: `snapshot_insert_records_${run.mode}`,
    text: run.mode === 'full' ? INSERT_LISTED : INSERT_CHANGED,
    values: [
      ...keyOf(run),
      records.map((record) => record.kind),
      records.map((record) => record.sourceId),
      records.map((record) => record.digest),
      records.map((record) => record.record),
    ],
  });
}

const INSERT_RECORDS = `
INSERT INTO snapshot_records AS staged (environment_id, directory_id, run_id, kind, source_id, digest, record)
SELECT $1, $2, $3, r.kind, r.source_id, r.digest, r.record::json
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS r (kind, source_id, digest, record)
ON CONFLICT (environment_id, directory_id, run_id, kind, source_id)
DO UPDATE SET digest = excluded.digest, record = excluded.record`;

/** In a listing the first record counts; who is listed is there, whatever a list of removed ones says beside it. */
const INSERT_LISTED = `${INSERT_RECORDS} WHERE staged.record IS NULL AND excluded.record IS NOT NULL`;
const INSERT_CHANGED = INSERT_RECORDS;

async function insertMembers(
  tx: Queryable,
  run: SnapshotRun,
  { members, replaced }: StagedPage,
): Promise<void> {
  if (members.length + replaced.length === 0) return;
  const rows = members.map((list) => ({
    group_id: list.groupId,
    member_kind: list.memberKind,
    present: list.present,
    member_ids: list.memberIds,
  }));
  await tx.query({
    name: 'snapshot_insert_members',
    text: INSERT_MEMBERS,
    values: [...keyOf(run), JSON.stringify(rows), replaced],
  });
}

const INSERT_MEMBERS = `
WITH page AS MATERIALIZED (SELECT nextval('snapshot_sequence') AS sequence),
begun AS (
  INSERT INTO snapshot_replaced (environment_id, directory_id, run_id, group_id, sequence)
  SELECT $1, $2, $3, g.group_id, page.sequence FROM unnest($5::text[]) AS g (group_id), page
  ON CONFLICT (environment_id, directory_id, run_id, group_id) DO UPDATE SET sequence = excluded.sequence)
INSERT INTO snapshot_member_lists (environment_id, directory_id, run_id, group_id, member_kind, present, sequence,
  member_ids)
SELECT $1, $2, $3, l.group_id, l.member_kind, l.present, page.sequence, l.member_ids
FROM json_to_recordset($4::json) AS l (group_id text, member_kind text, present boolean, member_ids text[]), page`;

async function insertInvalid(tx: Queryable, run: SnapshotRun, { invalid }: StagedPage): Promise<void> {
  if (invalid.length === 0) return;
  await tx.query({
    name: 'snapshot_insert_invalid',
    text: `INSERT INTO snapshot_invalid (environment_id, directory_id, run_id, kind, source_id)
      SELECT $1, $2, $3, i.kind, i.source_id FROM unnest($4::text[], $5::text[]) AS i (kind, source_id)
      ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), invalid.map((row) => row.kind), invalid.map((row) => row.sourceId)],
  });
}
