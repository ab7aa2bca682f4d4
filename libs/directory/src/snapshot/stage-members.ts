import { textArray, type Queryable } from '#kernel';
import type { SnapshotRun } from './snapshot.js';
import type { MemberList } from './staged-members.js';
import type { ComparedList, PageToWrite } from './staged-page.js';
import { keyOf } from './statement-parts.js';

/** Stages what the page says about members; of a list that was compared only how it differs. */
export async function insertMembers(
  tx: Queryable,
  run: SnapshotRun,
  { page: { members, replaced }, lists }: PageToWrite,
): Promise<void> {
  if (members.length + replaced.length + lists.length === 0) return;
  const compared = lists.filter(({ difference }) => difference !== undefined);
  const isCompared = new Set(compared.map(({ groupId }) => groupId));
  const whole = members.filter(({ groupId }) => !isCompared.has(groupId)).flatMap((said) => said.lists());
  await tx.query({
    name: 'snapshot_insert_members',
    text: INSERT_MEMBERS,
    values: [
      ...keyOf(run),
      JSON.stringify([...whole, ...compared.flatMap(addedBy)].map(listRow)),
      textArray(replaced),
      JSON.stringify(lists.map(digestRow)),
    ],
  });
}

function addedBy({ groupId, difference }: ComparedList): MemberList[] {
  return (['user', 'group'] as const)
    .map((memberKind) => ({
      groupId,
      memberKind,
      present: true,
      memberIds: difference?.added[memberKind] ?? [],
    }))
    .filter(({ memberIds }) => memberIds.length > 0);
}

function listRow({ groupId, memberKind, present, memberIds }: MemberList): object {
  return { group_id: groupId, member_kind: memberKind, present, member_ids: memberIds };
}

function digestRow({ groupId, digest, difference }: ComparedList): object {
  return {
    group_id: groupId,
    digest,
    version: difference?.version,
    is_as_before: difference?.isAsBefore ?? false,
    missing_users: difference?.missing.user ?? [],
    missing_groups: difference?.missing.group ?? [],
  };
}

const INSERT_MEMBERS = `
WITH page AS MATERIALIZED (SELECT nextval('snapshot_sequence') AS sequence),
begun AS (
  INSERT INTO snapshot_replaced (environment_id, directory_id, run_id, group_id, sequence)
  SELECT $1, $2, $3, g.group_id, page.sequence FROM unnest($5::text[]) AS g (group_id), page
  ON CONFLICT (environment_id, directory_id, run_id, group_id) DO UPDATE SET sequence = excluded.sequence),
shown AS (
  INSERT INTO snapshot_member_digests (environment_id, directory_id, run_id, group_id, sequence, digest, version,
    is_as_before, missing_users, missing_groups)
  SELECT $1, $2, $3, s.group_id, page.sequence, s.digest, s.version, s.is_as_before, s.missing_users, s.missing_groups
  FROM json_to_recordset($6::json) AS s (group_id text, digest text, version bigint, is_as_before boolean,
    missing_users text[], missing_groups text[]), page)
INSERT INTO snapshot_member_lists (environment_id, directory_id, run_id, group_id, member_kind, present, sequence,
  member_ids)
SELECT $1, $2, $3, l.group_id, l.member_kind, l.present, page.sequence, l.member_ids
FROM json_to_recordset($4::json) AS l (group_id text, member_kind text, present boolean, member_ids text[]), page`;
