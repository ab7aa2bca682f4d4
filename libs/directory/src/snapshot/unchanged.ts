import type { SnapshotCoverage, SnapshotKind, SnapshotRecord } from '#model';
import { textArray, type Queryable } from '#kernel';
import type { MemberList } from './staged-members.js';
import { toStagedPage, type StagedPage } from './staged-page.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';

const KIND_OF: Readonly<Partial<Record<SnapshotCoverage, SnapshotKind>>> = { users: 'user', groups: 'group' };

/**
 * Whether a listing is what is believed already: the same people and groups with the same content, the same members,
 * nobody missing, and nothing left to do from before. Whatever is in doubt is not: then the listing is compared in full.
 */
export async function isUnchanged(
  database: Queryable,
  run: SnapshotRun,
  { records, facts }: { readonly records: readonly SnapshotRecord[]; readonly facts: RunFacts },
): Promise<boolean> {
  const staged = toStagedPage(records, 'full');
  const lists = staged.members.flatMap((said) => said.lists());
  if (run.mode !== 'full' || !isPlain(staged, lists)) return false;
  // Who is said to be gone is not known: those who are shown are all who are.
  const page = { ...staged, records: staged.records.filter(({ content }) => content !== null) };
  const edges = edgesOf(lists);
  const [row] = await database.query<{ unchanged: boolean }>({
    name: 'snapshot_unchanged',
    text: IS_UNCHANGED,
    values: [
      run.environmentId,
      run.directoryId,
      textArray(page.records.map((record) => record.kind)),
      textArray(page.records.map((record) => record.sourceId)),
      textArray(page.records.map((record) => record.digest)),
      textArray(edges.map(([groupId]) => groupId)),
      textArray(edges.map(([, kind]) => kind)),
      textArray(edges.map(([, , id]) => id)),
      JSON.stringify(totalsOf(numbersOf(page), facts)),
    ],
  });
  return row?.unchanged === true;
}

/** Nothing but things that are there. */
function isPlain({ invalid }: StagedPage, lists: readonly MemberList[]): boolean {
  return invalid.length === 0 && lists.every((list) => list.present);
}

type Edge = readonly [groupId: string, memberKind: SnapshotKind, memberId: string];

/** Each of them once. */
function edgesOf(lists: readonly MemberList[]): Edge[] {
  return lists.flatMap(({ groupId, memberKind, memberIds }) =>
    memberIds.map<Edge>((id) => [groupId, memberKind, id]),
  );
}

/** What would be remembered of the size of a listing that has so many of each kind. */
export function totalsOf(
  numbers: Readonly<Record<SnapshotKind, number>>,
  facts: RunFacts,
): Partial<Record<SnapshotKind, number>> {
  const kinds = facts.complete.flatMap((coverage) => KIND_OF[coverage] ?? []);
  return Object.fromEntries(kinds.map((kind) => [kind, numbers[kind]]));
}

function numbersOf({ records }: StagedPage): Record<SnapshotKind, number> {
  const ofKind = (kind: SnapshotKind): number => records.filter((record) => record.kind === kind).length;
  return { user: ofKind('user'), group: ofKind('group') };
}

/** As many as are shown, and no more of them are counted than it takes to see that there are others. */
const isNumber = (table: string, shown: string): string => `
  (SELECT count(*) FROM (SELECT FROM ${table} t WHERE t.environment_id = $1 AND t.directory_id = $2
    LIMIT cardinality(${shown}) + 1) counted) = cardinality(${shown})`;

/**
 * Nothing is left to do from before.
 * @param totals what would be remembered of the listing's size, as SQL
 */
export const NOTHING_PENDING = (totals: string): string => `
  NOT EXISTS (SELECT FROM source_missing_members x WHERE x.environment_id = $1 AND x.directory_id = $2)
  AND NOT EXISTS (SELECT FROM source_member_changes c WHERE c.environment_id = $1 AND c.directory_id = $2)
  AND coalesce((SELECT t.totals FROM source_totals t WHERE t.environment_id = $1 AND t.directory_id = $2), '{}')
    @> ${totals}`;

const IS_UNCHANGED = `
SELECT ${isNumber('source_records', '$4::text[]')}
  AND ${isNumber('source_members', '$8::text[]')}
  AND NOT EXISTS (
    SELECT FROM unnest($3::text[], $4::text[], $5::text[]) AS s (kind, source_id, digest)
    LEFT JOIN LATERAL (SELECT r.digest FROM source_records r WHERE r.environment_id = $1 AND r.directory_id = $2
      AND r.kind = s.kind AND r.source_id = s.source_id AND r.missing_since IS NULL AND NOT r.is_dirty OFFSET 0) known
      ON true
    WHERE known.digest IS DISTINCT FROM s.digest)
  AND NOT EXISTS (
    SELECT FROM unnest($6::text[], $7::text[], $8::text[]) AS s (group_id, member_kind, member_id)
    WHERE NOT EXISTS (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
      AND m.group_id = s.group_id AND m.member_kind = s.member_kind AND m.member_id = s.member_id OFFSET 0))
  AND ${NOTHING_PENDING('$9::jsonb')} AS unchanged`;
