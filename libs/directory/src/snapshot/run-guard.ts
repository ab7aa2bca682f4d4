import type { Clock, Database, JsonObject } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import { enoughMemberships, judgeRun, type Before, type RunRemovals } from '../guard/judge.js';
import { readPolicy, type GuardPolicy } from '../guard/policy.js';
import type { Holds } from '../holds/holds.js';
import type { RunGuard } from './snapshot.js';

/** The removal guard for runs: the policy of the directory, and what is in effect now. */
export function createRunGuard(parts: {
  readonly database: Database;
  readonly holds: Holds;
  readonly clock: Clock;
}): RunGuard {
  const { database, holds, clock } = parts;
  return {
    judge: async (ref: DirectoryRef, removals: RunRemovals) => {
      if (isNothing(removals)) return { hold: false, reasons: [] };
      const policy = readPolicy(await configOf(database, ref), clock.now());
      return judgeRun(policy, await countBefore(database, ref, { policy, removals }), removals);
    },
    openForRun: (ref, run) => holds.openForRun(ref, run),
  };
}

function isNothing({ users, groups, memberships, identityChanges, emptied }: RunRemovals): boolean {
  return users + groups + memberships + identityChanges + emptied.length === 0;
}

async function configOf(database: Database, ref: DirectoryRef): Promise<JsonObject> {
  const [row] = await database.query<{ config: JsonObject }>({
    name: 'snapshot_guard_config',
    text: 'SELECT config FROM directories WHERE environment_id = $1 AND id = $2',
    values: [ref.environmentId, ref.directoryId],
  });
  return row?.config ?? {};
}

/**
 * Of what loses nothing it does not matter how much there is, and counting a large directory takes a while: so memberships
 * are counted up to the number at which their removals pass.
 */
async function countBefore(
  database: Database,
  ref: DirectoryRef,
  { policy, removals }: { readonly policy: GuardPolicy; readonly removals: RunRemovals },
): Promise<Before> {
  const enough = enoughMemberships(policy, removals.memberships);
  const [row] = await database.query<{ users: number; groups: number; memberships: number }>({
    name: 'snapshot_guard_before',
    text: `SELECT
        CASE WHEN $3 THEN (SELECT count(*) FROM directory_users u WHERE u.environment_id = $1
          AND u.directory_id = $2 AND u.deleted_at IS NULL AND u.active)::float8 ELSE 0 END AS users,
        CASE WHEN $4 THEN (SELECT count(*) FROM directory_groups g WHERE g.environment_id = $1
          AND g.directory_id = $2 AND g.deleted_at IS NULL)::float8 ELSE 0 END AS groups,
        (SELECT count(*) FROM (SELECT FROM memberships m WHERE m.environment_id = $1
          AND m.directory_id = $2 LIMIT $5::bigint) counted)::float8 AS memberships`,
    values: [
      ref.environmentId,
      ref.directoryId,
      removals.users + removals.identityChanges > 0,
      removals.groups > 0,
      Number.isFinite(enough) ? enough : null,
    ],
  });
  return { activeUsers: row?.users ?? 0, groups: row?.groups ?? 0, memberships: row?.memberships ?? 0 };
}
