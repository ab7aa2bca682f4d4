import { textArray, type Queryable } from '#kernel';
import type { SnapshotRun } from './snapshot.js';
import type { StagedMembers } from './staged-members.js';
import type { ComparedList, ListDifference, StagedPage } from './staged-page.js';
import { keyOf } from './statement-parts.js';

/**
 * Members that may be missing in a list beyond as many as it has. A group that comes on several pages lacks on each what
 * the others show; then the whole list is the shorter way to say it.
 */
const MOST_MISSING = 50;

interface ShownList {
  readonly members: StagedMembers;
  readonly groupId: string;
  readonly digest: string;
}

/** Compares the lists of a page with what is believed, while the page before is written. */
export async function compareLists(
  database: Queryable,
  run: SnapshotRun,
  page: StagedPage,
): Promise<readonly ComparedList[]> {
  const shown = shownLists(run, page);
  if (shown.length === 0) return [];
  const asBefore = await listsAsBefore(database, run, shown);
  const others = shown.filter(({ groupId }) => !asBefore.has(groupId));
  const differences = await listDifferences(database, run, others);
  return shown.map(({ groupId, digest }) => {
    const difference = asBefore.get(groupId) ?? differences.get(groupId);
    return { groupId, digest, ...(difference && { difference }) };
  });
}

/** A feed of changes tells what is new, and a list that was begun anew is compared whatever it was. */
function shownLists({ mode }: SnapshotRun, { members, replaced }: StagedPage): ShownList[] {
  if (mode === 'incremental') return [];
  const anew = new Set(replaced);
  return members.flatMap((said) => {
    const digest = anew.has(said.groupId) ? undefined : said.digest();
    return digest === undefined ? [] : [{ members: said, groupId: said.groupId, digest }];
  });
}

type Differences = ReadonlyMap<string, ListDifference>;

/** Groups of which the page shows just the members that are believed. */
async function listsAsBefore(
  database: Queryable,
  run: SnapshotRun,
  shown: readonly ShownList[],
): Promise<Differences> {
  const rows = await database.query<{ group_id: string; version: string }>({
    name: 'snapshot_lists_as_before',
    text: LISTS_AS_BEFORE,
    values: [
      ...keyOf(run).slice(0, 2),
      textArray(shown.map(({ groupId }) => groupId)),
      textArray(shown.map(({ digest }) => digest)),
    ],
  });
  const nobody = { user: [], group: [] };
  return new Map(
    rows.map(({ group_id: groupId, version }) => [
      groupId,
      { version, isAsBefore: true, missing: nobody, added: nobody },
    ]),
  );
}

/** Read in the same statement as what is compared, so that both are of one moment. */
const VERSION = `coalesce((SELECT v.version FROM source_member_versions v
  WHERE v.environment_id = $1 AND v.directory_id = $2), 0)::text AS version`;

const LISTS_AS_BEFORE = `
SELECT s.group_id, ${VERSION} FROM unnest($3::text[], $4::text[]) AS s (group_id, digest)
CROSS JOIN LATERAL (SELECT FROM source_member_digests d WHERE d.environment_id = $1 AND d.directory_id = $2
  AND d.group_id = s.group_id AND d.digest = s.digest OFFSET 0) believed`;

interface DifferenceRow extends Record<string, unknown> {
  readonly group_id: string;
  readonly version: string;
  readonly missing_users: readonly string[];
  readonly missing_groups: readonly string[];
  readonly added_users: readonly string[];
  readonly added_groups: readonly string[];
}

/** @returns nothing for a list that lacks too many of those who are believed. */
async function listDifferences(
  database: Queryable,
  run: SnapshotRun,
  lists: readonly ShownList[],
): Promise<Differences> {
  if (lists.length === 0) return new Map();
  const rows = await database.query<DifferenceRow>({
    name: 'snapshot_list_differences',
    text: LIST_DIFFERENCES,
    values: [
      ...keyOf(run).slice(0, 2),
      JSON.stringify(
        lists.map(({ groupId, members }) => {
          const { user, group } = members.shown();
          return { group_id: groupId, users: user, groups: group };
        }),
      ),
    ],
  });
  return new Map(
    rows.map((row) => [
      row.group_id,
      {
        version: row.version,
        isAsBefore: false,
        missing: { user: row.missing_users, group: row.missing_groups },
        added: { user: row.added_users, group: row.added_groups },
      },
    ]),
  );
}

const idsWhere = (condition: string): string =>
  `coalesce(array_agg(member_id) FILTER (WHERE ${condition}), '{}')`;

const LIST_DIFFERENCES = `
SELECT l.group_id, ${VERSION}, d.missing_users, d.missing_groups, d.added_users, d.added_groups
FROM json_to_recordset($3::json) AS l (group_id text, users text[], groups text[])
CROSS JOIN LATERAL (
  SELECT count(is_believed) AS believed,
    ${idsWhere("is_shown IS NULL AND member_kind = 'user'")} AS missing_users,
    ${idsWhere("is_shown IS NULL AND member_kind = 'group'")} AS missing_groups,
    ${idsWhere("is_believed IS NULL AND member_kind = 'user'")} AS added_users,
    ${idsWhere("is_believed IS NULL AND member_kind = 'group'")} AS added_groups
  FROM (SELECT m.member_kind, m.member_id, true AS is_believed FROM source_members m
    WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.group_id = l.group_id
    LIMIT cardinality(l.users) + cardinality(l.groups) + ${MOST_MISSING + 1}) believed
  FULL JOIN (SELECT 'user' COLLATE "C" AS member_kind, u.id COLLATE "C" AS member_id, true AS is_shown
      FROM unnest(l.users) AS u (id)
    UNION ALL SELECT 'group', g.id, true FROM unnest(l.groups) AS g (id)) shown USING (member_kind, member_id)) d
WHERE d.believed <= cardinality(l.users) + cardinality(l.groups) + ${MOST_MISSING}`;
