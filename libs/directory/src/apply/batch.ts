import { foldKey, type Clock, type Queryable } from '#kernel';
import type { Change, NewEvent } from '#model';
import { BatchGuard } from './batch-guard.js';
import { BatchGroups } from './groups.js';
import type { BatchOptions } from './batch-options.js';
import { loadHead, type DirectoryRef, type Head } from './head.js';
import { MEMBERSHIPS, NESTED_GROUPS, PENDING_GROUPS, PENDING_MEMBERSHIPS } from './link-tables.js';
import { BatchLinks, type MemberPair } from './members.js';
import { isUserId } from './own-ids.js';
import type { UserTexts } from './user-texts.js';
import { BatchUsers } from './users.js';

/** The working state of one transaction: what it knows, what it has changed, and the events that came of it. */
export interface Batch {
  readonly tx: Queryable;
  readonly head: Head;
  readonly clock: Clock;
  readonly users: BatchUsers;
  readonly groups: BatchGroups;
  readonly memberships: BatchLinks;
  /** Groups in groups, as the source lists them. */
  readonly nested: BatchLinks;
  /** Members that are nobody yet: anybody may turn out to be one, or groups only. */
  readonly pending: BatchLinks;
  readonly pendingGroups: BatchLinks;
  readonly events: NewEvent[];
  readonly guard: BatchGuard;
}

/** What a batch begins with. */
export interface BatchStart extends BatchOptions {
  readonly ref: DirectoryRef;
  readonly changes?: readonly Change[];
  readonly clock: Clock;
  readonly userTexts?: UserTexts | undefined;
}

/**
 * Loads the directory and what the changes name up front, in statements that travel together with the lock; the rest is
 * loaded when a change turns out to need it.
 */
export async function openBatch(tx: Queryable, start: BatchStart): Promise<Batch> {
  const { ref, changes = [], clock } = start;
  const users = new BatchUsers(tx, ref, start.userTexts);
  const groups = new BatchGroups(tx, ref);
  const memberships = new BatchLinks(tx, ref, MEMBERSHIPS);
  const [head] = await Promise.all([
    loadHead(tx, ref),
    start.fence?.(tx),
    ...prefetch({ users, groups, memberships }, changes),
  ]);
  const events: NewEvent[] = [];
  return {
    tx,
    head,
    clock,
    users,
    groups,
    memberships,
    nested: new BatchLinks(tx, ref, NESTED_GROUPS),
    pending: new BatchLinks(tx, ref, PENDING_MEMBERSHIPS),
    pendingGroups: new BatchLinks(tx, ref, PENDING_GROUPS),
    events,
    guard: new BatchGuard(tx, head, { ...start, events }),
  };
}

function prefetch(
  { users, groups, memberships }: Pick<Batch, 'users' | 'groups' | 'memberships'>,
  changes: readonly Change[],
): Promise<void>[] {
  const newUsers = changes.filter((change) => change.kind === 'create_user');
  const newGroups = changes.filter((change) => change.kind === 'create_group');
  const oldUsers = changes.filter(({ kind }) => kind === 'update_user' || kind === 'delete_user');
  const oldGroups = changes.filter(({ kind }) => kind === 'update_group' || kind === 'delete_group');
  const links = changes.flatMap((change) => (change.kind === 'update_group' ? namedIn(change) : []));
  const userIds = new Set(idsOf(oldUsers));
  const named = new Set([
    ...links.map((link) => link.member),
    ...newGroups.flatMap((change) => change.members.filter(isUserId)),
  ]);
  return [
    users.loadIds([...userIds]),
    users.loadNamed([...named.difference(userIds)]),
    users.loadKeys(
      newUsers.map(({ user }) => ({ key: foldKey(user.userName), externalId: user.externalId })),
    ),
    groups.loadIds(idsOf(oldGroups)),
    groups.loadIdentities(
      newGroups.map(({ group }) => ({ key: foldKey(group.name), externalId: group.externalId })),
    ),
    memberships.loadLinks(links),
  ];
}

function idsOf(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => ('id' in change ? [change.id] : []));
}

function namedIn({ id, named = [] }: Extract<Change, { kind: 'update_group' }>): MemberPair[] {
  return named.filter(isUserId).map((member) => ({ groupId: id, member }));
}
