import type { ReadResult } from './read-source.js';

/** Who is believed to be there, by the source's ids, and who belongs to which group. */
export interface Belief {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** `group id > kind:member id` */
  readonly members: readonly string[];
}

/**
 * What is believed after a run, as the directory takes it: a feed of changes adds and removes, a listing that came to
 * its end is all there is. Of a run that failed, or ended as incomplete, absence proves nothing.
 */
export function believe(result: ReadResult, before?: Belief): Belief {
  const gone = new Set(result.removed.map((text) => text.split(' ')[0]));
  const kept = (kind: 'user' | 'group', ids: readonly string[] = []): string[] =>
    ids.filter((id) => !gone.has(`${kind}:${id}`));
  const users = result.covered.includes('users')
    ? [...result.users.keys()]
    : unite(kept('user', before?.users), result.users.keys());
  const groups = result.covered.includes('groups')
    ? [...result.groups.keys()]
    : unite(kept('group', before?.groups), result.groups.keys());
  const left = new Set(result.removedMembers);
  const isKept = (text: string): boolean =>
    !result.replaced.includes(text.split(' > ')[0] as string) && !left.has(text);
  const members = unite((before?.members ?? []).filter(isKept), result.members);
  return {
    users: users.sort(),
    groups: groups.sort(),
    members: members.filter((text) => isThere(text, { users, groups })).sort(),
  };
}

function isThere(text: string, { users, groups }: Pick<Belief, 'users' | 'groups'>): boolean {
  const [group = '', member = ''] = text.split(' > ');
  const at = member.indexOf(':');
  const among = member.slice(0, at) === 'user' ? users : groups;
  return groups.includes(group) && among.includes(member.slice(at + 1));
}

function unite(known: readonly string[], more: Iterable<string>): string[] {
  return [...new Set([...known, ...more])];
}
