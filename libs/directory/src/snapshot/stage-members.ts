import { textArray, type Queryable } from '#kernel';
import type { SnapshotRun } from './snapshot.js';
import type { PageToWrite, ShownList, StagedPage } from './staged-page.js';
import { keyOf } from './statement-parts.js';

/** A feed of changes tells what is new, and a list that was begun anew is compared whatever it was. */
export function shownLists({ mode }: SnapshotRun, { members, replaced }: StagedPage): ShownList[] {
  if (mode === 'incremental') return [];
  const anew = new Set(replaced);
  return members.flatMap((said) => {
    const digest = anew.has(said.groupId) ? undefined : said.digest();
    return digest === undefined ? [] : [{ groupId: said.groupId, digest }];
  });
}

/** @returns groups of which the page shows just the members that are believed. */
export async function listsAsBefore(
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

export async function insertMembers(
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
