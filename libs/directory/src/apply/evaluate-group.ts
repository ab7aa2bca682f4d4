import { ConflictError, foldKey, idTime, newId, NotFoundError } from '#kernel';
import {
  directoryGroupWire,
  type Change,
  type ChangeResult,
  type DirectoryGroup,
  type GroupInput,
} from '#model';
import { previousAttributes } from '../diff/previous-attributes.js';
import { checkGroupKeys } from '../rows/group-row.js';
import type { Batch } from './batch.js';
import { checkVersion, touchMembers } from './evaluate-common.js';
import { applyMembers, checkMembers } from './evaluate-members.js';
import type { Head } from './head.js';

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
    batch.memberships.startEmpty(group.id);
    batch.pending.startEmpty(group.id);
  }
  batch.groups.put(group, input.folded);
  batch.events.push({ type: 'dsync.group.created', data: directoryGroupWire(group) });
  await applyMembers(batch, group, [{ op: 'add', values: members }]);
  return removed ? { group, restored: true } : { group };
}

/** The source takes a removal back that was still held: nothing happened, apart from what it says anew. */
async function takeBackGroup(
  batch: Batch,
  held: DirectoryGroup,
  { group: input, members }: ChangeOf<'create_group'>,
): Promise<Outcome> {
  batch.groups.put(held, undefined);
  const updated = changeAttributes(batch, held, input);
  await applyMembers(batch, updated, [{ op: 'add', values: members }]);
  return { group: touchMembers(batch, updated), restored: true };
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
  const next = membersChanged ? touchMembers(batch, group) : group;
  return { group: next };
}

/** Only the group is announced; that its members have left it follows from that. */
export async function deleteGroup(batch: Batch, change: ChangeOf<'delete_group'>): Promise<Outcome> {
  const group = await requireGroup(batch, change.id);
  checkVersion(group.version, change.ifMatch);
  await batch.memberships.loadGroup(group.id);
  await batch.pending.loadGroup(group.id);
  batch.pending.clearGroup(group.id);
  const now = batch.clock.now().toISOString();
  if (await batch.guard.admits({ kind: 'groups', number: 1 })) dropGroup(batch, group, now);
  else {
    for (const userId of batch.memberships.membersOf(group.id)) batch.memberships.hold(group.id, userId);
    batch.groups.hold(group.id, now);
  }
  return { group };
}

/** Ends a group with its memberships, which must be loaded. */
export function dropGroup(batch: Batch, group: DirectoryGroup, now: string): void {
  const linkedIds = batch.memberships.membersInEffect(group.id);
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
