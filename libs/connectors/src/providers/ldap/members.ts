import type { SnapshotMember } from '#model';
import { SourceError } from '../../sdk/source-error.js';
import type { LdapClient } from './client.js';
import { textsOf } from './entry.js';
import type { MemberIndex } from './member-index.js';
import { sidText } from './values.js';
import type { LdapEntry } from './wire/answer.js';

export const MEMBER_ATTRIBUTES = ['member', 'uniqueMember', 'memberUid', 'objectSid'];
const MAX_RANGES = 10_000;

/** Members of a group; `outside` are those that lie outside of what is read, or do not exist any more. */
export interface GroupMembers {
  readonly members: readonly SnapshotMember[];
  readonly outside: number;
}

/** Null when the group went away meanwhile. @throws SourceError */
export async function membersOf(
  client: Pick<LdapClient, 'read'>,
  entry: LdapEntry,
  index: MemberIndex,
): Promise<GroupMembers | null> {
  const ranged = await allRanges(client, entry);
  if (ranged === null) return null;
  // A unique member may have a bit string behind its DN (RFC 4517 3.3.21).
  const unique = textsOf(entry, 'uniquemember').map((value) => value.replace(/#'[01]*'B$/, ''));
  const named = [
    ...[...textsOf(entry, 'member'), ...ranged, ...unique]
      .filter((dn) => dn !== '')
      .map((dn) => index.byDn(dn)),
    ...textsOf(entry, 'memberuid').map((uid) => index.byLogin(uid)),
  ];
  const sid = sidText(entry.attributes.get('objectsid')?.[0] ?? Buffer.alloc(0));
  const found = new Map<string, SnapshotMember>();
  for (const member of [...named, ...(sid === undefined ? [] : index.byPrimaryGroup(sid))])
    if (member !== undefined) found.set(`${member.kind}:${member.id}`, member);
  return { members: [...found.values()], outside: named.filter((member) => member === undefined).length };
}

/** Active Directory sends long lists in parts: `member;range=0-1499`, up to one that ends with `*` (MS-ADTS 3.1.1.3.1.3.3). */
async function allRanges(client: Pick<LdapClient, 'read'>, entry: LdapEntry): Promise<string[] | null> {
  const values: string[] = [];
  let next = 0;
  let part = rangeIn(entry);
  for (let count = 0; part !== undefined; count++) {
    if (part.from !== next || count > MAX_RANGES || part.to < part.from) throw lost();
    values.push(...part.values);
    if (part.isLast) break;
    next = part.to + 1;
    const more = await client.read(entry.dn, [`member;range=${next}-*`]);
    if (more === undefined) return null;
    part = rangeIn(more);
    if (part === undefined) throw lost();
  }
  return values;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isLast: boolean;
  readonly values: readonly string[];
}

function rangeIn(entry: LdapEntry): Range | undefined {
  for (const name of entry.attributes.keys()) {
    const match = /^member;range=(\d+)-(\d+|\*)$/.exec(name);
    if (match === null) continue;
    const isLast = match[2] === '*';
    return {
      from: Number(match[1]),
      to: isLast ? Infinity : Number(match[2]),
      isLast,
      values: textsOf(entry, name),
    };
  }
  return undefined;
}

function lost(): SourceError {
  return new SourceError(
    'incomplete_listing',
    'The server did not send all parts of a long list of members.',
  );
}
