import type { Queryable } from '#kernel';
import { CONFIRMING_RUNS } from './absences.js';
import type { SnapshotRun } from './snapshot.js';
import { keyOf, ofRun, seenOf } from './staging.js';

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
}

/*
 * Half a million memberships are compared in memory or nearly so. The server knows nothing about tables that were filled
 * a second ago: left to itself it would look up each of them, one by one.
 */
export const FOR_LARGE_SETS = `SELECT set_config('work_mem', '64MB', true), set_config('statement_timeout', '10min', true),
  set_config('enable_nestloop', 'off', true)`;

/** What the source took away in so many words, with the place in the order of what it said. */
const TAKEN = `taken AS MATERIALIZED (
  SELECT l.group_id, l.member_kind, i.member_id, max(l.sequence) AS sequence
  FROM snapshot_member_lists l CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND NOT l.present GROUP BY l.group_id, l.member_kind, i.member_id)`;

const SHOWN_MEMBERS = `
  SELECT l.group_id, l.member_kind, i.member_id
  FROM snapshot_member_lists l
  LEFT JOIN snapshot_replaced p ON ${ofRun('p')} AND p.group_id = l.group_id
  CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND l.present AND (p.sequence IS NULL OR l.sequence >= p.sequence)`;

/**
 * What the source shows, unless it took it away later or began the list anew after it. Groups that something was taken
 * from stand apart: a listing takes nothing away, and half a million members need not be compared with nothing.
 */
const SHOWN = `shown AS (${SHOWN_MEMBERS}
    AND l.group_id NOT IN (SELECT t.group_id FROM taken t)
  UNION ALL${SHOWN_MEMBERS}
    AND l.group_id IN (SELECT t.group_id FROM taken t)
    AND NOT EXISTS (SELECT FROM taken t WHERE t.group_id = l.group_id AND t.member_kind = l.member_kind
      AND t.member_id = i.member_id AND t.sequence > l.sequence))`;

const KNOWN = `SELECT m.group_id, m.member_kind, m.member_id, m.missing_runs, m.missing_run_id, m.ctid AS place
  FROM source_members m
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

/** Notes the differences `d`: what is new, and what is back after it was missing. */
const NOTE_SHOWN = `added AS (
  INSERT INTO snapshot_member_additions (environment_id, directory_id, run_id, group_id, member_kind, member_ids)
  SELECT $1, $2, $3, d.group_id, d.member_kind, array_agg(DISTINCT d.member_id) FROM difference d WHERE d.is_new
  GROUP BY d.group_id, d.member_kind
  ON CONFLICT DO NOTHING),
back AS (
  UPDATE source_members m SET missing_runs = 0, missing_run_id = NULL
  WHERE m.ctid = ANY(ARRAY(SELECT DISTINCT d.place FROM difference d WHERE d.is_back)))`;

/** Places of rows instead of their keys: few among many are updated, and a join would read all of them once more. */
const COMPARE_ALL = `
WITH ${TAKEN},
${SHOWN},
difference AS MATERIALIZED (
  SELECT group_id, member_kind, member_id, known.place, known.missing_runs IS NULL AS is_new,
    shown.is_shown AND known.missing_runs > 0 AS is_back, shown.is_shown IS NULL AS is_absent
  FROM (SELECT group_id, member_kind, member_id, true AS is_shown FROM shown) shown
  FULL JOIN (${KNOWN}) known USING (group_id, member_kind, member_id)
  WHERE known.missing_runs IS NULL OR shown.is_shown AND known.missing_runs > 0
    OR $4 AND shown.is_shown IS NULL AND known.missing_run_id IS DISTINCT FROM $3),
${NOTE_SHOWN}
UPDATE source_members m SET missing_runs = m.missing_runs + 1, missing_run_id = $3
WHERE m.ctid = ANY(ARRAY(
  SELECT d.place FROM difference d
  WHERE d.is_absent AND d.group_id IN (SELECT seen.source_id FROM ${seenOf("'group'")} seen)
    AND NOT EXISTS (SELECT FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = 'membership'
      AND i.source_id IN ('', d.group_id))))`;

/** Few things among many: each is looked up. */
const COMPARE_SHOWN = `
WITH ${TAKEN},
${SHOWN},
difference AS MATERIALIZED (
  SELECT shown.group_id, shown.member_kind, shown.member_id, known.place, known.missing_runs IS NULL AS is_new,
    coalesce(known.missing_runs > 0, false) AS is_back
  FROM shown LEFT JOIN LATERAL (${KNOWN} AND m.group_id = shown.group_id AND m.member_kind = shown.member_kind
    AND m.member_id = shown.member_id OFFSET 0) known ON true
  WHERE known.missing_runs IS NULL OR known.missing_runs > 0),
${NOTE_SHOWN}
SELECT FROM difference LIMIT 0`;

/**
 * Memberships that this run takes away: missing for the second time, or said to be gone. They are few, and found without
 * looking at the others.
 */
export const GONE_MEMBERS = `(
  SELECT m.group_id, m.member_kind, m.member_id FROM source_members m
  WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.missing_runs > 0
    AND m.missing_runs >= ${CONFIRMING_RUNS} AND m.missing_run_id = $3
  UNION
  SELECT c.group_id, c.member_kind, c.member_id FROM snapshot_member_changes c
  CROSS JOIN LATERAL (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.group_id = c.group_id AND m.member_kind = c.member_kind AND m.member_id = c.member_id OFFSET 0) known
  WHERE ${ofRun('c')})`;
