import { AndFilter, EqualityFilter, OrFilter, type Filter } from 'ldapts';
import type { SnapshotFinding, SnapshotKind, SnapshotMember, SnapshotMembership } from '#model';
import { lookUpByMember } from '../../sdk/look-up.js';
import { withIds } from './changes/read-anew.js';
import type { LdapClient, LdapSession, Search } from './client.js';
import { idOf, textsOf } from './entry.js';
import { primaryGroupOf } from './member-index.js';
import { groupSearch, userSearch } from './streams.js';
import { sidText } from './values.js';
import type { LdapEntry } from './wire/answer.js';

const IDS_PER_SEARCH = 50;

/**
 * Has the server compare: of the groups that were asked about, those are searched for that have the member's name in
 * them. So it makes no difference in how many parts it would send the list. A member or a group that is not found within
 * bases and filters is unknown; a search that fails or is cut says nothing.
 */
export async function lookUpMembers(
  client: LdapClient,
  asked: readonly SnapshotMembership[],
): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
  const session = await client.session();
  const finder = new Finder(client, session);
  const groups = await finder.byId('group', [...new Set(asked.map(({ groupId }) => groupId))]);
  const members = {
    user: await finder.byId('user', idsOf(asked, 'user')),
    group: await finder.byId('group', idsOf(asked, 'group')),
  };
  const known = asked.filter(
    ({ groupId, member }) => groups.has(groupId) && members[member.kind].has(member.id),
  );
  return lookUpByMember(known, (member, groupIds) =>
    finder.groupsOf(
      members[member.kind].get(member.id) as LdapEntry,
      groupIds.map((id) => groups.get(id) as LdapEntry),
    ),
  );
}

function idsOf(asked: readonly SnapshotMembership[], kind: SnapshotKind): string[] {
  const members: SnapshotMember[] = asked.map(({ member }) => member);
  return [...new Set(members.filter((member) => member.kind === kind).map(({ id }) => id))];
}

class Finder {
  readonly #client: LdapClient;
  readonly #session: LdapSession;

  constructor(client: LdapClient, session: LdapSession) {
    this.#client = client;
    this.#session = session;
  }

  /** Entries by their id, with what they may be called by where they are a member. */
  async byId(kind: SnapshotKind, ids: readonly string[]): Promise<ReadonlyMap<string, LdapEntry>> {
    const search = kind === 'user' ? userSearch(this.#session) : groupSearch(this.#session);
    const found = new Map<string, LdapEntry>();
    for (let start = 0; start < ids.length; start += IDS_PER_SEARCH)
      for (const [id, entry] of await this.#some(search, ids.slice(start, start + IDS_PER_SEARCH)))
        found.set(id, entry);
    return found;
  }

  /** Those of the groups that list a member; undefined when the server cut its answer. */
  async groupsOf(member: LdapEntry, groups: readonly LdapEntry[]): Promise<ReadonlySet<string> | undefined> {
    const { dialect } = this.#session;
    const search = groupSearch(this.#session);
    const filter = new AndFilter({ filters: [search.filter, namesOf(member)] });
    const present = new Set<string>();
    const primary = primaryGroupOf(member);
    for (const group of groups)
      if (primary !== undefined && sidOf(group) === primary) present.add(idOf(group, dialect) ?? '');
    for (let start = 0; start < groups.length; start += IDS_PER_SEARCH) {
      const ids = groups.slice(start, start + IDS_PER_SEARCH).map((group) => idOf(group, dialect) ?? '');
      const found = await this.#some({ ...search, filter }, ids);
      if (found === CUT) return undefined;
      for (const id of found.keys()) present.add(id);
    }
    return present;
  }

  /** Nothing when the server cut its answer: whoever is not in it is unknown. */
  async #some(search: Search, ids: readonly string[]): Promise<ReadonlyMap<string, LdapEntry>> {
    const { dialect } = this.#session;
    const found = new Map<string, LdapEntry>();
    const wanted = {
      ...search,
      filter: withIds(search.filter, dialect, ids),
      attributes: [...dialect.names.id, 'uid', 'objectsid', 'primarygroupid'],
    };
    for await (const page of this.#client.entries(wanted, this.#session)) {
      if (page.cut !== null) return CUT;
      for (const entry of page.entries) found.set(idOf(entry, dialect) ?? '', entry);
    }
    return found;
  }
}

const CUT: ReadonlyMap<string, LdapEntry> = new Map();

/** What stands in a group for somebody: the name of the entry, or the login. */
function namesOf(member: LdapEntry): Filter {
  const is = (attribute: string, value: string): Filter => new EqualityFilter({ attribute, value });
  return new OrFilter({
    filters: [
      is('member', member.dn),
      is('uniqueMember', member.dn),
      ...textsOf(member, 'uid').map((uid) => is('memberUid', uid)),
    ],
  });
}

function sidOf(group: LdapEntry): string | undefined {
  return sidText(group.attributes.get('objectsid')?.[0] ?? Buffer.alloc(0));
}
