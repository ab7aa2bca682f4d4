import type { Batch } from '../apply/batch.js';
import { announceMembership, announceUpdate } from '../apply/evaluate-common.js';
import { dropGroup } from '../apply/evaluate-group.js';
import { dropUser } from '../apply/evaluate-user.js';
import { effectiveUser, losesIdentity } from '../guard/effective.js';

interface ApprovedItem {
  readonly id: string;
  readonly kind: 'user' | 'identity' | 'group' | 'membership';
  readonly action: 'deactivate' | 'delete' | 'change' | 'remove';
  readonly user_id: string;
  readonly group_id: string;
}

/**
 * Lets up to `limit` approved items of a hold take effect, as far as the source still asserts them.
 * @returns whether more remain.
 */
export async function applyApproved(batch: Batch, holdId: string, limit: number): Promise<boolean> {
  const { tx, head } = batch;
  const items = await tx.query<ApprovedItem>({
    name: 'holds_approved_items',
    text: TAKE_APPROVED,
    values: [head.environmentId, head.directoryId, holdId, limit],
  });
  await batch.users.loadAny(items.map((item) => item.user_id).filter((id) => id !== ''));
  await batch.groups.loadAny(items.map((item) => item.group_id).filter((id) => id !== ''));
  for (const item of inOrder(items)) await applyItem(batch, item);
  return items.length === limit;
}

/** Groups first: their end says all about their members. Then people, whose end takes their memberships along. */
const ORDER = ['group', 'user', 'identity', 'membership'];

function inOrder(items: readonly ApprovedItem[]): ApprovedItem[] {
  return items.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.id < b.id ? -1 : 1));
}

async function applyItem(batch: Batch, item: ApprovedItem): Promise<void> {
  switch (item.kind) {
    case 'group':
      return removeGroup(batch, item.group_id);
    case 'user':
      return item.action === 'delete' && batch.users.pendingOf(item.user_id).removal === 'delete'
        ? dropUser(batch, item.user_id)
        : deactivate(batch, item.user_id);
    case 'identity':
      return changeIdentity(batch, item.user_id);
    case 'membership':
      return removeMembership(batch, item);
  }
}

async function removeGroup(batch: Batch, id: string): Promise<void> {
  const group = batch.groups.inEffect(id);
  if (!group || batch.groups.get(id)) return;
  await batch.memberships.loadGroup(id);
  dropGroup(batch, group, { now: batch.guard.now });
}

function deactivate(batch: Batch, id: string): void {
  const before = batch.users.inEffect(id);
  const asserted = batch.users.asserted(id);
  if (!before || !asserted || !batch.users.pendingOf(id).removal) return;
  const held = { removal: false, identity: losesIdentity(before, asserted) };
  const after = effectiveUser(asserted, before, held);
  batch.users.setEffective(id, after);
  announceUpdate(batch, before, after);
  batch.guard.removed({ kind: 'user', action: 'deactivate', userId: id, groupId: '', linkedIds: [] });
}

function changeIdentity(batch: Batch, id: string): void {
  const before = batch.users.inEffect(id);
  const asserted = batch.users.asserted(id);
  if (!before || !asserted || !batch.users.pendingOf(id).identity) return;
  const held = { removal: before.active && !asserted.active, identity: false };
  const after = effectiveUser(asserted, before, held);
  batch.users.setEffective(id, after);
  announceUpdate(batch, before, after);
}

async function removeMembership(batch: Batch, item: ApprovedItem): Promise<void> {
  const { user_id: userId, group_id: groupId } = item;
  const { memberships, groups, guard } = batch;
  await memberships.loadPairs(groupId, [userId]);
  const group = groups.inEffect(groupId);
  if (!group || memberships.has(groupId, userId) || !memberships.isInEffect(groupId, userId)) return;
  memberships.set(groupId, userId, false);
  announceMembership(batch, 'dsync.group.user_removed', { group, userId });
  guard.removed({ kind: 'membership', action: 'remove', userId, groupId, linkedIds: [] });
}

/** Taken and applied in one transaction: after a crash an item is either still there or done. */
const TAKE_APPROVED = `
DELETE FROM hold_items WHERE (environment_id, directory_id, hold_id, id) IN (
  SELECT environment_id, directory_id, hold_id, id FROM hold_items
  WHERE environment_id = $1 AND directory_id = $2 AND hold_id = $3 AND state = 'approved'
  ORDER BY array_position(ARRAY['group', 'user', 'identity', 'membership'], kind), id LIMIT $4)
RETURNING id, kind, action, user_id, group_id`;
