import { ConflictError, foldKey, idTime, newId, NotFoundError } from '#kernel';
import {
  directoryUserWire,
  type Change,
  type ChangeResult,
  type DirectoryGroup,
  type DirectoryUser,
  type UserInput,
} from '#model';
import { previousAttributes } from '../diff/previous-attributes.js';
import { checkUserKeys } from '../rows/user-row.js';
import type { Batch } from './batch.js';
import { checkVersion, membershipEvent, touchMembers } from './evaluate-common.js';
import type { Head } from './head.js';

type Outcome = Omit<ChangeResult, 'events'>;
type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** A new person, or one that comes back within the restore window and keeps the old id. */
export async function createUser(batch: Batch, { user: input }: ChangeOf<'create_user'>): Promise<Outcome> {
  checkUserKeys(input);
  const arriving = { key: foldKey(input.userName), externalId: input.externalId };
  await batch.users.loadKeys([arriving]);
  refuseTakenName(batch, input.userName);
  const removed = batch.users.findRemoved(arriving)?.user;
  const user = removed ? restoredUser(batch, input, removed) : newUser(batch, input);
  batch.users.put(user, input.folded);
  batch.events.push({ type: 'dsync.user.created', data: directoryUserWire(user) });
  await resolvePending(batch, user);
  return removed ? { user, restored: true } : { user };
}

export async function updateUser(batch: Batch, change: ChangeOf<'update_user'>): Promise<Outcome> {
  const current = await requireUser(batch, change.id);
  checkVersion(current.version, change.ifMatch);
  const input = change.update(current);
  checkUserKeys(input);
  await refuseTakenRename(batch, current, input);
  const next = asUser(batch.head, input, {
    id: current.id,
    createdAt: current.createdAt,
    updatedAt: batch.clock.now().toISOString(),
    version: current.version + 1,
  });
  const wire = directoryUserWire(next);
  const previous = previousAttributes(directoryUserWire(current), wire);
  if (!previous) return { user: current };
  batch.users.put(next, input.folded);
  batch.events.push({ type: 'dsync.user.updated', data: { ...wire, previous_attributes: previous } });
  if (next.externalId !== current.externalId) await resolvePending(batch, next);
  return { user: next };
}

/** The person goes, after the memberships: consumers see every group they leave. */
export async function deleteUser(batch: Batch, change: ChangeOf<'delete_user'>): Promise<Outcome> {
  const user = await requireUser(batch, change.id);
  checkVersion(user.version, change.ifMatch);
  await batch.memberships.loadMember([user.id]);
  const groupIds = batch.memberships.groupsOf(user.id);
  await batch.groups.loadIds(groupIds);
  for (const groupId of groupIds) {
    batch.memberships.set(groupId, user.id, false);
    const group = batch.groups.get(groupId);
    if (group) leaveGroup(batch, group, user);
  }
  batch.users.remove(user.id, batch.clock.now().toISOString());
  batch.events.push({ type: 'dsync.user.deleted', data: directoryUserWire(user) });
  return { user };
}

async function requireUser(batch: Batch, id: string): Promise<DirectoryUser> {
  await batch.users.loadIds([id]);
  const user = batch.users.get(id);
  if (!user) throw new NotFoundError(`User not found: '${id}'.`, { entityId: id });
  return user;
}

function refuseTakenName(batch: Batch, userName: string, exceptId?: string): void {
  const holder = batch.users.holderOf(foldKey(userName));
  if (holder === undefined || holder === exceptId) return;
  throw new ConflictError(
    `userName "${userName}" already belongs to another user of this directory (id ${holder}). Look that user up and update it, or send another userName.`,
    { code: 'user_name_taken' },
  );
}

async function refuseTakenRename(batch: Batch, current: DirectoryUser, input: UserInput): Promise<void> {
  const key = foldKey(input.userName);
  if (key === foldKey(current.userName)) return;
  await batch.users.loadKeys([{ key, externalId: null }]);
  refuseTakenName(batch, input.userName, current.id);
}

function newUser(batch: Batch, input: UserInput): DirectoryUser {
  const id = newId('directory_user');
  const createdAt = new Date(idTime('directory_user', id) as number).toISOString();
  return asUser(batch.head, input, { id, createdAt, updatedAt: createdAt, version: 1 });
}

function restoredUser(batch: Batch, input: UserInput, removed: DirectoryUser): DirectoryUser {
  return asUser(batch.head, input, {
    id: removed.id,
    createdAt: removed.createdAt,
    updatedAt: batch.clock.now().toISOString(),
    version: removed.version + 1,
  });
}

function asUser(
  head: Head,
  { folded: _folded, ...input }: UserInput,
  own: Pick<DirectoryUser, 'id' | 'createdAt' | 'updatedAt' | 'version'>,
): DirectoryUser {
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

/** Memberships that waited for this person begin now. */
async function resolvePending(batch: Batch, user: DirectoryUser): Promise<void> {
  const { head, pending, memberships, groups } = batch;
  const values = head.matchExternalIds && user.externalId ? [user.id, user.externalId] : [user.id];
  if (head.hasPendingMemberships) await pending.loadMember(values);
  const waiting = values.flatMap((value) => pending.groupsOf(value).map((groupId) => ({ groupId, value })));
  await groups.loadIds(waiting.map(({ groupId }) => groupId));
  for (const { groupId, value } of waiting) {
    pending.set(groupId, value, false);
    await memberships.loadPairs(groupId, [user.id]);
    const group = groups.get(groupId);
    if (!group || memberships.has(groupId, user.id)) continue;
    memberships.set(groupId, user.id, true);
    touchMembers(batch, group);
    batch.events.push(membershipEvent('dsync.group.user_added', user, group));
  }
}

function leaveGroup(batch: Batch, group: DirectoryGroup, user: DirectoryUser): void {
  touchMembers(batch, group);
  batch.events.push(membershipEvent('dsync.group.user_removed', user, group));
}
