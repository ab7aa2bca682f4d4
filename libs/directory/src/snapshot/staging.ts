import type { Fence } from '../apply/batch-options.js';
import { textArray, Turns, type Database, type Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { SnapshotRun } from './snapshot.js';
import { toStagedPage, type StagedPage, type StagedRecord } from './staged-page.js';

/*
 * A page need not be on the disk when the next one is read: the checkpoint is stored after it, so a crash of the server
 * that takes the page takes the checkpoint as well. Waiting for the disk took longer than staging.
 */
const NOT_YET_ON_DISK = 'SET LOCAL synchronous_commit = off';

/** The staging tables of a run. */
export class Staging {
  readonly #database: Database;
  readonly #turns = new Turns();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds a page. The same page twice is the page once: a run that was killed stages its last page again. The next page
   * of a run may be added while this one is written; they are written in turn, and none after one that failed.
   */
  add(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void> {
    // The work of this process on the page, and the server's look at what is believed, are done while the page before is
    // written: what is believed does not change by staging.
    const page = toStagedPage(records, run.mode);
    const shown = shownLists(run, page);
    const known = this.#compare(run, page, shown);
    known.catch(() => undefined);
    return this.#turns.take(run.runId, async () => this.#write(run, { page, shown, ...(await known) }, fence));
  }

  async #compare(run: SnapshotRun, page: StagedPage, shown: readonly ShownList[]): Promise<Compared> {
    const [differing, asBefore] = await Promise.all([
      differingRecords(this.#database, run, page),
      listsAsBefore(this.#database, run, shown),
    ]);
    return { differing, asBefore };
  }

  /** Everything in one round trip, and COMMIT when the fence has let it pass. */
  #write(run: SnapshotRun, page: PageToWrite, fence: Fence): Promise<void> {
    return this.#database.pipelined<void>(async (tx) => {
      await Promise.all([
        fence(tx),
        insertInvalid(tx, run, page),
        insertRecords(tx, run, page),
        insertMembers(tx, run, page),
      ]);
      return { result: undefined, writes: Promise.resolve() };
    }, NOT_YET_ON_DISK);
  }

  async ids(
    run: SnapshotRun,
    kind: SnapshotKind,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]> {
    const rows = await this.#database.query<{ source_id: string }>({
      name: 'snapshot_staged_ids',
      text: `SELECT DISTINCT seen.source_id FROM ${SEEN} seen WHERE seen.source_id > $5
        ORDER BY seen.source_id LIMIT $6`,
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
  'snapshot_listed',
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_digests',
  'snapshot_member_additions',
  'snapshot_member_changes',
  'snapshot_replaced',
  'snapshot_invalid',
  'snapshot_decisions',
];

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

/** A page, and how it compares with what is believed. */
interface PageToWrite extends Compared {
  readonly page: StagedPage;
  readonly shown: readonly ShownList[];
}

interface Compared {
  /** Records that have to be staged. */
  readonly differing: readonly StagedRecord[];
  /** Groups of which the page shows just the members that are believed. */
  readonly asBefore: ReadonlySet<string>;
}

async function differingRecords(
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

/** Each record is looked up by its hash. */
const DIFFERING_RECORDS = `
SELECT ARRAY(
  SELECT (shown.place - 1)::integer
  FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS shown (kind, source_id, digest, place)
  LEFT JOIN LATERAL (SELECT r.digest FROM source_records r
    WHERE r.directory_id || r.source_id = $2 || shown.source_id AND r.environment_id = $1 AND r.directory_id = $2
      AND r.kind = shown.kind AND r.source_id = shown.source_id OFFSET 0) known ON true
  WHERE shown.digest IS NOT NULL AND known.digest IS DISTINCT FROM shown.digest) AS indexes`;

/** Notes who was listed, and what differs. */
async function insertRecords(
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

/** The members that a page shows of a group of which it says nothing else. */
interface ShownList {
  readonly groupId: string;
  readonly digest: string;
}

/** A feed of changes tells what is new, and a list that was begun anew is compared whatever it was. */
function shownLists({ mode }: SnapshotRun, { members, replaced }: StagedPage): ShownList[] {
  if (mode === 'incremental') return [];
  const anew = new Set(replaced);
  return members.flatMap((said) => {
    const digest = anew.has(said.groupId) ? undefined : said.digest();
    return digest === undefined ? [] : [{ groupId: said.groupId, digest }];
  });
}

async function listsAsBefore(
  database: Queryable,
  run: SnapshotRun,
  shown: readonly ShownList[],
): Promise<ReadonlySet<string>> {
  if (shown.length === 0) return new Set();
  const rows = await database.query<{ group_id: string }>({
    name: 'snapshot_lists_as_before',
    text: LISTS_AS_BEFORE,
    values: [
      ...keyOf(run).slice(0, 2),
      textArray(shown.map(({ groupId }) => groupId)),
      textArray(shown.map(({ digest }) => digest)),
    ],
  });
  return new Set(rows.map((row) => row.group_id));
}

const LISTS_AS_BEFORE = `
SELECT s.group_id FROM unnest($3::text[], $4::text[]) AS s (group_id, digest)
CROSS JOIN LATERAL (SELECT FROM source_member_digests d WHERE d.environment_id = $1 AND d.directory_id = $2
  AND d.group_id = s.group_id AND d.digest = s.digest OFFSET 0) believed`;

async function insertMembers(
  tx: Queryable,
  run: SnapshotRun,
  { page, shown, asBefore }: PageToWrite,
): Promise<void> {
  const { members, replaced } = page;
  if (members.length + replaced.length === 0) return;
  const rows = members
    .filter(({ groupId }) => !asBefore.has(groupId))
    .flatMap((said) => said.lists())
    .map((list) => ({
      group_id: list.groupId,
      member_kind: list.memberKind,
      present: list.present,
      member_ids: list.memberIds,
    }));
  await tx.query({
    name: 'snapshot_insert_members',
    text: INSERT_MEMBERS,
    values: [
      ...keyOf(run),
      JSON.stringify(rows),
      textArray(replaced),
      textArray(shown.map(({ groupId }) => groupId)),
      textArray(shown.map(({ digest }) => digest)),
      textArray(shown.map(({ groupId }) => String(asBefore.has(groupId)))),
    ],
  });
}

const INSERT_MEMBERS = `
WITH page AS MATERIALIZED (SELECT nextval('snapshot_sequence') AS sequence),
begun AS (
  INSERT INTO snapshot_replaced (environment_id, directory_id, run_id, group_id, sequence)
  SELECT $1, $2, $3, g.group_id, page.sequence FROM unnest($5::text[]) AS g (group_id), page
  ON CONFLICT (environment_id, directory_id, run_id, group_id) DO UPDATE SET sequence = excluded.sequence),
shown AS (
  INSERT INTO snapshot_member_digests (environment_id, directory_id, run_id, group_id, sequence, digest, is_as_before)
  SELECT $1, $2, $3, s.group_id, page.sequence, s.digest, s.is_as_before::boolean
  FROM unnest($6::text[], $7::text[], $8::text[]) AS s (group_id, digest, is_as_before), page)
INSERT INTO snapshot_member_lists (environment_id, directory_id, run_id, group_id, member_kind, present, sequence,
  member_ids)
SELECT $1, $2, $3, l.group_id, l.member_kind, l.present, page.sequence, l.member_ids
FROM json_to_recordset($4::json) AS l (group_id text, member_kind text, present boolean, member_ids text[]), page`;

async function insertInvalid(
  tx: Queryable,
  run: SnapshotRun,
  { page: { invalid } }: PageToWrite,
): Promise<void> {
  if (invalid.length === 0) return;
  await tx.query({
    name: 'snapshot_insert_invalid',
    text: `INSERT INTO snapshot_invalid (environment_id, directory_id, run_id, kind, source_id)
      SELECT $1, $2, $3, i.kind, i.source_id FROM unnest($4::text[], $5::text[]) AS i (kind, source_id)
      ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), invalid.map((row) => row.kind), invalid.map((row) => row.sourceId)],
  });
}
