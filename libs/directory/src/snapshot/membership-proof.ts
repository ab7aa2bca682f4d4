import { isJsonObject, textArray, type Database, type JsonObject, type Queryable } from '#kernel';
import type { SnapshotKind, SnapshotMembership } from '#model';
import { CONFIRMING_RUNS, type Proof } from './absences.js';
import { FOR_LARGE_SETS } from './large-sets.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { keyOf, ofRun, seenOf } from './statement-parts.js';

/**
 * What the source said when it was asked about memberships that the run would take away without the source's word. A
 * group of which it confirms one although its list lacked it is *doubtful*: its list was not true, so nobody leaves it
 * for being missing there, whoever was asked about. What the source denies does end.
 */
export interface MembershipProof {
  /** Group → memberships that were missing in its list and are there. */
  readonly present: Readonly<Record<string, number>>;
  /** Memberships of doubtful groups that are not there. */
  readonly gone: readonly SnapshotMembership[];
  /** Groups that were asked about, where there were too many to ask about all; the others wait for the next run. */
  readonly only: readonly string[] | null;
}

/** Memberships asked about in a run, spread over as many groups as possible. */
const MOST_LOOK_UPS = 1_000;
const LOOK_UP_PAGE = 100;
const NOTHING: MembershipProof = { present: {}, gone: [], only: null };

/** Asks the source about the memberships that would end now. Nothing is asked where it takes no such questions. */
export async function proveMemberships(
  database: Database,
  run: SnapshotRun,
  { facts, proofs }: { readonly facts: RunFacts; readonly proofs: Readonly<Record<SnapshotKind, Proof>> },
): Promise<MembershipProof> {
  const { lookUpMembers } = facts;
  if (lookUpMembers === undefined) return NOTHING;
  const isListed = run.mode === 'full' && facts.complete.includes('memberships');
  const { asked, isAll } = await findSuspects(database, run, { isListed, proofs });
  const present: Record<string, number> = {};
  const gone: SnapshotMembership[] = [];
  for (let start = 0; start < asked.length; start += LOOK_UP_PAGE) {
    const page = asked.slice(start, start + LOOK_UP_PAGE);
    const answers = await lookUpMembers(page);
    for (const membership of page) {
      const answer = answers.get(membership);
      if (answer === 'gone') gone.push(membership);
      else if (answer !== undefined) tally(present, membership.groupId, answer === 'present' ? 1 : 0);
    }
  }
  return {
    present,
    gone: gone.filter(({ groupId }) => Object.hasOwn(present, groupId)),
    only: isAll ? null : [...new Set(asked.map(({ groupId }) => groupId))],
  };
}

/** Of an answer that was refused nothing, though it keeps the group's others as well. */
function tally(present: Record<string, number>, groupId: string, found: number): void {
  present[groupId] = (present[groupId] ?? 0) + found;
}

interface SuspectRow extends Record<string, unknown> {
  readonly group_id: string;
  readonly member_kind: SnapshotKind;
  readonly member_id: string;
  readonly total: number;
}

async function findSuspects(
  database: Database,
  run: SnapshotRun,
  {
    isListed,
    proofs,
  }: { readonly isListed: boolean; readonly proofs: Readonly<Record<SnapshotKind, Proof>> },
): Promise<{ readonly asked: readonly SnapshotMembership[]; readonly isAll: boolean }> {
  const rows = await database.transaction(async (tx) => {
    await tx.query({ text: FOR_LARGE_SETS });
    return tx.query<SuspectRow>({
      name: 'snapshot_suspect_members',
      text: SUSPECTS,
      values: [...keyOf(run), isListed, textArray(proofs.user.gone), textArray(proofs.group.gone)],
    });
  });
  const asked = rows.map((row) => ({
    groupId: row.group_id,
    member: { kind: row.member_kind, id: row.member_id },
  }));
  return { asked, isAll: (rows[0]?.total ?? 0) <= rows.length };
}

/** A membership of somebody whom we know; the others have no effect. */
const knownMember = (alias: string): string => `EXISTS (SELECT FROM source_records k
  WHERE k.environment_id = $1 AND k.directory_id = $2 AND k.kind = ${alias}.member_kind
    AND k.source_id = ${alias}.member_id OFFSET 0)`;

/**
 * Memberships that the run was not shown and would end for that: missing for the last time ($4), or left out of a list
 * that was read anew. Not of members who are gone themselves ($5, $6), and a list that was compared while it was staged
 * shows whom it does not lack. By turns between groups, and others in each run where there are too many.
 */
const SUSPECTS = `
WITH missing AS MATERIALIZED (
  SELECT m.group_id, m.member_kind, m.member_id FROM source_missing_members m
  WHERE $4 AND m.environment_id = $1 AND m.directory_id = $2 AND m.missing_runs >= ${CONFIRMING_RUNS - 1}
    AND m.group_id IN (SELECT seen.source_id FROM ${seenOf("'group'")} seen)
    AND NOT EXISTS (SELECT FROM snapshot_invalid i WHERE ${ofRun('i')} AND i.kind = 'membership'
      AND i.source_id IN ('', m.group_id))
  UNION
  SELECT m.group_id, m.member_kind, m.member_id FROM snapshot_replaced p
  CROSS JOIN LATERAL (SELECT e.group_id, e.member_kind, e.member_id FROM source_members e
    WHERE e.environment_id = $1 AND e.directory_id = $2 AND e.group_id = p.group_id OFFSET 0) m
  WHERE ${ofRun('p')}),
told AS MATERIALIZED (
  SELECT l.group_id, l.member_kind, i.member_id FROM snapshot_member_lists l
  LEFT JOIN snapshot_replaced p ON ${ofRun('p')} AND p.group_id = l.group_id
  CROSS JOIN LATERAL unnest(l.member_ids) AS i (member_id)
  WHERE ${ofRun('l')} AND (p.sequence IS NULL OR l.sequence >= p.sequence)
    AND l.group_id IN (SELECT group_id FROM missing)),
suspect AS (
  SELECT s.group_id, s.member_kind, s.member_id,
    row_number() OVER (PARTITION BY s.group_id ORDER BY md5(s.member_id || $3)) AS place,
    count(*) OVER () AS total
  FROM missing s
  WHERE NOT EXISTS (SELECT FROM told t WHERE t.group_id = s.group_id AND t.member_kind = s.member_kind
      AND t.member_id = s.member_id)
    AND NOT EXISTS (SELECT FROM snapshot_member_digests c WHERE ${ofRun('c')} AND c.group_id = s.group_id
      AND c.version IS NOT NULL
      AND s.member_id <> ALL(CASE s.member_kind WHEN 'user' THEN c.missing_users ELSE c.missing_groups END))
    AND s.member_id <> ALL(CASE s.member_kind WHEN 'user' THEN $5::text[] ELSE $6::text[] END)
    AND NOT EXISTS (SELECT FROM snapshot_records r WHERE ${ofRun('r')} AND r.kind = s.member_kind
      AND r.source_id = s.member_id AND r.record IS NULL)
    AND ${knownMember('s')}),
asked AS (SELECT * FROM suspect ORDER BY place, md5(group_id || $3) LIMIT ${MOST_LOOK_UPS})
SELECT group_id, member_kind, member_id, total::float8 AS total FROM asked ORDER BY member_kind, member_id, group_id`;

/**
 * Takes back what the comparison has noted against the proof; call it in the same transaction, after the comparison.
 * @returns what the report says about it
 */
export async function spareMemberships(
  tx: Queryable,
  run: SnapshotRun,
  proof: MembershipProof,
): Promise<readonly string[]> {
  const doubtful = Object.keys(proof.present);
  if (doubtful.length > 0) {
    const values = [
      ...keyOf(run),
      textArray(doubtful),
      textArray(proof.gone.map(({ groupId }) => groupId)),
      textArray(proof.gone.map(({ member }) => member.kind)),
      textArray(proof.gone.map(({ member }) => member.id)),
    ];
    await tx.query({ name: 'snapshot_members_spared', text: SPARE_MISSING, values });
    await tx.query({ name: 'snapshot_members_not_replaced', text: SPARE_REPLACED, values });
  }
  if (proof.only !== null) {
    const values = [...keyOf(run), textArray(proof.only)];
    await tx.query({ name: 'snapshot_members_wait', text: LET_WAIT, values });
    await tx.query({ name: 'snapshot_members_wait_replaced', text: LET_REPLACED_WAIT, values });
  }
  return warningsOf(tx, run, proof);
}

const SAID_GONE = (alias: string): string => `EXISTS (
  SELECT FROM unnest($5::text[], $6::text[], $7::text[]) AS g (group_id, member_kind, member_id)
  WHERE g.group_id = ${alias}.group_id AND g.member_kind = ${alias}.member_kind AND g.member_id = ${alias}.member_id)`;

/** Counted anew from the next run on. */
const SPARE_MISSING = `
UPDATE source_missing_members m SET missing_runs = 0
WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.missing_run_id = $3
  AND m.group_id = ANY($4::text[]) AND NOT ${SAID_GONE('m')}`;

/** The source itself did not take it away. */
const NOT_TAKEN = `NOT EXISTS (SELECT FROM snapshot_member_lists l WHERE ${ofRun('l')} AND l.group_id = c.group_id
  AND l.member_kind = c.member_kind AND NOT l.present AND c.member_id = ANY(l.member_ids))`;

const SPARE_REPLACED = `
DELETE FROM snapshot_member_changes c
WHERE ${ofRun('c')} AND c.group_id = ANY($4::text[]) AND ${NOT_TAKEN} AND NOT ${SAID_GONE('c')}`;

const LET_WAIT = `
UPDATE source_missing_members m SET missing_runs = ${CONFIRMING_RUNS - 1}
WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.missing_run_id = $3
  AND m.missing_runs >= ${CONFIRMING_RUNS} AND m.group_id <> ALL($4::text[]) AND ${knownMember('m')}`;

/** The next full run looks at them. */
const LET_REPLACED_WAIT = `
DELETE FROM snapshot_member_changes c
WHERE ${ofRun('c')} AND c.group_id <> ALL($4::text[]) AND ${NOT_TAKEN}`;

/** Groups that the report names. */
const MOST_WARNINGS = 20;

async function warningsOf(
  tx: Queryable,
  run: SnapshotRun,
  { present, only }: MembershipProof,
): Promise<readonly string[]> {
  const counts = Object.entries(present).sort(([, a], [, b]) => b - a);
  const shown = counts.slice(0, MOST_WARNINGS);
  const names = await groupNames(
    tx,
    run,
    shown.map(([id]) => id),
  );
  const warnings = shown.map(([id, count]) => warningOf(names.get(id) ?? id, count));
  if (counts.length > shown.length)
    warnings.push(`The same was found in ${counts.length - shown.length} more groups.`);
  if (only !== null)
    warnings.push(
      `Too many memberships were not listed to ask about all of them. What was asked about is a sample of ${only.length} groups; other groups wait for the next run.`,
    );
  return warnings;
}

function warningOf(name: string, count: number): string {
  if (count === 0)
    return `The source did not list members of "${name}" and refuses to say whether they belong to it. Nobody leaves that group for not being listed in this run.`;
  const who = count === 1 ? '1 member' : `${count} members`;
  return `The source did not list ${who} of "${name}" although it says, when asked, that they belong to it. Nobody leaves that group for not being listed in this run.`;
}

async function groupNames(
  tx: Queryable,
  run: SnapshotRun,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.query<{ id: string; name: string }>({
    name: 'snapshot_group_names',
    text: `SELECT r.source_id AS id, g.name FROM source_records r
      JOIN directory_groups g ON g.environment_id = $1 AND g.directory_id = $2 AND g.id = r.entity_id
      WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'group' AND r.source_id = ANY($3::text[])`,
    values: [...keyOf(run).slice(0, 2), textArray(ids)],
  });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/**
 * Keeps what was answered, in the transaction that believes it: a run that is killed before it has decided goes by the
 * same answers. It stands where the decision will.
 */
export async function keepProof(tx: Queryable, run: SnapshotRun, proof: MembershipProof): Promise<void> {
  if (proof.only === null && Object.keys(proof.present).length === 0) return;
  await tx.query({
    name: 'snapshot_proof_save',
    text: `INSERT INTO snapshot_decisions (environment_id, directory_id, run_id, decision)
      VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), JSON.stringify({ proof })],
  });
}

/** What a killed worker had kept, if that is all it had come to. */
export function keptProof(stored: JsonObject | undefined): MembershipProof | undefined {
  const proof = stored?.['proof'];
  return isJsonObject(proof) ? (proof as unknown as MembershipProof) : undefined;
}
