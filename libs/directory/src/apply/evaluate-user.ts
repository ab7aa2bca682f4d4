import { ConflictError, foldKey, idTime, newId, NotFoundError, type JsonObject } from '#kernel';
import {
  directoryUserWire,
  type Change,
  type ChangeResult,
  type DirectoryUser,
  type UserInput,
} from '#model';
import { previousAttributes } from '../diff/previous-attributes.js';
import { effectiveUser, losesIdentity } from '../guard/effective.js';
import { checkUserKeys } from '../rows/user-row.js';
import type { Batch } from './batch.js';
import { announceUpdate, checkVersion, leaveGroup, touchMembers } from './evaluate-common.js';
import type { Head } from './head.js';
import { resolvePendingUser } from './resolve-pending.js';

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
  if (removed && batch.users.inEffect(removed.id)) {
    // The source takes a removal back that was still held: nothing happened, apart from what it says anew.
    await assertUser(batch, user, input.folded);
    await resolvePendingUser(batch, user);
    return { user, restored: true };
  }
  batch.users.put(user, input.folded);
  batch.events.push({ type: 'dsync.user.created', data: directoryUserWire(user) });
  await resolvePendingUser(batch, user);
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
  if (!previousAttributes(directoryUserWire(current), directoryUserWire(next))) return { user: current };
  await assertUser(batch, next, input.folded);
  if (next.externalId !== current.externalId) await resolvePendingUser(batch, next);
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
    const group = batch.memberships.isDirect(groupId, user.id) ? batch.groups.get(groupId) : undefined;
    if (group) touchMembers(batch, group);
  }
  if (await admitsRemoval(batch, user.id)) await dropUser(batch, user.id);
  else {
    for (const groupId of groupIds) batch.memberships.hold(groupId, user.id);
    batch.users.hold(user.id, batch.clock.now().toISOString());
  }
  return { user };
}

/** Ends a user in effect, after the memberships. */
export async function dropUser(batch: Batch, id: string): Promise<void> {
  const user = batch.users.inEffect(id);
  if (!user) return;
  await batch.memberships.loadMember([id]);
  const linkedIds = batch.memberships.groupsInEffect(id);
  await batch.groups.loadAny(linkedIds);
  for (const groupId of linkedIds) {
    const group = batch.groups.inEffect(groupId);
    if (group) leaveGroup(batch, group, id);
  }
  batch.users.remove(id, batch.clock.now().toISOString());
  batch.events.push({ type: 'dsync.user.deleted', data: directoryUserWire(user) });
  batch.guard.removed({ kind: 'user', action: 'delete', userId: id, groupId: '', linkedIds });
}

/** What the source asserts of a user from now on; removals in it pass the guard, everything else takes effect. */
async function assertUser(batch: Batch, next: DirectoryUser, folded: JsonObject): Promise<void> {
  const before = batch.users.inEffect(next.id);
  if (!before) return;
  const pending = batch.users.pendingOf(next.id);
  const removes = before.active && !next.active;
  const loses = losesIdentity(before, next);
  const held = {
    removal: removes && !(await admitsRemoval(batch, next.id)),
    identity: loses && (pending.identity || !(await admitsIdentity(batch, next.id))),
  };
  const effective = effectiveUser(next, before, held);
  const changed = previousAttributes(directoryUserWire(before), directoryUserWire(effective)) !== undefined;
  const shown = changed ? effective : { ...effective, updatedAt: before.updatedAt };
  batch.users.put(next, folded, shown);
  announceUpdate(batch, before, shown);
  if (removes && !held.removal)
    batch.guard.removed({ kind: 'user', action: 'deactivate', userId: next.id, groupId: '', linkedIds: [] });
}

/** What is pending stays pending: asking again in other words is the same removal. */
async function admitsRemoval(batch: Batch, id: string): Promise<boolean> {
  const { users, guard } = batch;
  if (users.pendingOf(id).removal) return false;
  const countedAt = users.countedAt(id, 'removed_at');
  const admitted = await guard.admits({ kind: 'users', number: 1, countedAt });
  if (admitted) users.markCounted(id, 'removed_at', guard.now);
  return admitted;
}

async function admitsIdentity({ users, guard }: Batch, id: string): Promise<boolean> {
  const countedAt = users.countedAt(id, 'identity_at');
  const admitted = await guard.admits({ kind: 'identities', number: 1, countedAt });
  if (admitted) users.markCounted(id, 'identity_at', guard.now);
  return admitted;
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
