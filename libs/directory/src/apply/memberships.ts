import type { Batch } from './batch.js';
import { joinGroup, leaveGroup } from './evaluate-common.js';
import type { MemberPair } from './members.js';
import { Nesting } from './nesting.js';

/** What the source lists in a group that it did not, or no longer lists. */
export interface ListedChange {
  readonly groupId: string;
  readonly kind: 'user' | 'group';
  /** Id of the user or group. */
  readonly member: string;
  readonly listed: boolean;
}

/** What follows from a change: who belongs to which group that did not, and the other way round. */
export interface Difference {
  readonly lost: readonly MemberPair[];
  readonly gained: readonly MemberPair[];
}

/**
 * Takes over what the source lists from now on, and works out who belongs to what because of it, as the source asserts
 * it: everybody in a group also belongs to the groups above it. Nothing is in effect yet.
 *
 * Every way from a group down to a person that begins or ends with this change goes through entries that changed: before
 * the first of them the way is as it was and as it will be, and so is what lies behind the last of them. So only the groups
 * above the entries and the people behind them are looked at: a person more in a huge group costs what it costs in a small
 * one.
 */
export async function listMembers(batch: Batch, changes: readonly ListedChange[]): Promise<Difference> {
  const { memberships, nested } = batch;
  await nested.loadAll(batch.head.hasNestedGroups);
  const before = new Nesting(nested.asserted());
  const affected = await affectedPeople(batch, changes);
  for (const { groupId, kind, member, listed } of changes)
    if (kind === 'user') memberships.list(groupId, member, listed);
    else nested.set(groupId, member, listed);
  const after = changes.some(({ kind }) => kind === 'group') ? new Nesting(nested.asserted()) : before;
  if (before.isEmpty && after.isEmpty) return flatDifference(batch, changes);
  const groupIds = after.above(changes.map((change) => change.groupId));
  return nestedDifference(batch, { after, affected, groupIds });
}

/** What is lost or gained takes effect, removals first; what the guard holds back stays. */
export async function settleMembers(batch: Batch, { lost, gained }: Difference): Promise<void> {
  await loadNamed(batch, [...lost, ...gained]);
  if (lost.length > 0) {
    const admitted = await batch.guard.admits({ kind: 'memberships', number: lost.length });
    if (admitted) endMemberships(batch, lost);
    else holdMemberships(batch, lost);
  }
  for (const { groupId, member } of gained) {
    const group = batch.groups.get(groupId);
    if (group) joinGroup(batch, group, member);
  }
}

/** Call `loadNamed` before. */
export function endMemberships(batch: Batch, pairs: readonly MemberPair[]): void {
  for (const { groupId, member: userId } of pairs) {
    const group = batch.groups.get(groupId);
    if (!group) continue;
    leaveGroup(batch, group, userId);
    batch.guard.removed({ kind: 'membership', action: 'remove', userId, groupId, linkedIds: [] });
  }
}

export function holdMemberships(batch: Batch, pairs: readonly MemberPair[]): void {
  for (const { groupId, member } of pairs) batch.memberships.hold(groupId, member);
}

/** Loads both ends of memberships, to announce them. */
export async function loadNamed(batch: Batch, pairs: readonly MemberPair[]): Promise<void> {
  await batch.users.loadNamed([...new Set(pairs.map((pair) => pair.member))]);
  await batch.groups.loadIds([...new Set(pairs.map((pair) => pair.groupId))]);
}

interface Affected {
  /** People of entries that come, and of entries that go. */
  readonly arriving: ReadonlySet<string>;
  readonly leaving: ReadonlySet<string>;
}

/** The people behind each entry, as they are before the change. */
async function affectedPeople(batch: Batch, changes: readonly ListedChange[]): Promise<Affected> {
  const affected = { arriving: new Set<string>(), leaving: new Set<string>() };
  for (const { kind, member, listed } of changes) {
    const people = listed ? affected.arriving : affected.leaving;
    if (kind === 'user') {
      people.add(member);
      continue;
    }
    await batch.memberships.loadGroup(member);
    for (const userId of batch.memberships.membersOf(member)) people.add(userId);
  }
  return affected;
}

/** No group in a group anywhere: what is listed is what is asserted. */
function flatDifference({ memberships }: Batch, changes: readonly ListedChange[]): Difference {
  const pairs = (listed: boolean): MemberPair[] =>
    changes
      .filter(
        ({ groupId, member, ...change }) =>
          change.listed === listed && memberships.has(groupId, member) !== listed,
      )
      .map(({ groupId, member }) => ({ groupId, member }));
  return { lost: pairs(false), gained: pairs(true) };
}

async function nestedDifference(
  { memberships }: Batch,
  { after, affected, groupIds }: { after: Nesting; affected: Affected; groupIds: ReadonlySet<string> },
): Promise<Difference> {
  const people = new Set([...affected.leaving, ...affected.arriving]);
  await memberships.loadMember([...people]);
  const listedBy = Map.groupBy(memberships.direct(), (pair) => pair.member);
  const lost: MemberPair[] = [];
  const gained: MemberPair[] = [];
  for (const groupId of groupIds) {
    const below = after.below(groupId);
    for (const member of people) {
      const belongs = listedBy.get(member)?.some((pair) => below.has(pair.groupId)) ?? false;
      if (memberships.has(groupId, member) === belongs) continue;
      (belongs ? gained : lost).push({ groupId, member });
    }
  }
  return { lost, gained };
}
