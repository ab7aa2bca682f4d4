import type { Queryable } from '#kernel';
import type { SnapshotRun } from './snapshot.js';
import { FOR_LARGE_SETS } from './large-sets.js';
import { keyOf, ofRun, seenOf } from './statement-parts.js';

/*
 * A group whose members a full run shows just as they are believed is not looked at again. That is known by a digest of
 * the list: source_member_digests has those of groups whose believed members are exactly such a list, with nobody missing.
 */

/** What the run showed of each group, over all pages. */
const WHOLE = `
  SELECT s.group_id, bool_and(s.is_as_before) AS is_as_before, string_agg(s.digest, '' ORDER BY s.sequence) AS digest
  FROM snapshot_member_digests s WHERE ${ofRun('s')} GROUP BY s.group_id`;

/** The run says more about the group `group_id` than which members it has. */
const isSpokenOf = (group: string): string => `(
  ${group} IN (SELECT p.group_id FROM snapshot_replaced p WHERE ${ofRun('p')})
  OR ${group} IN (SELECT l.group_id FROM snapshot_member_lists l WHERE ${ofRun('l')} AND NOT l.present))`;

/** Groups that need not be compared; call `settleLists` before. */
export const UNCHANGED_GROUPS = `(
  SELECT w.group_id FROM (${WHOLE}) w
  JOIN source_member_digests d ON d.environment_id = $1 AND d.directory_id = $2 AND d.group_id = w.group_id
  WHERE (w.is_as_before OR w.digest = d.digest) AND NOT ${isSpokenOf('w.group_id')})`;

/**
 * Stages whole lists where only the difference was kept and the run has more to say about the group. Where what is
 * believed is not any more what was compared with, nobody knows what was shown, and the group's members count as
 * unreadable. Doing it twice is doing it once.
 */
export async function settleLists(tx: Queryable, run: SnapshotRun): Promise<void> {
  if (run.mode !== 'full') return;
  await tx.query({ text: FOR_LARGE_SETS });
  await tx.query({ name: 'snapshot_settle_lists', text: SETTLE_LISTS, values: keyOf(run) });
}

const SETTLE_LISTS = `
WITH current AS MATERIALIZED (
  SELECT coalesce(max(v.version), 0) AS version FROM source_member_versions v
  WHERE v.environment_id = $1 AND v.directory_id = $2),
left_out AS MATERIALIZED (
  SELECT s.group_id, s.sequence, s.missing_users, s.missing_groups, s.version = current.version AS is_known
  FROM snapshot_member_digests s CROSS JOIN current
  WHERE ${ofRun('s')} AND s.version IS NOT NULL
    AND (s.version <> current.version OR ${isSpokenOf('s.group_id')})),
settled AS (
  UPDATE snapshot_member_digests s SET version = NULL, is_as_before = false, missing_users = '{}', missing_groups = '{}'
  FROM left_out o WHERE ${ofRun('s')} AND s.group_id = o.group_id AND s.sequence = o.sequence),
unreadable AS (
  INSERT INTO snapshot_invalid (environment_id, directory_id, run_id, kind, source_id)
  SELECT DISTINCT $1, $2, $3, 'membership', o.group_id FROM left_out o WHERE NOT o.is_known
  ON CONFLICT DO NOTHING)
INSERT INTO snapshot_member_lists AS l (environment_id, directory_id, run_id, group_id, member_kind, present, sequence,
  member_ids)
SELECT $1, $2, $3, o.group_id, m.member_kind, true, o.sequence, array_agg(m.member_id)
FROM left_out o
CROSS JOIN LATERAL (SELECT m.member_kind, m.member_id FROM source_members m WHERE m.environment_id = $1
  AND m.directory_id = $2 AND m.group_id = o.group_id OFFSET 0) m
WHERE o.is_known
  AND m.member_id <> ALL(CASE m.member_kind WHEN 'user' THEN o.missing_users ELSE o.missing_groups END)
GROUP BY o.group_id, m.member_kind, o.sequence
ON CONFLICT (environment_id, directory_id, run_id, group_id, member_kind, present, sequence)
DO UPDATE SET member_ids = l.member_ids || excluded.member_ids`;

/** Notes the lists that turned out to be what is believed; call it after a comparison with a listing proven to be whole. */
export async function rememberLists(tx: Queryable, run: SnapshotRun): Promise<void> {
  await tx.query({ name: 'snapshot_remember_lists', text: REMEMBER_LISTS, values: keyOf(run) });
}

const REMEMBER_LISTS = `
INSERT INTO source_member_digests AS d (environment_id, directory_id, group_id, digest)
SELECT $1, $2, w.group_id, w.digest FROM (${WHOLE}) w
LEFT JOIN source_member_digests known ON known.environment_id = $1 AND known.directory_id = $2
  AND known.group_id = w.group_id
WHERE NOT w.is_as_before AND known.digest IS DISTINCT FROM w.digest AND NOT ${isSpokenOf('w.group_id')}
  AND w.group_id IN (SELECT seen.source_id FROM ${seenOf("'group'")} seen)
  AND w.group_id NOT IN (SELECT a.group_id FROM snapshot_member_additions a WHERE ${ofRun('a')})
  AND w.group_id NOT IN (SELECT x.group_id FROM source_missing_members x WHERE x.environment_id = $1
    AND x.directory_id = $2)
  AND NOT EXISTS (SELECT FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = 'membership'
    AND i.source_id IN ('', w.group_id))
ON CONFLICT (environment_id, directory_id, group_id) DO UPDATE SET digest = excluded.digest`;
