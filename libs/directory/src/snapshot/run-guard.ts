import type { Clock, Database, JsonObject } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import { judgeRun, type RunRemovals } from '../guard/judge.js';
import { readPolicy } from '../guard/policy.js';
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
      const [row] = await database.query<{
        config: JsonObject;
        users: number;
        groups: number;
        memberships: number;
      }>({
        name: 'snapshot_guard_before',
        text: `SELECT d.config,
            CASE WHEN $3 THEN (SELECT count(*) FROM directory_users u WHERE u.environment_id = $1
              AND u.directory_id = $2 AND u.deleted_at IS NULL AND u.active)::float8 ELSE 0 END AS users,
            CASE WHEN $4 THEN (SELECT count(*) FROM directory_groups g WHERE g.environment_id = $1
              AND g.directory_id = $2 AND g.deleted_at IS NULL)::float8 ELSE 0 END AS groups,
            CASE WHEN $5 THEN (SELECT count(*) FROM memberships m WHERE m.environment_id = $1
              AND m.directory_id = $2)::float8 ELSE 0 END AS memberships
          FROM directories d WHERE d.environment_id = $1 AND d.id = $2`,
        // Of what loses nothing it does not matter how much there is, and counting a large directory takes a while.
        values: [
          ref.environmentId,
          ref.directoryId,
          removals.users + removals.identityChanges > 0,
          removals.groups > 0,
          removals.memberships > 0,
        ],
      });
      const before = {
        activeUsers: row?.users ?? 0,
        groups: row?.groups ?? 0,
        memberships: row?.memberships ?? 0,
      };
      return judgeRun(readPolicy(row?.config ?? {}, clock.now()), before, removals);
    },
    openForRun: (ref, run) => holds.openForRun(ref, run),
  };
}

function isNothing({ users, groups, memberships, identityChanges, emptied }: RunRemovals): boolean {
  return users + groups + memberships + identityChanges + emptied.length === 0;
}
