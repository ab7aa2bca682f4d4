import { newId, type JsonObject } from '#kernel';
import type { PendingUser } from '../guard/effective.js';
import { HOLD_COLUMNS, holdFromRow, holdNotice, insertHold, type HoldRow } from '../holds/hold-rows.js';
import type { Batch } from './batch.js';

/** Something that the source has removed and that stays in effect; '' where a kind has no such id. */
interface Thing {
  readonly kind: 'user' | 'identity' | 'group' | 'membership';
  readonly action: 'deactivate' | 'delete' | 'change' | 'remove';
  readonly user_id: string;
  readonly group_id: string;
}

/**
 * Writes what the guard has to remember of a batch: the window and the removals in one statement, and, where something
 * became pending or is no longer, the items of holds. A hold of which nothing is left ends by itself.
 */
export async function writeGuard(batch: Batch): Promise<void> {
  const { pending, changed, settled } = pendingDifference(batch);
  if (changed.length > 0) pending.push(...(await changeItems(batch, changed)));
  const holdId = pending.length > 0 ? batch.guard.holdForItems() : undefined;
  if (batch.guard.newHold) await insertHold(batch.tx, batch.head, batch.guard.newHold);
  await writeRemovals(batch);
  if (holdId !== undefined) await insertItems(batch, holdId, pending);
  const touched = settled.length > 0 ? await deleteItems(batch, settled) : [];
  if (touched.length > 0) await withdrawEmpty(batch, touched);
}

interface Difference {
  readonly pending: Thing[];
  /** Pending before and after, but for another action. */
  readonly changed: Thing[];
  readonly settled: Thing[];
}

/** What became pending in this batch, and what is no longer. */
function pendingDifference({ users, groups, memberships }: Batch): Difference {
  const difference: Difference = {
    pending: [...groups.newlyHeld().map(groupThing), ...memberships.newlyHeld().map(membershipThing)],
    changed: [],
    settled: [...groups.noLongerHeld().map(groupThing), ...memberships.noLongerHeld().map(membershipThing)],
  };
  for (const { id, before, after } of users.pendingChanges()) {
    compareRemoval(difference, id, { before: before.removal, after: after.removal });
    if (before.identity !== after.identity)
      difference[after.identity ? 'pending' : 'settled'].push(identityThing(id));
  }
  return difference;
}

function compareRemoval(
  difference: Difference,
  id: string,
  { before, after }: { readonly before: PendingUser['removal']; readonly after: PendingUser['removal'] },
): void {
  if (before === after) return;
  if (before && after) difference.changed.push(userThing(id, after));
  else if (after) difference.pending.push(userThing(id, after));
  else if (before) difference.settled.push(userThing(id, before));
}

function userThing(id: string, action: 'deactivate' | 'delete'): Thing {
  return { kind: 'user', action, user_id: id, group_id: '' };
}

function identityThing(id: string): Thing {
  return { kind: 'identity', action: 'change', user_id: id, group_id: '' };
}

function groupThing(id: string): Thing {
  return { kind: 'group', action: 'delete', user_id: '', group_id: id };
}

function membershipThing(pair: { readonly groupId: string; readonly member: string }): Thing {
  return { kind: 'membership', action: 'remove', user_id: pair.member, group_id: pair.groupId };
}

async function writeRemovals({ tx, head, guard }: Batch): Promise<void> {
  const window = guard.windowToWrite;
  if (!window && guard.applied.length === 0) return;
  const rows = guard.applied.map((removal) => ({
    id: newId('hold_item'),
    kind: removal.kind,
    action: removal.action,
    user_id: removal.userId,
    group_id: removal.groupId,
    linked_ids: removal.linkedIds,
  }));
  await tx.query({
    name: 'directory_guard_write',
    text: WRITE_REMOVALS,
    values: [
      head.environmentId,
      head.directoryId,
      JSON.stringify(rows),
      guard.holdOfRemovals,
      guard.runId,
      guard.now,
      JSON.stringify(window?.state ?? null),
      window?.holdId ?? null,
      window !== undefined,
    ],
  });
}

async function insertItems(
  { tx, head, guard }: Batch,
  holdId: string,
  things: readonly Thing[],
): Promise<void> {
  const rows: JsonObject[] = things.map((thing) => ({ ...thing, id: newId('hold_item') }));
  await tx.query({
    name: 'directory_guard_items',
    text: INSERT_ITEMS,
    values: [head.environmentId, head.directoryId, holdId, guard.now, JSON.stringify(rows)],
  });
}

/**
 * A pending deactivation became a deletion, or the other way round: the item says so where it is.
 * @returns what has no pending item, because that one is approved already: the approval does not cover the change.
 */
async function changeItems({ tx, head }: Batch, things: readonly Thing[]): Promise<Thing[]> {
  const rows = await tx.query<{ user_id: string }>({
    name: 'directory_guard_changed',
    text: CHANGE_ITEMS,
    values: [head.environmentId, head.directoryId, JSON.stringify(things)],
  });
  const known = new Set(rows.map((row) => row.user_id));
  return things.filter((thing) => !known.has(thing.user_id));
}

/** @returns the holds that lost items. */
async function deleteItems({ tx, head }: Batch, things: readonly Thing[]): Promise<string[]> {
  const rows = await tx.query<{ hold_id: string }>({
    name: 'directory_guard_settled',
    text: DELETE_ITEMS,
    values: [head.environmentId, head.directoryId, JSON.stringify(things)],
  });
  return [...new Set(rows.map((row) => row.hold_id))];
}

async function withdrawEmpty({ tx, head, guard, events }: Batch, holdIds: readonly string[]): Promise<void> {
  const rows = await tx.query<HoldRow>({
    name: 'directory_guard_withdraw',
    text: WITHDRAW,
    values: [head.environmentId, head.directoryId, holdIds, guard.now],
  });
  for (const row of rows)
    events.push(holdNotice('directory.hold_withdrawn', head.directoryId, holdFromRow(row)));
}

const THINGS = 'json_to_recordset($3::json) AS r (kind text, user_id text, group_id text)';

const WRITE_REMOVALS = `
WITH kept AS (
  INSERT INTO removals (environment_id, directory_id, id, kind, action, user_id, group_id, linked_ids, hold_id, run_id,
    removed_at)
  SELECT $1, $2, r.id, r.kind, r.action, r.user_id, r.group_id, r.linked_ids, $4, $5, $6::timestamptz
  FROM json_to_recordset($3::json)
    AS r (id text, kind text, action text, user_id text, group_id text, linked_ids text[])
)
INSERT INTO guard_windows (environment_id, directory_id, state, hold_id)
SELECT $1, $2, $7::jsonb, $8 WHERE $9::boolean
ON CONFLICT (environment_id, directory_id) DO UPDATE SET state = excluded.state, hold_id = excluded.hold_id`;

const INSERT_ITEMS = `
INSERT INTO hold_items (environment_id, directory_id, hold_id, id, kind, action, user_id, group_id, state, created_at)
SELECT $1, $2, $3, r.id, r.kind, r.action, r.user_id, r.group_id, 'pending', $4::timestamptz
FROM json_to_recordset($5::json) AS r (id text, kind text, action text, user_id text, group_id text)
ON CONFLICT (environment_id, directory_id, kind, user_id, group_id, state) DO UPDATE SET action = excluded.action`;

const CHANGE_ITEMS = `
UPDATE hold_items i SET action = r.action
FROM json_to_recordset($3::json) AS r (kind text, action text, user_id text, group_id text)
WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.kind = r.kind AND i.user_id = r.user_id
  AND i.group_id = r.group_id AND i.state = 'pending'
RETURNING i.user_id`;

const DELETE_ITEMS = `
DELETE FROM hold_items i USING ${THINGS}
WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.kind = r.kind AND i.user_id = r.user_id
  AND i.group_id = r.group_id
RETURNING i.hold_id`;

const WITHDRAW = `
WITH ended AS (
  UPDATE holds h SET state = 'withdrawn', decided_at = $4::timestamptz
  WHERE h.environment_id = $1 AND h.directory_id = $2 AND h.id = ANY($3::text[]) AND h.state = 'open'
    AND NOT EXISTS (SELECT FROM hold_items i WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.hold_id = h.id)
  RETURNING ${HOLD_COLUMNS}
), closed AS (
  UPDATE guard_windows SET hold_id = NULL
  WHERE environment_id = $1 AND directory_id = $2 AND hold_id IN (SELECT id FROM ended)
)
SELECT * FROM ended`;
