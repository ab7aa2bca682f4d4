import type { SnapshotMember } from '#model';
import type { LdapClient } from './client.js';
import { textsOf } from './entry.js';
import type { MemberIndex } from './member-index.js';
import { allRanges } from './ranges.js';
import { sidText } from './values.js';
import type { LdapEntry } from './wire/answer.js';

export const MEMBER_ATTRIBUTES = ['member', 'uniqueMember', 'memberUid', 'objectSid'];

/** Members of a group; `outside` are those that lie outside of what is read, or do not exist any more. */
export interface GroupMembers {
  readonly members: readonly SnapshotMember[];
  readonly outside: number;
  /** False where somebody is among them whose id is not shown: then the list proves no absence. */
  readonly isKnown: boolean;
}

/** Null when the group went away meanwhile. @throws SourceError */
export async function membersOf(
  client: Pick<LdapClient, 'read'>,
  entry: LdapEntry,
  index: MemberIndex,
): Promise<GroupMembers | null> {
  const ranged = await allRanges(client, entry, 'member');
  if (ranged === null) return null;
  const valuesOf = (name: string): readonly Buffer[] => entry.attributes.get(name) ?? [];
  // A unique member may have a bit string behind its DN (RFC 4517 3.3.21).
  const unique = valuesOf('uniquemember').map((value) => dnText(value).replace(/#'[01]*'B$/, ''));
  const dns = [...[...valuesOf('member'), ...ranged].map(dnText), ...unique].filter((dn) => dn !== '');
  const named = [
    ...dns.map((dn) => index.byDn(dn)),
    ...textsOf(entry, 'memberuid').map((uid) => index.byLogin(uid)),
  ];
  const sid = sidText(valuesOf('objectsid')[0] ?? Buffer.alloc(0));
  const found = new Map<string, SnapshotMember>();
  for (const member of [...named, ...(sid === undefined ? [] : index.byPrimaryGroup(sid))])
    if (typeof member === 'object') found.set(`${member.kind}:${member.id}`, member);
  return {
    members: [...found.values()],
    outside: named.filter((member) => member === undefined).length,
    isKnown: !named.includes('nameless'),
  };
}

/** As names of entries are read, so that both are the same text whatever their bytes are. */
function dnText(bytes: Buffer): string {
  return bytes.toString('utf8');
}
