import { isJsonObject, type JsonObject, type Queryable } from '#kernel';
import type { SnapshotKind } from '#model';
import { doubtAbout, GONE, markRecords, type Proof } from './absences.js';
import { compareMembers, GONE_MEMBERS } from './compare-members.js';
import type { RunRemovals } from '../guard/judge.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { keyOf } from './staging.js';

/** What a run will do, decided before it does anything, and kept if it has to be resumed. */
export interface Decision {
  readonly holdId: string | null;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  /** Attributes that so many people would lose at once that they keep them. */
  readonly kept: readonly KeptAttribute[];
  readonly awaiting: number;
}

/** Attributes of a person whose loss en masse means that they became unreadable. */
const KEPT_CANDIDATES = ['email', 'firstName', 'lastName', 'name', 'jobTitle'] as const;
export type KeptAttribute = (typeof KEPT_CANDIDATES)[number];

const COLUMN: Readonly<Record<KeptAttribute, string>> = {
  email: 'email',
  firstName: 'first_name',
  lastName: 'last_name',
  name: 'name',
  jobTitle: 'job_title',
};
/** More people than both of these lose an attribute at once. */
const MASS_CLEAR = { count: 5, share: 0.2 };
/** Where people who left stay listed, more than both of these vanishing is abnormal. */
const ABNORMAL = { count: 3, share: 0.005 };
/** Said removals count half up to this share of the active users. */
const STATED_SHARE = 0.25;

/** What a run has found out about removals, before the guard has judged it. */
export interface Finding extends Omit<Decision, 'holdId' | 'reasons'> {
  readonly losses: RunRemovals;
  /** Reasons of its own to hold, beside the guard's limits. */
  readonly abnormal: readonly string[];
}

/** Marks absences and counts what the run would remove; call it in a transaction. */
export async function findLosses(
  tx: Queryable,
  run: SnapshotRun,
  { facts, proofs }: { readonly facts: RunFacts; readonly proofs: Readonly<Record<SnapshotKind, Proof>> },
): Promise<Finding> {
  const warnings: string[] = [];
  for (const kind of ['user', 'group'] as const) {
    const isCovered = facts.complete.includes(kind === 'user' ? 'users' : 'groups');
    const doubt = isCovered ? await doubtAbout(tx, run, { kind, facts }) : undefined;
    if (doubt !== undefined) warnings.push(doubt);
    const isProven = isCovered && doubt === undefined;
    await markRecords(tx, run, { kind, isProven, proof: proofs[kind] });
  }
  await compareMembers(tx, run, run.mode === 'full' && facts.complete.includes('memberships'));
  const kept = await massClears(tx, run);
  const counts = await countLosses(tx, run, { keepsEmail: kept.includes('email') });
  if (kept.length > 0)
    warnings.push(
      `More than a fifth of all people would lose ${kept.join(', ')}. They keep it: more likely the credential may no longer read it.`,
    );
  const abnormalLimit = Math.max(ABNORMAL.count, counts.active * ABNORMAL.share);
  const abnormal =
    facts.listsInactive === true && counts.inferred > abnormalLimit
      ? [`${counts.inferred} people vanished from a source that keeps listing people who left.`]
      : [];
  return { losses: await toLosses(tx, run, counts), abnormal, kept, warnings, awaiting: counts.awaiting };
}

interface LossCounts {
  readonly inferred: number;
  readonly stated: number;
  readonly deactivated: number;
  readonly active: number;
  readonly groups: number;
  readonly memberships: number;
  readonly identities: number;
  readonly awaiting: number;
}

async function countLosses(
  tx: Queryable,
  run: SnapshotRun,
  { keepsEmail }: { readonly keepsEmail: boolean },
): Promise<LossCounts> {
  const [row] = await tx.query<LossCounts & Record<string, unknown>>({
    name: 'snapshot_count_losses',
    text: COUNT_LOSSES,
    values: [...keyOf(run), 'user', keepsEmail],
  });
  return row as LossCounts;
}

const CHANGED_USERS = `
  FROM snapshot_records s
  JOIN source_records r ON r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'user'
    AND r.source_id = s.source_id
  JOIN directory_users u ON u.environment_id = $1 AND u.directory_id = $2 AND u.id = r.entity_id
    AND u.asserted_deleted_at IS NULL
  WHERE s.environment_id = $1 AND s.directory_id = $2 AND s.run_id = $3 AND s.kind = 'user'
    AND s.record IS NOT NULL AND s.digest <> r.digest`;

const SAID_SO = `EXISTS (SELECT FROM snapshot_records s WHERE s.environment_id = $1 AND s.directory_id = $2
  AND s.run_id = $3 AND s.kind = 'user' AND s.source_id = r.source_id AND s.record IS NULL)`;

/** $4 = 'user' stands for the kind inside GONE; groups have it replaced. $5: lost e-mail addresses are kept. */
const GONE_GROUP = GONE.replaceAll('$4', `'group'`);

/** What was removed before has nothing left to lose, though the source goes on naming it for a while. */
const KNOWN_MEMBER = `EXISTS (SELECT FROM source_records k WHERE k.environment_id = $1 AND k.directory_id = $2
  AND k.kind = m.member_kind AND k.source_id = m.member_id)`;

const COUNT_LOSSES = `
WITH gone AS MATERIALIZED (SELECT r.source_id, ${SAID_SO} AS stated FROM source_records r WHERE ${GONE}),
gone_groups AS MATERIALIZED (SELECT r.source_id FROM source_records r WHERE ${GONE_GROUP})
SELECT
  (SELECT count(*) FROM gone WHERE NOT stated)::float8 AS inferred,
  (SELECT count(*) FROM gone WHERE stated)::float8 AS stated,
  (SELECT count(*) ${CHANGED_USERS} AND u.active AND s.record ->> 'active' = 'false')::float8 AS deactivated,
  (SELECT count(*) FROM directory_users u WHERE u.environment_id = $1 AND u.directory_id = $2
    AND u.deleted_at IS NULL AND u.active)::float8 AS active,
  (SELECT count(*) FROM gone_groups)::float8 AS groups,
  (SELECT count(*) FROM ${GONE_MEMBERS} m WHERE ${KNOWN_MEMBER}
    AND m.member_id NOT IN (SELECT source_id FROM gone) AND m.group_id NOT IN (SELECT source_id FROM gone_groups)
  )::float8 AS memberships,
  (SELECT count(*) ${CHANGED_USERS} AND (
    lower(u.email) IS DISTINCT FROM lower(coalesce(s.record ->> 'email', CASE WHEN $5 THEN u.email END))
    OR lower(u.user_name) IS DISTINCT FROM lower(coalesce(s.record ->> 'userName', s.record ->> 'email',
      CASE WHEN $5 THEN u.user_name END, s.source_id)))
  )::float8 AS identities,
  (SELECT count(*) FROM source_records r WHERE r.environment_id = $1 AND r.directory_id = $2
    AND r.missing_run_id = $3 AND r.missing_runs = 1)::float8
  + (SELECT count(*) FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.missing_run_id = $3 AND m.missing_runs = 1)::float8 AS awaiting`;

async function toLosses(tx: Queryable, run: SnapshotRun, counts: LossCounts): Promise<RunRemovals> {
  const stated = counts.stated + counts.deactivated;
  const weight = stated <= counts.active * STATED_SHARE ? 0.5 : 1;
  const users = counts.inferred + Math.ceil(stated * weight);
  const emptied = await tx.query<{ name: string; members: number }>({
    name: 'snapshot_emptied_groups',
    text: EMPTIED_GROUPS,
    values: keyOf(run),
  });
  const everybody = counts.inferred + stated >= counts.active && counts.active > 0;
  return {
    users,
    groups: counts.groups,
    memberships: counts.memberships,
    identityChanges: counts.identities,
    emptied: [...(everybody ? [{ name: 'The directory', members: counts.active }] : []), ...emptied].slice(
      0,
      20,
    ),
  };
}

/** Groups that lose every member they are known to have, and get none. */
const EMPTIED_GROUPS = `
WITH losing AS (
  SELECT m.group_id, count(*) AS members FROM ${GONE_MEMBERS} m WHERE ${KNOWN_MEMBER}
  GROUP BY m.group_id HAVING count(*) >= 5)
SELECT 'Group "' || coalesce(g.name, losing.group_id) || '"' AS name, losing.members::float8 AS members
FROM losing
CROSS JOIN LATERAL (SELECT count(*) AS members FROM source_members m WHERE m.environment_id = $1
  AND m.directory_id = $2 AND m.group_id = losing.group_id AND ${KNOWN_MEMBER}) known
LEFT JOIN source_records r ON r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'group'
  AND r.source_id = losing.group_id
LEFT JOIN directory_groups g ON g.environment_id = $1 AND g.directory_id = $2 AND g.id = r.entity_id
WHERE known.members = losing.members
  AND NOT EXISTS (SELECT FROM snapshot_member_changes c WHERE c.environment_id = $1 AND c.directory_id = $2
    AND c.run_id = $3 AND c.group_id = losing.group_id AND c.present)
LIMIT 20`;

async function massClears(tx: Queryable, run: SnapshotRun): Promise<KeptAttribute[]> {
  const columns = KEPT_CANDIDATES.map(
    (name) =>
      `count(*) FILTER (WHERE u.${COLUMN[name]} IS NOT NULL AND s.record ->> '${name}' IS NULL)::float8 AS "${name}"`,
  );
  const [row] = await tx.query<Record<KeptAttribute | 'everybody', number>>({
    name: 'snapshot_mass_clears',
    text: `SELECT ${columns.join(', ')}, (SELECT count(*) FROM source_records e WHERE e.environment_id = $1
        AND e.directory_id = $2 AND e.kind = 'user')::float8 AS everybody ${CHANGED_USERS}`,
    values: keyOf(run),
  });
  if (!row) return [];
  const limit = Math.max(MASS_CLEAR.count, row.everybody * MASS_CLEAR.share);
  return KEPT_CANDIDATES.filter((name) => row[name] > limit);
}

export async function loadDecision(database: Queryable, run: SnapshotRun): Promise<Decision | undefined> {
  const rows = await database.query<{ decision: JsonObject }>({
    name: 'snapshot_decision',
    text: `SELECT decision FROM snapshot_decisions
      WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3`,
    values: keyOf(run),
  });
  const stored = rows[0]?.decision;
  return isJsonObject(stored) ? (stored as unknown as Decision) : undefined;
}

export async function saveDecision(tx: Queryable, run: SnapshotRun, decision: Decision): Promise<void> {
  await tx.query({
    name: 'snapshot_decision_save',
    text: `INSERT INTO snapshot_decisions (environment_id, directory_id, run_id, decision)
      VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), JSON.stringify(decision)],
  });
}
