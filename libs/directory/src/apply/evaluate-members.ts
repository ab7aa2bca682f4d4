import { idTime } from '#kernel';
import type { DirectoryGroup, MemberOperation } from '#model';
import { checkKeyLength } from '../rows/user-row.js';
import type { Batch } from './batch.js';
import { joinGroup, leaveGroup } from './evaluate-common.js';

/** What is to be done to the members of one group. */
interface Steps {
  readonly groupId: string;
  readonly operations: readonly MemberOperation[];
  /** Every value that the steps mention, once. */
  readonly values: readonly string[];
  /** Value → user id, for those that are known. */
  readonly userIdOf: ReadonlyMap<string, string>;
}

/** The wanted members after all steps, as far as they are known to differ. */
interface Wanted {
  /** User id → member or not. */
  readonly users: Map<string, boolean>;
  /** Value that matches nobody → pending or not. */
  readonly unknown: Map<string, boolean>;
}

/**
 * Applies member steps in order and announces the net difference, removals first. A value that matches nobody becomes
 * a pending membership.
 * @returns whether anything changed, pending memberships included (they are what the source sees).
 */
export async function applyMembers(
  batch: Batch,
  group: DirectoryGroup,
  operations: readonly MemberOperation[],
): Promise<boolean> {
  const values = [...new Set(operations.flatMap((step) => (step.op === 'remove_all' ? [] : step.values)))];
  if (values.length === 0 && !operations.some(replacesAll)) return false;
  const steps = { groupId: group.id, operations, values, userIdOf: await resolveValues(batch, values) };
  await loadLinks(batch, steps);
  const wanted = foldOperations(batch, steps);
  const usersChanged = await announce(batch, group, wanted.users);
  return settlePending(batch, group.id, wanted.unknown) || usersChanged;
}

/** @throws InvalidInputError when a value is too long to be kept; call it before anything is changed. */
export function checkMembers(values: readonly string[]): void {
  for (const value of values) checkKeyLength('members', value);
}

function replacesAll(step: MemberOperation): boolean {
  return step.op === 'remove_all' || step.op === 'replace';
}

/** Value as received → user id, for those that are known. */
async function resolveValues(batch: Batch, values: readonly string[]): Promise<Map<string, string>> {
  const { users, head } = batch;
  await users.loadIds(values.filter((value) => idTime('directory_user', value) !== undefined));
  const known = new Map<string, string>();
  for (const value of values) if (users.get(value)) known.set(value, value);
  if (!head.matchExternalIds) return known;
  const rest = values.filter((value) => !known.has(value));
  await users.loadExternalIds(rest);
  for (const value of rest) {
    const user = users.byExternalId(value);
    if (user) known.set(value, user.id);
  }
  return known;
}

async function loadLinks(batch: Batch, steps: Steps): Promise<void> {
  const { groupId, operations, values, userIdOf } = steps;
  const unknown = values.filter((value) => !userIdOf.has(value));
  if (operations.some(replacesAll)) {
    await batch.memberships.loadGroup(groupId);
    await batch.pending.loadGroup(groupId);
    return;
  }
  await batch.memberships.loadPairs(groupId, [...userIdOf.values()]);
  // A value can have become known since it was noted as pending, so look for both.
  if (unknown.length > 0 || batch.head.hasPendingMemberships) await batch.pending.loadPairs(groupId, values);
}

function foldOperations(batch: Batch, { groupId, operations, userIdOf }: Steps): Wanted {
  const wanted: Wanted = { users: new Map(), unknown: new Map() };
  const set = (value: string, present: boolean): void => {
    const userId = userIdOf.get(value);
    if (userId === undefined) wanted.unknown.set(value, present);
    else wanted.users.set(userId, present);
    if (userId !== undefined && batch.pending.has(groupId, value)) wanted.unknown.set(value, false);
  };
  const clear = (): void => {
    for (const userId of batch.memberships.membersOf(groupId)) wanted.users.set(userId, false);
    for (const value of batch.pending.membersOf(groupId)) wanted.unknown.set(value, false);
    for (const userId of wanted.users.keys()) wanted.users.set(userId, false);
    for (const value of wanted.unknown.keys()) wanted.unknown.set(value, false);
  };
  for (const step of operations) {
    if (replacesAll(step)) clear();
    if (step.op === 'remove_all') continue;
    for (const value of step.values) set(value, step.op !== 'remove');
  }
  return wanted;
}

async function announce(
  batch: Batch,
  group: DirectoryGroup,
  wanted: ReadonlyMap<string, boolean>,
): Promise<boolean> {
  const changed = [...wanted].filter(
    ([userId, member]) => batch.memberships.has(group.id, userId) !== member,
  );
  const removed = changed.filter(([, member]) => !member).map(([userId]) => userId);
  const added = changed.filter(([, member]) => member).map(([userId]) => userId);
  await batch.users.loadIds(removed);
  await removeMembers(batch, group, removed);
  for (const userId of added) joinGroup(batch, group, userId);
  return changed.length > 0;
}

/** All of them or none: what one request removes is judged as a whole. */
async function removeMembers(batch: Batch, group: DirectoryGroup, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  const admitted = await batch.guard.admits({ kind: 'memberships', number: userIds.length });
  for (const userId of userIds) {
    if (!admitted) {
      batch.memberships.hold(group.id, userId);
      continue;
    }
    leaveGroup(batch, group, userId);
    batch.guard.removed({ kind: 'membership', action: 'remove', userId, groupId: group.id, linkedIds: [] });
  }
}

function settlePending(batch: Batch, groupId: string, wanted: ReadonlyMap<string, boolean>): boolean {
  let changed = false;
  for (const [value, present] of wanted) {
    if (batch.pending.has(groupId, value) === present) continue;
    batch.pending.set(groupId, value, present);
    changed = true;
  }
  return changed;
}
