import type { Queryable } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import type { RunRemovals } from '../guard/judge.js';
import { goneRecords } from './absences.js';
import { GONE_MEMBERS } from './compare-members.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { isRecord, keyOf, ofRun } from './statement-parts.js';

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
/** Said removals count half up to this share of the active users. */
const STATED_SHARE = 0.25;

/** What the run would change of people who are known. */
type UserChanges = Readonly<
  Record<KeptAttribute | 'deactivated' | 'identities' | 'identitiesBesideEmail', number>
>;

interface GoneCounts {
  readonly inferred: number;
  readonly stated: number;
  readonly groups: number;
  readonly memberships: number;
  readonly awaiting: number;
}

/** What a run would remove. */
export interface Losses {
  readonly losses: RunRemovals;
  /** People who count as gone because they were missing, not because the source said so. */
  readonly inferred: number;
  /** People in effect who are active; 0 where nobody would go. */
  readonly active: number;
  readonly awaiting: number;
  /** Attributes that so many people would lose that they keep them. */
  readonly kept: readonly KeptAttribute[];
}

/** Counts what was marked, and what the staged records would change; call it in the transaction that marked. */
export async function countLosses(
  tx: Queryable,
  run: SnapshotRun,
  { statedCountsHalf = false }: RunFacts,
): Promise<Losses> {
  const gone = await count<GoneCounts>(tx, run, { name: 'snapshot_count_gone', text: COUNT_GONE });
  const changes = await count<UserChanges>(tx, run, { name: 'snapshot_count_changes', text: COUNT_CHANGES });
  const kept = await massClears(tx, run, changes);
  const stated = gone.stated + changes.deactivated;
  const active = gone.inferred + stated > 0 ? await countActive(tx, run) : 0;
  const everybody = gone.inferred + stated >= active && active > 0;
  const losses = {
    users: gone.inferred + stated,
    ...(statedCountsHalf && { usersWeight: gone.inferred + weighStated(stated, active) }),
    groups: gone.groups,
    memberships: gone.memberships,
    identityChanges: kept.includes('email') ? changes.identitiesBesideEmail : changes.identities,
    emptied: [
      ...(everybody ? [{ name: 'The directory', members: active }] : []),
      ...(await emptiedGroups(tx, run)),
    ].slice(0, 20),
  };
  return { losses, inferred: gone.inferred, active, awaiting: gone.awaiting, kept };
}

async function count<Counts>(
  tx: Queryable,
  run: SnapshotRun,
  statement: { readonly name: string; readonly text: string },
): Promise<Counts> {
  const [row] = await tx.query<Counts & Record<string, unknown>>({ ...statement, values: keyOf(run) });
  return row as Counts;
}

const SAID_SO = `EXISTS (SELECT FROM snapshot_records s WHERE ${ofRun('s')} AND s.kind = 'user'
  AND s.source_id = r.source_id AND s.record IS NULL)`;

/** What was removed before has nothing left to lose, though the source goes on naming it for a while. */
const KNOWN_MEMBER = `EXISTS (SELECT FROM source_records k
  WHERE ${isRecord('k', 'm.member_kind', 'm.member_id')} OFFSET 0)`;

const COUNT_GONE = `
WITH gone AS MATERIALIZED (SELECT r.source_id, ${SAID_SO} AS stated FROM ${goneRecords("'user'")} r),
gone_groups AS MATERIALIZED (SELECT r.source_id FROM ${goneRecords("'group'")} r)
SELECT
  (SELECT count(*) FROM gone WHERE NOT stated)::float8 AS inferred,
  (SELECT count(*) FROM gone WHERE stated)::float8 AS stated,
  (SELECT count(*) FROM gone_groups)::float8 AS groups,
  (SELECT count(*) FROM ${GONE_MEMBERS} m WHERE m.member_id NOT IN (SELECT source_id FROM gone)
    AND m.group_id NOT IN (SELECT source_id FROM gone_groups) AND ${KNOWN_MEMBER})::float8 AS memberships,
  (SELECT count(*) FROM source_records r WHERE r.environment_id = $1 AND r.directory_id = $2
    AND r.missing_since IS NOT NULL AND r.missing_run_id = $3 AND r.missing_runs = 1)::float8
  + (SELECT count(*) FROM source_missing_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.missing_run_id = $3 AND m.missing_runs = 1)::float8 AS awaiting`;

const CLEARED = KEPT_CANDIDATES.map(
  (name) =>
    `count(*) FILTER (WHERE u.${COLUMN[name]} IS NOT NULL AND n."${name}" IS NULL)::float8 AS "${name}"`,
);

/** Who goes by the source's own id until the name is free loses nothing when it is, and every run asks. */
const COUNT_CHANGES = `
SELECT count(*) FILTER (WHERE u.active AND n.active = 'false')::float8 AS deactivated,
  count(*) FILTER (WHERE lower(u.email) IS DISTINCT FROM lower(n.email)
    OR NOT (r.digest = '' AND u.user_name = s.source_id)
      AND lower(u.user_name) IS DISTINCT FROM lower(coalesce(n."userName", n.email, s.source_id)))::float8 AS identities,
  count(*) FILTER (WHERE lower(u.email) IS DISTINCT FROM lower(coalesce(n.email, u.email))
    OR NOT (r.digest = '' AND u.user_name = s.source_id)
      AND lower(u.user_name) IS DISTINCT FROM lower(coalesce(n."userName", n.email, u.user_name)))::float8
    AS "identitiesBesideEmail",
  ${CLEARED.join(', ')}
FROM snapshot_records s
CROSS JOIN LATERAL (SELECT r.entity_id, r.digest FROM source_records r
  WHERE ${isRecord('r', "'user'", 's.source_id')} AND r.digest <> s.digest OFFSET 0) r
CROSS JOIN LATERAL (SELECT u.* FROM directory_users u WHERE u.environment_id = $1 AND u.directory_id = $2
  AND u.id = r.entity_id AND u.asserted_deleted_at IS NULL OFFSET 0) u
CROSS JOIN LATERAL json_to_record(s.record) AS n (active text, "userName" text,
  ${KEPT_CANDIDATES.map((name) => `"${name}" text`).join(', ')})
WHERE ${ofRun('s')} AND s.kind = 'user' AND s.record IS NOT NULL`;

/** What removals count that the source itself has said. */
export function weighStated(stated: number, active: number): number {
  return Math.ceil(stated * (stated <= active * STATED_SHARE ? 0.5 : 1));
}

/** People in effect who are active. */
export async function countActive(tx: Queryable, ref: DirectoryRef): Promise<number> {
  const [row] = await tx.query<{ active: number }>({
    name: 'snapshot_count_active',
    text: `SELECT count(*)::float8 AS active FROM directory_users u
      WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.deleted_at IS NULL AND u.active`,
    values: [ref.environmentId, ref.directoryId],
  });
  return row?.active ?? 0;
}

async function emptiedGroups(
  tx: Queryable,
  run: SnapshotRun,
): Promise<readonly { readonly name: string; readonly members: number }[]> {
  return tx.query<{ name: string; members: number }>({
    name: 'snapshot_emptied_groups',
    text: EMPTIED_GROUPS,
    values: keyOf(run),
  });
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
LEFT JOIN LATERAL (SELECT r.entity_id FROM source_records r
  WHERE ${isRecord('r', "'group'", 'losing.group_id')} OFFSET 0) r ON true
LEFT JOIN LATERAL (SELECT g.name FROM directory_groups g WHERE g.environment_id = $1 AND g.directory_id = $2
  AND g.id = r.entity_id OFFSET 0) g ON true
WHERE known.members = losing.members
  AND NOT EXISTS (SELECT FROM snapshot_member_additions a WHERE ${ofRun('a')} AND a.group_id = losing.group_id)
LIMIT 20`;

async function massClears(tx: Queryable, run: SnapshotRun, changes: UserChanges): Promise<KeptAttribute[]> {
  if (KEPT_CANDIDATES.every((name) => changes[name] <= MASS_CLEAR.count)) return [];
  const [row] = await tx.query<{ everybody: number }>({
    name: 'snapshot_count_believed',
    text: `SELECT count(*)::float8 AS everybody FROM source_records r
      WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.kind = 'user'`,
    values: keyOf(run).slice(0, 2),
  });
  const limit = Math.max(MASS_CLEAR.count, (row?.everybody ?? 0) * MASS_CLEAR.share);
  return KEPT_CANDIDATES.filter((name) => changes[name] > limit);
}
