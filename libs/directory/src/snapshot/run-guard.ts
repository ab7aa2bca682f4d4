import type { Clock, Database, JsonObject } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import {
  enoughMemberships,
  judgeRun,
  type Before,
  type RunRemovals,
  type WindowCounts,
} from '../guard/judge.js';
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
      const waiting = await countWaiting(database, ref);
      const before = await countBefore(database, ref, { policy, removals, waiting });
      return judgeRun(policy, before, { removals, waiting });
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
 * What waits for a decision, or was rejected and is still claimed by the source. What is approved is on its way; memberships
 * that go with somebody who waits are not counted again.
 */
async function countWaiting(database: Database, ref: DirectoryRef): Promise<WindowCounts> {
  const [row] = await database.query<{ waiting: WindowCounts }>({
    name: 'snapshot_guard_waiting',
    text: `SELECT json_build_object(
        'users', count(*) FILTER (WHERE i.kind = 'user'),
        'groups', count(*) FILTER (WHERE i.kind = 'group'),
        'identities', count(*) FILTER (WHERE i.kind = 'identity'),
        'memberships', count(*) FILTER (WHERE i.kind = 'membership' AND NOT EXISTS (
          SELECT FROM hold_items o WHERE o.environment_id = $1 AND o.directory_id = $2 AND o.state = 'pending'
            AND o.kind = 'user' AND o.user_id = i.user_id AND o.group_id = '' AND o.action = 'delete')
          AND NOT EXISTS (
          SELECT FROM hold_items o WHERE o.environment_id = $1 AND o.directory_id = $2 AND o.state = 'pending'
            AND o.kind = 'group' AND o.user_id = '' AND o.group_id = i.group_id))) AS waiting
      FROM hold_items i WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.state = 'pending'`,
    values: [ref.environmentId, ref.directoryId],
  });
  return row?.waiting as WindowCounts;
}

/**
 * Of what loses nothing it does not matter how much there is, and counting a large directory takes a while: so memberships
 * are counted up to the number at which their removals pass.
 */
async function countBefore(
  database: Database,
  ref: DirectoryRef,
  asked: { readonly policy: GuardPolicy; readonly removals: RunRemovals; readonly waiting: WindowCounts },
): Promise<Before> {
  const { policy, removals, waiting } = asked;
  const enough = enoughMemberships(policy, {
    removed: removals.memberships,
    waiting: waiting.memberships,
  });
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
