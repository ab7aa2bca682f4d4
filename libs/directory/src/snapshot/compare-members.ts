import type { Queryable } from '#kernel';
import { CONFIRMING_RUNS } from './absences.js';
import { rememberLists, UNCHANGED_GROUPS } from './member-digests.js';
import type { SnapshotRun } from './snapshot.js';
import { keyOf, ofRun, seenOf } from './statement-parts.js';

/**
 * Compares the memberships that the run was shown with those that are believed: notes what it adds, what it takes away
 * because the source said so, and, when the listing is proven to be whole, what is missing. The same run comparing twice
 * notes everything once. Call it in a transaction.
 * @param isProven what a full run was not shown is missing. A group that was not shown itself, or whose members could not
 *   all be read, is left alone.
 */
export async function compareMembers(tx: Queryable, run: SnapshotRun, isProven: boolean): Promise<void> {
  await tx.query({ name: 'snapshot_members_said_gone', text: SAID_GONE, values: keyOf(run) });
  await tx.query({ name: 'snapshot_members_replaced', text: REPLACED, values: keyOf(run) });
  if (run.mode === 'full')
    await tx.query({
      name: 'snapshot_members_full',
      text: COMPARE_ALL,
      values: [...keyOf(run), isProven],
    });
  else await tx.query({ name: 'snapshot_members_changed', text: COMPARE_SHOWN, values: keyOf(run) });
  if (isProven) await rememberLists(tx, run);
}

/** What the source took away in so many words, with the place in the order of what it said. */
const TAKEN = `taken AS MATERIALIZED (
  SELECT l.group_id, l.member_kind, i.member_id, max(l.sequence) AS sequence
  FROM snapshot_member_lists l CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND NOT l.present GROUP BY l.group_id, l.member_kind, i.member_id)`;

const shownMembers = (condition: string): string => `
  SELECT l.group_id, l.member_kind, i.member_id
  FROM snapshot_member_lists l
  LEFT JOIN snapshot_replaced p ON ${ofRun('p')} AND p.group_id = l.group_id
  CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND l.present AND (p.sequence IS NULL OR l.sequence >= p.sequence) AND ${condition}`;

/** What the source shows of groups that something was taken from, unless it was taken away later. */
const shownOfTaken = (condition: string): string => `${shownMembers(condition)}
    AND l.group_id IN (SELECT t.group_id FROM taken t)
    AND NOT EXISTS (SELECT FROM taken t WHERE t.group_id = l.group_id AND t.member_kind = l.member_kind
      AND t.member_id = i.member_id AND t.sequence > l.sequence)`;

/**
 * What the source shows, unless it took it away later or began the list anew after it. Groups that something was taken
 * from stand apart: a listing takes nothing away, and half a million members need not be compared with nothing.
 */
const SHOWN = `shown AS (${shownMembers('true')}
    AND l.group_id NOT IN (SELECT t.group_id FROM taken t)
  UNION ALL${shownOfTaken('true')})`;

const KNOWN = `SELECT m.group_id, m.member_kind, m.member_id FROM source_members m
  WHERE m.environment_id = $1 AND m.directory_id = $2`;

const INSERT_GONE = `INSERT INTO snapshot_member_changes
  (environment_id, directory_id, run_id, group_id, member_kind, member_id)`;

const SAID_GONE = `
WITH ${TAKEN}
${INSERT_GONE}
SELECT $1, $2, $3, t.group_id, t.member_kind, t.member_id FROM taken t
CROSS JOIN LATERAL (${KNOWN} AND m.group_id = t.group_id AND m.member_kind = t.member_kind
  AND m.member_id = t.member_id OFFSET 0) known
WHERE NOT EXISTS (SELECT FROM snapshot_member_lists l WHERE ${ofRun('l')} AND l.group_id = t.group_id
  AND l.member_kind = t.member_kind AND l.present AND l.sequence > t.sequence AND t.member_id = ANY(l.member_ids))
ON CONFLICT DO NOTHING`;

/** Not in a list that was read anew. */
const REPLACED = `
WITH ${TAKEN}
${INSERT_GONE}
SELECT $1, $2, $3, known.group_id, known.member_kind, known.member_id
FROM snapshot_replaced p
CROSS JOIN LATERAL (${KNOWN} AND m.group_id = p.group_id OFFSET 0) known
LEFT JOIN LATERAL (SELECT DISTINCT l.member_kind, i.member_id
  FROM snapshot_member_lists l CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND l.group_id = p.group_id AND l.present AND l.sequence >= p.sequence
    AND NOT EXISTS (SELECT FROM taken t WHERE t.group_id = l.group_id AND t.member_kind = l.member_kind
      AND t.member_id = i.member_id AND t.sequence > l.sequence)) shown
  ON shown.member_kind = known.member_kind AND shown.member_id = known.member_id
WHERE ${ofRun('p')} AND shown.member_id IS NULL
ON CONFLICT DO NOTHING`;

/** Notes what is new among the differences. */
const NOTE_NEW = `added AS (
  INSERT INTO snapshot_member_additions (environment_id, directory_id, run_id, group_id, member_kind, member_ids)
  SELECT $1, $2, $3, d.group_id, d.member_kind, array_agg(DISTINCT d.member_id) FROM difference d WHERE d.is_new
  GROUP BY d.group_id, d.member_kind
  ON CONFLICT DO NOTHING)`;

const SAME_MEMBER = (a: string, b: string): string =>
  `${a}.group_id = ${b}.group_id AND ${a}.member_kind = ${b}.member_kind AND ${a}.member_id = ${b}.member_id`;

/** Groups that may have other members than before: those that were listed or shown and are not known to be unchanged. */
const COMPARED = `unchanged AS MATERIALIZED ${UNCHANGED_GROUPS},
compared AS MATERIALIZED (
  SELECT seen.source_id AS group_id FROM ${seenOf("'group'")} seen
  WHERE seen.source_id NOT IN (SELECT u.group_id FROM unchanged u)
  UNION
  SELECT l.group_id FROM snapshot_member_lists l
  WHERE ${ofRun('l')} AND l.group_id NOT IN (SELECT u.group_id FROM unchanged u))`;

/**
 * One row for each membership that is shown or known and not both.
 * @param key columns that tell memberships apart
 * @param sides as SQL: who is shown, who is known
 */
const difference = (key: string, shownSide: string, knownSide: string): string => `
  SELECT ${key}, shown.is_shown IS NOT NULL AS is_new
  FROM (SELECT s.*, true AS is_shown FROM (${shownSide}) s) shown
  FULL JOIN (SELECT k.*, true AS is_known FROM (${knownSide}) k) known USING (${key})
  WHERE shown.is_shown IS NULL OR known.is_known IS NULL`;

/**
 * Groups of which a page was compared with what is believed while it was staged, and whom no such page shows; nothing was
 * taken from them, see `settleLists`. Who stands among the lists of a group is new, unless one of its pages was staged whole.
 */
const COMPARED_BEFORE = `before AS MATERIALIZED (
  SELECT s.group_id, count(*) AS pages FROM snapshot_member_digests s
  WHERE ${ofRun('s')} AND s.version IS NOT NULL AND s.group_id IN (SELECT c.group_id FROM compared c)
  GROUP BY s.group_id),
lacking AS (
  SELECT b.group_id, m.member_kind, m.member_id FROM before b
  JOIN snapshot_member_digests s ON ${ofRun('s')} AND s.version IS NOT NULL AND s.group_id = b.group_id
  CROSS JOIN LATERAL (SELECT 'user' COLLATE "C" AS member_kind, u.id AS member_id FROM unnest(s.missing_users) AS u (id)
    UNION ALL SELECT 'group', g.id FROM unnest(s.missing_groups) AS g (id)) m
  GROUP BY b.group_id, b.pages, m.member_kind, m.member_id HAVING count(*) = b.pages),
staged_whole AS MATERIALIZED (
  SELECT s.group_id FROM snapshot_member_digests s WHERE ${ofRun('s')} AND s.version IS NULL)`;

/**
 * Group by group, because what has to be held at once then stays small: one join of all took half as long again. Where
 * something was taken away the groups are compared together, so that what was taken is looked through once; and so are
 * those whose lists were compared before, of which little is left.
 */
const DIFFERENCE_OF_ALL = `
  SELECT c.group_id, d.* FROM compared c
  CROSS JOIN LATERAL (${difference(
    'member_kind, member_id',
    shownMembers('l.group_id = c.group_id'),
    `${KNOWN} AND m.group_id = c.group_id`,
  )}) d
  WHERE c.group_id NOT IN (SELECT t.group_id FROM taken t) AND c.group_id NOT IN (SELECT b.group_id FROM before b)
  UNION ALL ${difference(
    'group_id, member_kind, member_id',
    'SELECT shown.* FROM shown',
    `SELECT known.* FROM compared c CROSS JOIN LATERAL (${KNOWN} AND m.group_id = c.group_id OFFSET 0) known
      WHERE c.group_id IN (SELECT t.group_id FROM taken t)`,
  )}
  UNION ALL SELECT d.* FROM (${difference(
    'group_id, member_kind, member_id',
    shownMembers('l.group_id IN (SELECT b.group_id FROM before b)'),
    'SELECT lacking.* FROM lacking',
  )}) d
  WHERE NOT d.is_new OR d.group_id NOT IN (SELECT w.group_id FROM staged_whole w)
    OR NOT EXISTS (${KNOWN} AND ${SAME_MEMBER('m', 'd')} OFFSET 0)`;

/** Who was missing and is not among the absent is back. */
const COMPARE_ALL = `
WITH ${TAKEN},
${COMPARED},
${COMPARED_BEFORE},
shown AS (${shownOfTaken('l.group_id IN (SELECT c.group_id FROM compared c)')}),
difference AS MATERIALIZED (${DIFFERENCE_OF_ALL}),
${NOTE_NEW},
back AS (
  DELETE FROM source_missing_members x USING compared c
  WHERE x.environment_id = $1 AND x.directory_id = $2 AND x.group_id = c.group_id
    AND NOT EXISTS (SELECT FROM difference d WHERE NOT d.is_new AND ${SAME_MEMBER('d', 'x')}))
INSERT INTO source_missing_members AS x (environment_id, directory_id, group_id, member_kind, member_id, missing_runs,
  missing_run_id)
SELECT $1, $2, d.group_id, d.member_kind, d.member_id, 1, $3 FROM difference d
WHERE $4 AND NOT d.is_new AND d.group_id IN (SELECT seen.source_id FROM ${seenOf("'group'")} seen)
  AND NOT EXISTS (SELECT FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = 'membership'
    AND i.source_id IN ('', d.group_id))
ON CONFLICT (environment_id, directory_id, group_id, member_kind, member_id)
DO UPDATE SET missing_runs = x.missing_runs + 1, missing_run_id = excluded.missing_run_id
  WHERE x.missing_run_id <> excluded.missing_run_id`;

/** Few things among many: each is looked up. */
const COMPARE_SHOWN = `
WITH ${TAKEN},
${SHOWN},
difference AS MATERIALIZED (
  SELECT shown.group_id, shown.member_kind, shown.member_id, true AS is_new
  FROM shown WHERE NOT EXISTS (${KNOWN} AND ${SAME_MEMBER('m', 'shown')} OFFSET 0)),
${NOTE_NEW}
DELETE FROM source_missing_members x USING shown
WHERE x.environment_id = $1 AND x.directory_id = $2 AND ${SAME_MEMBER('x', 'shown')}`;

/**
 * Memberships that this run takes away: missing for the second time, or said to be gone. They are few, and found without
 * looking at the others.
 */
export const GONE_MEMBERS = `(
  SELECT x.group_id, x.member_kind, x.member_id FROM source_missing_members x
  WHERE x.environment_id = $1 AND x.directory_id = $2
    AND x.missing_runs >= ${CONFIRMING_RUNS} AND x.missing_run_id = $3
  UNION
  SELECT c.group_id, c.member_kind, c.member_id FROM snapshot_member_changes c
  CROSS JOIN LATERAL (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.group_id = c.group_id AND m.member_kind = c.member_kind AND m.member_id = c.member_id OFFSET 0) known
  WHERE ${ofRun('c')})`;
