import { FOR_LARGE_SETS } from './large-sets.js';
import { isRecord, keyOf } from './statement-parts.js';
import { fenced, type RunWork } from './worklist.js';

/** What the members of one group have to become. */
export interface GroupDifference {
  readonly source_id: string;
  readonly entity_id: string;
  readonly name: string | null;
  /** User ids. */
  readonly added: string[];
  readonly removed: string[];
}

/** From so many groups on their members are joined as sets instead of being looked up one by one. */
const MANY_GROUPS = 400;

/**
 * The next `size` dirty groups after one, with what has to be done to their members. `most` differences end the page; the
 * group that reaches it comes with all of its own.
 */
export function memberDifferences(
  work: Pick<RunWork, 'database' | 'run' | 'fence'>,
  page: { readonly after: string; readonly size: number; readonly most: number },
): Promise<GroupDifference[]> {
  const { after, size, most } = page;
  const values = [...keyOf(work.run).slice(0, 2), after, size, most];
  if (size < MANY_GROUPS)
    return work.database.query<GroupDifference & Record<string, unknown>>({
      name: 'snapshot_member_differences',
      text: DIFFERENCES,
      values,
    });
  return fenced(work, async (tx) => {
    await tx.query({ text: FOR_LARGE_SETS });
    return tx.query<GroupDifference & Record<string, unknown>>({
      name: 'snapshot_member_differences_of_many',
      text: DIFFERENCES_OF_MANY,
      values,
    });
  });
}

/** Noted changes that are worked out in one statement. */
const NOTED_AT_ONCE = 4_000;

const PEOPLE = `SELECT u.source_id, u.entity_id FROM source_records u WHERE u.environment_id = $1
  AND u.directory_id = $2 AND u.kind = 'user'`;

/** UNION ends circles of groups; DISTINCT lets somebody who is in by two ways be in once. */
const differences = (known: string): string => `
WITH RECURSIVE page AS MATERIALIZED (
  SELECT r.source_id, r.entity_id FROM source_records r
  WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.is_dirty AND r.kind = 'group' AND r.source_id > $3
  ORDER BY r.source_id LIMIT $4),
reach (root, group_id) AS (
  SELECT source_id, source_id FROM page
  UNION
  SELECT reach.root, below.member_id FROM reach
  CROSS JOIN LATERAL (SELECT m.member_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.group_id = reach.group_id AND m.member_kind = 'group' OFFSET 0) below),
desired AS (
  SELECT DISTINCT reach.root, known.entity_id AS user_id FROM reach
  CROSS JOIN LATERAL (SELECT m.member_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.group_id = reach.group_id AND m.member_kind = 'user' OFFSET 0) below
  ${known}),
actual AS (
  SELECT page.source_id AS root, m.user_id FROM page
  CROSS JOIN LATERAL (SELECT t.user_id FROM memberships t WHERE t.environment_id = $1 AND t.directory_id = $2
    AND t.group_id = page.entity_id AND t.asserted OFFSET 0) m),
difference AS (
  SELECT root, array_agg(d.user_id ORDER BY d.user_id) FILTER (WHERE a.user_id IS NULL) AS added,
    array_agg(a.user_id ORDER BY a.user_id) FILTER (WHERE d.user_id IS NULL) AS removed, count(*) AS number
  FROM desired d FULL JOIN actual a USING (root, user_id) WHERE a.user_id IS NULL OR d.user_id IS NULL GROUP BY root),
counted AS (
  SELECT page.source_id, page.entity_id, x.added, x.removed,
    coalesce(sum(x.number) OVER (ORDER BY page.source_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
  FROM page LEFT JOIN difference x ON x.root = page.source_id)
SELECT c.source_id, c.entity_id, g.name, coalesce(c.added, '{}') AS added, coalesce(c.removed, '{}') AS removed
FROM counted c
LEFT JOIN LATERAL (SELECT g.name FROM directory_groups g WHERE g.environment_id = $1 AND g.directory_id = $2
  AND g.id = c.entity_id OFFSET 0) g ON true
WHERE c.before < $5
ORDER BY c.source_id`;

const DIFFERENCES = differences(
  `CROSS JOIN LATERAL (SELECT u.entity_id FROM source_records u
    WHERE ${isRecord('u', "'user'", 'below.member_id')} OFFSET 0) known`,
);
const DIFFERENCES_OF_MANY = differences(`JOIN (${PEOPLE}) known ON known.source_id = below.member_id`);

/** Group and member, as the source names them. */
export type MemberKey = readonly [groupId: string, memberId: string];

/** The changes of one group that were noted; without an entity the group is worked out anew, or gone. */
export interface NotedDifference extends Omit<GroupDifference, 'entity_id'> {
  readonly entity_id: string | null;
  readonly last_member: string;
}

/** The next noted changes after one: the edges as they are now, because who changes an edge again changes its note. */
export function notedDifferences({ database, run }: RunWork, after: MemberKey): Promise<NotedDifference[]> {
  return database.query<NotedDifference & Record<string, unknown>>({
    name: 'snapshot_noted_differences',
    text: NOTED_DIFFERENCES,
    values: [...keyOf(run).slice(0, 2), ...after],
  });
}

const NOTED_DIFFERENCES = `
WITH page AS MATERIALIZED (
  SELECT c.group_id, c.member_id, c.is_member FROM source_member_changes c
  WHERE c.environment_id = $1 AND c.directory_id = $2 AND (c.group_id, c.member_id) > ($3, $4)
  ORDER BY c.group_id, c.member_id LIMIT ${NOTED_AT_ONCE}),
noted AS (
  SELECT page.group_id, max(page.member_id) AS last_member,
    array_agg(known.entity_id ORDER BY page.member_id) FILTER (WHERE page.is_member AND known.entity_id IS NOT NULL) AS added,
    array_agg(known.entity_id ORDER BY page.member_id) FILTER (WHERE NOT page.is_member AND known.entity_id IS NOT NULL) AS removed
  FROM page
  LEFT JOIN LATERAL (SELECT u.entity_id FROM source_records u
    WHERE ${isRecord('u', "'user'", 'page.member_id')} OFFSET 0) known ON true
  GROUP BY page.group_id)
SELECT noted.group_id AS source_id, noted.last_member, g.entity_id, g.name, coalesce(noted.added, '{}') AS added,
  coalesce(noted.removed, '{}') AS removed
FROM noted
LEFT JOIN LATERAL (SELECT r.entity_id, t.name FROM (SELECT r.entity_id, r.is_dirty FROM source_records r
    WHERE ${isRecord('r', "'group'", 'noted.group_id')} OFFSET 0) r
  LEFT JOIN LATERAL (SELECT t.name FROM directory_groups t WHERE t.environment_id = $1 AND t.directory_id = $2
    AND t.id = r.entity_id OFFSET 0) t ON true
  WHERE NOT r.is_dirty) g ON true
ORDER BY noted.group_id`;
