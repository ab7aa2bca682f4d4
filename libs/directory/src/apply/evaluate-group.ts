import { ConflictError, foldKey, idTime, newId, NotFoundError } from '#kernel';
import {
  directoryGroupWire,
  type Change,
  type ChangeResult,
  type DirectoryGroup,
  type GroupInput,
  type MemberOperation,
} from '#model';
import { previousAttributes } from '../diff/previous-attributes.js';
import { checkGroupKeys } from '../rows/group-row.js';
import type { Batch } from './batch.js';
import { checkVersion, touchMembers } from './evaluate-common.js';
import { applyMembers, checkMembers } from './evaluate-members.js';
import type { Head } from './head.js';
import type { MemberPair } from './members.js';
import { endMemberships, holdMemberships, listMembers, loadNamed, type ListedChange } from './memberships.js';
import { resolvePendingGroup } from './resolve-pending.js';
import { linkedAbove } from '../holds/linked-ids.js';

type Outcome = Omit<ChangeResult, 'events'>;
type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** A new group, or one that comes back within the restore window and keeps the old id. */
export async function createGroup(batch: Batch, change: ChangeOf<'create_group'>): Promise<Outcome> {
  const { group: input, members } = change;
  checkGroupKeys(input);
  checkMembers(members);
  await refuseTaken(batch, input);
  const removed = batch.groups.findRemoved({ key: foldKey(input.name), externalId: input.externalId });
  const held = removed && batch.groups.inEffect(removed.id);
  if (held) return takeBackGroup(batch, held, change);
  const group = removed ? restoredGroup(batch, input, removed) : newGroup(batch, input);
  if (!removed) {
    for (const links of [batch.memberships, batch.nested, batch.pending, batch.pendingGroups])
      links.startEmpty(group.id);
  }
  batch.groups.put(group, input.folded);
  batch.events.push({ type: 'dsync.group.created', data: directoryGroupWire(group) });
  await applyMembers(batch, group, [addAll(change)]);
  await resolvePendingGroup(batch, group);
  return removed ? { group, restored: true } : { group };
}

/** The source takes a removal back that was still held: nothing happened, apart from what it says anew. */
async function takeBackGroup(
  batch: Batch,
  held: DirectoryGroup,
  change: ChangeOf<'create_group'>,
): Promise<Outcome> {
  batch.groups.put(held, undefined);
  const updated = changeAttributes(batch, held, change.group);
  await applyMembers(batch, updated, [addAll(change)]);
  await resolvePendingGroup(batch, updated);
  return { group: touchMembers(batch, updated), restored: true };
}

function addAll({ members: values, groups }: ChangeOf<'create_group'>): MemberOperation {
  return { op: 'add', values, ...(groups && { groups }) };
}

export async function updateGroup(batch: Batch, change: ChangeOf<'update_group'>): Promise<Outcome> {
  const current = await requireGroup(batch, change.id);
  checkVersion(current.version, change.ifMatch);
  const { group: input, members } = change.update(current);
  checkGroupKeys(input);
  for (const step of members) if (step.op !== 'remove_all') checkMembers(step.values);
  if (renames(current, input)) await refuseTaken(batch, input, current.id);
  const group = changeAttributes(batch, current, input);
  const membersChanged = await applyMembers(batch, group, members);
  if (group.externalId !== current.externalId) await resolvePendingGroup(batch, group);
  const next = membersChanged ? touchMembers(batch, group) : group;
  return { group: next };
}

/**
 * The group is announced; that its members have left it follows from that. That they have left the groups above it does
 * not, so that is announced before.
 */
export async function deleteGroup(batch: Batch, change: ChangeOf<'delete_group'>): Promise<Outcome> {
  const group = await requireGroup(batch, change.id);
  checkVersion(group.version, change.ifMatch);
  for (const links of [batch.memberships, batch.pending, batch.pendingGroups])
    await links.loadGroup(group.id);
  const above = await detachGroup(batch, group.id);
  batch.pending.clearGroup(group.id);
  batch.pendingGroups.clearGroup(group.id);
  const now = batch.clock.now().toISOString();
  if (await admitsDeletion(batch, above.length)) {
    endMemberships(batch, above);
    dropGroup(batch, group, { now, above });
  } else {
    holdMemberships(batch, above);
    for (const userId of batch.memberships.membersOf(group.id)) batch.memberships.hold(group.id, userId);
    batch.groups.hold(group.id, now);
  }
  return { group };
}

/** Takes the group out of all groups. @returns the memberships of other groups that are lost by that, loaded. */
async function detachGroup(batch: Batch, id: string): Promise<readonly MemberPair[]> {
  const { nested } = batch;
  await nested.loadAll(batch.head.hasNestedGroups);
  nested.clearGroup(id);
  const changes = nested
    .groupsOf(id)
    .map((groupId): ListedChange => ({ groupId, kind: 'group', member: id, listed: false }));
  const { lost } = await listMembers(batch, changes);
  await loadNamed(batch, lost);
  await batch.groups.loadIds(changes.map(({ groupId }) => groupId));
  for (const { groupId } of changes) {
    const outer = batch.groups.get(groupId);
    if (outer) touchMembers(batch, outer);
  }
  return lost;
}

/** The group and what is lost above it: both or nothing. */
async function admitsDeletion({ guard }: Batch, lostAbove: number): Promise<boolean> {
  const admitsGroup = await guard.admits({ kind: 'groups', number: 1 });
  if (!admitsGroup || lostAbove === 0) return admitsGroup;
  return guard.admits({ kind: 'memberships', number: lostAbove });
}

/**
 * Ends a group with its memberships, which must be loaded.
 * @param above memberships of other groups that went with it, to be restored with it
 */
export function dropGroup(
  batch: Batch,
  group: DirectoryGroup,
  { now, above = [] }: { readonly now: string; readonly above?: readonly MemberPair[] },
): void {
  const linkedIds = [...batch.memberships.membersInEffect(group.id), ...above.map(linkedAbove)];
  batch.memberships.clearGroup(group.id);
  batch.groups.remove(group.id, now);
  batch.events.push({ type: 'dsync.group.deleted', data: directoryGroupWire(group) });
  batch.guard.removed({ kind: 'group', action: 'delete', userId: '', groupId: group.id, linkedIds });
}

async function requireGroup(batch: Batch, id: string): Promise<DirectoryGroup> {
  await batch.groups.loadIds([id]);
  const group = batch.groups.get(id);
  if (!group) throw new NotFoundError(`Group not found: '${id}'.`, { entityId: id });
  return group;
}

function renames(current: DirectoryGroup, input: GroupInput): boolean {
  return foldKey(current.name) !== foldKey(input.name) || current.externalId !== input.externalId;
}

async function refuseTaken(batch: Batch, input: GroupInput, exceptId?: string): Promise<void> {
  const key = foldKey(input.name);
  await batch.groups.loadIdentities([{ key, externalId: input.externalId }]);
  const namesake = batch.head.uniqueGroupNames ? batch.groups.withName(key, exceptId) : undefined;
  if (namesake)
    throw new ConflictError(
      `displayName "${input.name}" already belongs to another group of this directory (id ${namesake.id}). Look that group up and update it, or send another displayName.`,
      { code: 'group_name_taken' },
    );
  const twin =
    input.externalId === null ? undefined : batch.groups.withExternalId(input.externalId, exceptId);
  if (twin)
    throw new ConflictError(
      `externalId "${input.externalId}" already belongs to another group of this directory (id ${twin.id}). Look that group up and update it.`,
      { code: 'group_external_id_taken' },
    );
}

function changeAttributes(batch: Batch, current: DirectoryGroup, input: GroupInput): DirectoryGroup {
  const now = batch.clock.now().toISOString();
  const next = asGroup(batch.head, input, {
    id: current.id,
    createdAt: current.createdAt,
    updatedAt: now,
    lastModified: now,
    version: current.version + 1,
  });
  const wire = directoryGroupWire(next);
  const previous = previousAttributes(directoryGroupWire(current), wire);
  if (!previous) return current;
  batch.groups.put(next, input.folded);
  batch.events.push({ type: 'dsync.group.updated', data: { ...wire, previous_attributes: previous } });
  return next;
}

function newGroup(batch: Batch, input: GroupInput): DirectoryGroup {
  const id = newId('directory_group');
  const now = new Date(idTime('directory_group', id) as number).toISOString();
  return asGroup(batch.head, input, { id, createdAt: now, updatedAt: now, lastModified: now, version: 1 });
}

function restoredGroup(batch: Batch, input: GroupInput, removed: DirectoryGroup): DirectoryGroup {
  const now = batch.clock.now().toISOString();
  const version = removed.version + 1;
  return asGroup(batch.head, input, {
    id: removed.id,
    createdAt: removed.createdAt,
    updatedAt: now,
    lastModified: now,
    version,
  });
}

function asGroup(
  head: Head,
  { folded: _folded, ...input }: GroupInput,
  own: Pick<DirectoryGroup, 'id' | 'createdAt' | 'updatedAt' | 'lastModified' | 'version'>,
): DirectoryGroup {
  return {
    ...input,
    ...own,
    environmentId: head.environmentId,
    organizationId: head.organizationId,
    directoryId: head.directoryId,
    idpId: input.externalId ?? own.id,
    pendingRemoval: false,
  };
}
