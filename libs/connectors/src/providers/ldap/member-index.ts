import type { SnapshotMember } from '#model';
import type { LdapClient, LdapSession } from './client.js';
import { dnKey } from './dn.js';
import { idOf, textsOf } from './entry.js';
import { SourceError } from '../../sdk/source-error.js';
import { sidText } from './values.js';
import type { LdapEntry } from './wire/answer.js';

/** Undefined: nobody who is read. `nameless`: somebody who is read, and whose id the server does not show. */
export type Found = SnapshotMember | 'nameless' | undefined;

/** Who is who: DNs and logins of everybody that is read, with the ids behind them. */
export interface MemberIndex {
  byDn(dn: string): Found;
  /** Undefined for a login that several have. */
  byLogin(uid: string): Found;
  /** People whose primary group has this SID. */
  byPrimaryGroup(sid: string): readonly SnapshotMember[];
}

/** Reads names and ids only. @throws SourceError also when a list is cut: a member that is not found would be dropped */
export async function readMemberIndex(client: LdapClient, session: LdapSession): Promise<MemberIndex> {
  const index = new Index();
  const { dialect, userBases, groupBases } = session;
  const id = dialect.names.id;
  const ofUsers = dialect.kind === 'active_directory' ? ['objectsid', 'primarygroupid'] : ['uid'];
  const users = { bases: userBases, filter: dialect.userFilter, attributes: [...id, ...ofUsers] };
  const groups = { bases: groupBases, filter: dialect.groupFilter, attributes: id };
  for (const [kind, search] of [
    ['user', users],
    ['group', groups],
  ] as const)
    for await (const page of client.entries(search, session)) {
      if (page.cut !== null) throw new SourceError('incomplete_listing', page.cut);
      for (const entry of page.entries) index.add(entry, kind, idOf(entry, dialect));
    }
  return index;
}

class Index implements MemberIndex {
  readonly #dns = new Map<string, SnapshotMember | 'nameless'>();
  readonly #logins = new Map<string, SnapshotMember | 'nameless' | null>();
  readonly #primary = new Map<string, SnapshotMember[]>();

  add(entry: LdapEntry, kind: SnapshotMember['kind'], id: string | null): void {
    const member = id === null ? 'nameless' : { kind, id };
    this.#dns.set(dnKey(entry.dn), member);
    if (kind !== 'user') return;
    for (const uid of textsOf(entry, 'uid')) this.#addLogin(uid, member);
    if (member === 'nameless') return;
    const sid = primaryGroupOf(entry);
    if (sid !== undefined) this.#addPrimary(sid, member);
  }

  byDn(dn: string): Found {
    return this.#dns.get(dnKey(dn));
  }

  byLogin(uid: string): Found {
    return this.#logins.get(uid) ?? undefined;
  }

  byPrimaryGroup(sid: string): readonly SnapshotMember[] {
    return this.#primary.get(sid) ?? [];
  }

  #addLogin(uid: string, member: SnapshotMember | 'nameless'): void {
    const other = this.#logins.get(uid);
    const isSame = typeof other === 'object' && typeof member === 'object' && other?.id === member.id;
    this.#logins.set(uid, other === undefined || isSame ? member : null);
  }

  #addPrimary(sid: string, member: SnapshotMember): void {
    const members = this.#primary.get(sid);
    // The same person may be found below two bases.
    if (members === undefined) this.#primary.set(sid, [member]);
    else if (members.at(-1)?.id !== member.id) members.push(member);
  }
}

/** SID of the group that Active Directory keeps in a number at the person instead of in the list of members. */
export function primaryGroupOf(entry: LdapEntry): string | undefined {
  const sid = sidText(entry.attributes.get('objectsid')?.[0] ?? Buffer.alloc(0));
  const [primary] = textsOf(entry, 'primarygroupid');
  if (sid === undefined || primary === undefined) return undefined;
  return `${sid.slice(0, sid.lastIndexOf('-'))}-${primary}`;
}
