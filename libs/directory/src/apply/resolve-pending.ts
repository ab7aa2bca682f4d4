import type { DirectoryGroup, DirectoryUser } from '#model';
import type { Batch } from './batch.js';
import { touchMembers } from './evaluate-common.js';
import type { BatchLinks } from './members.js';
import { listMembers, settleMembers, type ListedChange } from './memberships.js';

/** Memberships that waited for this person begin now. */
export function resolvePendingUser(batch: Batch, { id, externalId }: DirectoryUser): Promise<void> {
  return resolve(batch, { kind: 'user', waiting: batch.pending, id, externalId });
}

/** Groups that waited for this one as a member have it now. */
export function resolvePendingGroup(batch: Batch, { id, externalId }: DirectoryGroup): Promise<void> {
  return resolve(batch, { kind: 'group', waiting: batch.pendingGroups, id, externalId });
}

interface Arrival {
  readonly kind: 'user' | 'group';
  readonly waiting: BatchLinks;
  readonly id: string;
  readonly externalId: string | null;
}

async function resolve(batch: Batch, { kind, waiting, id, externalId }: Arrival): Promise<void> {
  const { head, groups } = batch;
  const values = head.matchExternalIds && externalId ? [id, externalId] : [id];
  if (head.hasPendingMemberships) await waiting.loadMember(values);
  const listed = kind === 'user' ? batch.memberships : batch.nested;
  const changes = new Map<string, ListedChange>();
  for (const value of values) {
    const groupIds = waiting.groupsOf(value);
    await groups.loadIds(groupIds);
    for (const groupId of groupIds) {
      waiting.set(groupId, value, false);
      await listed.loadPairs(groupId, [id]);
      const group = groups.get(groupId);
      if (!group || listed.isDirect(groupId, id) || changes.has(groupId)) continue;
      touchMembers(batch, group);
      changes.set(groupId, { groupId, kind, member: id, listed: true });
    }
  }
  if (changes.size > 0) await settleMembers(batch, await listMembers(batch, [...changes.values()]));
}
