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

async function resolve(batch: Batch, arrival: Arrival): Promise<void> {
  const { kind, id } = arrival;
  const listed = kind === 'user' ? batch.memberships : batch.nested;
  const changes: ListedChange[] = [];
  for (const groupId of await endWaiting(batch, arrival)) {
    await listed.loadPairs(groupId, [id]);
    const group = batch.groups.get(groupId);
    if (!group || listed.isDirect(groupId, id)) continue;
    touchMembers(batch, group);
    changes.push({ groupId, kind, member: id, listed: true });
  }
  if (changes.length > 0) await settleMembers(batch, await listMembers(batch, changes));
}

/** Nobody waits for this one any more. @returns the groups that did, loaded. */
async function endWaiting(batch: Batch, { waiting, id, externalId }: Arrival): Promise<Set<string>> {
  const { head, groups } = batch;
  const values = head.matchExternalIds && externalId ? [id, externalId] : [id];
  if (head.hasPendingMemberships) await waiting.loadMember(values);
  const groupIds = new Set<string>();
  for (const value of values)
    for (const groupId of waiting.groupsOf(value)) {
      waiting.set(groupId, value, false);
      groupIds.add(groupId);
    }
  await groups.loadIds([...groupIds]);
  return groupIds;
}
