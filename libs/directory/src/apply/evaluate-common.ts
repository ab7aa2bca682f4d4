import { ConflictError } from '#kernel';
import { directoryUserWire, type DirectoryGroup, type DirectoryUser, type MembershipEvent } from '#model';
import { previousAttributes } from '../diff/previous-attributes.js';
import type { Batch } from './batch.js';

/** @throws ConflictError reason `version` when a precondition names other versions than the current one. */
export function checkVersion(current: number, ifMatch: readonly number[] | undefined): void {
  if (ifMatch === undefined || ifMatch.includes(current)) return;
  throw new ConflictError(
    `The resource has changed since it was read: its version is ${current} now. Read it again and repeat the change on that version.`,
    { reason: 'version', code: 'version_mismatch' },
  );
}

/** The source asserts a membership. It begins, unless it was still in effect. */
export function joinGroup(batch: Batch, group: DirectoryGroup, userId: string): void {
  const wasInEffect = batch.memberships.isInEffect(group.id, userId);
  batch.memberships.assert(group.id, userId);
  if (!wasInEffect) announceMembership(batch, 'dsync.group.user_added', { group, userId });
}

/** A membership ends, for the source and in effect. */
export function leaveGroup(batch: Batch, group: DirectoryGroup, userId: string): void {
  batch.memberships.set(group.id, userId, false);
  announceMembership(batch, 'dsync.group.user_removed', { group, userId });
}

export function announceMembership(
  batch: Batch,
  type: MembershipEvent['type'],
  { group, userId }: { readonly group: DirectoryGroup; readonly userId: string },
): void {
  const user = batch.users.inWords(userId);
  if (user === undefined) return;
  batch.events.push({ type, membership: { user, group } });
}

/** What changed of a user in effect; no event when that is nothing. */
export function announceUpdate(batch: Batch, before: DirectoryUser, after: DirectoryUser): void {
  const wire = directoryUserWire(after);
  const previous = previousAttributes(directoryUserWire(before), wire);
  if (previous)
    batch.events.push({ type: 'dsync.user.updated', data: { ...wire, previous_attributes: previous } });
}

/** The members of a group changed: a new version for the source, while REST's `updated_at` stays. */
export function touchMembers(batch: Batch, group: DirectoryGroup): DirectoryGroup {
  const next = { ...group, version: group.version + 1, lastModified: batch.clock.now().toISOString() };
  batch.groups.put(next, undefined);
  return next;
}
