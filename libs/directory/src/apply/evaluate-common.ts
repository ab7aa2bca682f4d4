import { ConflictError } from '#kernel';
import {
  directoryGroupWire,
  directoryUserWire,
  type DirectoryGroup,
  type DirectoryUser,
  type NewEvent,
} from '#model';
import type { Batch } from './batch.js';

/** @throws ConflictError reason `version` when a precondition names other versions than the current one. */
export function checkVersion(current: number, ifMatch: readonly number[] | undefined): void {
  if (ifMatch === undefined || ifMatch.includes(current)) return;
  throw new ConflictError(
    `The resource has changed since it was read: its version is ${current} now. Read it again and repeat the change on that version.`,
    { reason: 'version', code: 'version_mismatch' },
  );
}

export function membershipEvent(
  type: 'dsync.group.user_added' | 'dsync.group.user_removed',
  user: DirectoryUser,
  group: DirectoryGroup,
): NewEvent {
  return {
    type,
    data: {
      directory_id: group.directoryId,
      user: directoryUserWire(user),
      group: directoryGroupWire(group),
    },
  };
}

/** The members of a group changed: a new version for the source, while REST's `updated_at` stays. */
export function touchMembers(batch: Batch, group: DirectoryGroup): DirectoryGroup {
  const next = { ...group, version: group.version + 1, lastModified: batch.clock.now().toISOString() };
  batch.groups.put(next, undefined);
  return next;
}
