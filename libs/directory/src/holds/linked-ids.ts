import type { MemberPair } from '../apply/members.js';

/*
 * What a removed group took along, as `removals.linked_ids` keeps it: `<user id>` for a member of its own,
 * `<group id> <user id>` for somebody who was in a group above it only because of it.
 */

/** A membership of another group that went with a removed one. */
export function linkedAbove({ groupId, member }: MemberPair): string {
  return `${groupId} ${member}`;
}

/** @param groupId the removed group */
export function readLinked(groupId: string, linked: string): MemberPair {
  const [above, member] = linked.split(' ');
  return member === undefined ? { groupId, member: linked } : { groupId: above as string, member };
}
