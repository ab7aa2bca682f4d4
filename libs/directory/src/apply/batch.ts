import { foldKey, type Clock, type Queryable } from '#kernel';
import type { Change, NewEvent } from '#model';
import type { Identity } from '../match/match-tombstone.js';
import { BatchGuard } from './batch-guard.js';
import { BatchGroups } from './groups.js';
import type { BatchOptions } from './batch-options.js';
import type { Head } from './head.js';
import { BatchLinks, MEMBERSHIPS, PENDING_MEMBERSHIPS } from './members.js';
import { BatchUsers } from './users.js';

/** The working state of one transaction: what it knows, what it has changed, and the events that came of it. */
export interface Batch {
  readonly tx: Queryable;
  readonly head: Head;
  readonly clock: Clock;
  readonly users: BatchUsers;
  readonly groups: BatchGroups;
  readonly memberships: BatchLinks;
  readonly pending: BatchLinks;
  readonly events: NewEvent[];
  readonly guard: BatchGuard;
}

export function openBatch(
  tx: Queryable,
  head: Head,
  options: BatchOptions & { readonly clock: Clock },
): Batch {
  const events: NewEvent[] = [];
  return {
    tx,
    head,
    clock: options.clock,
    users: new BatchUsers(tx, head),
    groups: new BatchGroups(tx, head),
    memberships: new BatchLinks(tx, head, MEMBERSHIPS),
    pending: new BatchLinks(tx, head, PENDING_MEMBERSHIPS),
    events,
    guard: new BatchGuard(tx, head, { ...options, events }),
  };
}

/** Loads in a few statements what the changes name up front; the rest is loaded when a change turns out to need it. */
export async function prefetch(batch: Batch, changes: readonly Change[]): Promise<void> {
  const userIds: string[] = [];
  const groupIds: string[] = [];
  const users: Identity[] = [];
  const groups: Identity[] = [];
  for (const change of changes) {
    if (change.kind === 'create_user')
      users.push({ key: foldKey(change.user.userName), externalId: change.user.externalId });
    else if (change.kind === 'create_group')
      groups.push({ key: foldKey(change.group.name), externalId: change.group.externalId });
    else if (change.kind === 'update_user' || change.kind === 'delete_user') userIds.push(change.id);
    else groupIds.push(change.id);
  }
  await batch.users.loadIds(userIds);
  await batch.users.loadKeys(users);
  await batch.groups.loadIds(groupIds);
  await batch.groups.loadIdentities(groups);
}
