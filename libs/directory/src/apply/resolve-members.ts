import type { Batch } from './batch.js';
import { isGroupId, isUserId } from './own-ids.js';

/** What a value that a source sent for a member stands for; unknown is nobody yet. */
export interface Member {
  readonly kind: 'user' | 'group' | 'unknown person' | 'unknown group';
  /** Our id, or the value of somebody unknown. */
  readonly id: string;
}

/** What a value stands for when the source calls it a group, and otherwise. The same for our own ids. */
export interface Resolved {
  readonly asPerson: Member;
  readonly asGroup: Member;
}

/**
 * Finds out whom the values name. Our ids speak for themselves. Where external ids are matched, a value that is none of
 * ours is a person's, or a group's where the source says so: the two may be numbered alike, and taking one for the other
 * would give the wrong people access.
 */
export async function resolveMembers(
  batch: Batch,
  values: readonly string[],
): Promise<ReadonlyMap<string, Resolved>> {
  await batch.users.loadNamed(values.filter(isUserId));
  await batch.groups.loadIds(values.filter(isGroupId));
  if (batch.head.matchExternalIds) {
    const foreign = values.filter((value) => !isUserId(value) && !isGroupId(value));
    await batch.users.loadExternalIds(foreign);
    await batch.groups.loadExternalIds(foreign);
  }
  return new Map(values.map((value) => [value, resolve(batch, value)]));
}

function resolve({ users, groups, head }: Batch, value: string): Resolved {
  const person: Member = { kind: 'unknown person', id: value };
  const group: Member = { kind: 'unknown group', id: value };
  if (isUserId(value)) return both(users.isLive(value) ? { kind: 'user', id: value } : person);
  if (isGroupId(value)) return both(groups.get(value) ? { kind: 'group', id: value } : group);
  const user = head.matchExternalIds ? users.byExternalId(value) : undefined;
  const twin = head.matchExternalIds ? groups.withExternalId(value) : undefined;
  return {
    asPerson: user ? { kind: 'user', id: user.id } : person,
    asGroup: twin ? { kind: 'group', id: twin.id } : group,
  };
}

function both(member: Member): Resolved {
  return { asPerson: member, asGroup: member };
}
