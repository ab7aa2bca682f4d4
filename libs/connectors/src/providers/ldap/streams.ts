import { AndFilter, GreaterThanEqualsFilter, type Filter } from 'ldapts';
import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import type { RunRequest, SourcePage, SourceStream } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { LdapClient, LdapSession, Search } from './client.js';
import { idOf } from './entry.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { readMemberIndex, type MemberIndex } from './member-index.js';
import { MEMBER_ATTRIBUTES, membersOf } from './members.js';
import { generalizedTime } from './values.js';
import type { LdapEntry } from './wire/answer.js';

export interface LdapParts {
  readonly client: LdapClient;
  readonly ports: SourcePorts;
}

/** How far the server's clock may be behind ours, and what it was still writing when the last run began. */
const TIME_OVERLAP_MS = 30 * 60_000;
/** Changes that had a number, but were not committed yet, when the last run asked for the highest one. */
const USN_OVERLAP = 100;
const GROUPS_PER_PAGE = 100;
const MEMBERS_PER_RECORD = 1_000;
const PROOF = 'The server ended the paged search with an empty cookie.';

export function ldapStreams(parts: LdapParts, run: RunRequest): readonly SourceStream[] {
  const cursorOf = (id: string): JsonValue | undefined =>
    run.mode === 'incremental' ? run.cursors.get(id) : undefined;
  return [
    users(parts, cursorOf('users')),
    groups(parts, cursorOf('groups')),
    memberships(parts, cursorOf('memberships')),
  ];
}

function users({ client, ports }: LdapParts, since: JsonValue | undefined): SourceStream {
  return listing({ client, ports }, { id: 'users', since }, ({ dialect, userBases }) => ({
    search: { bases: userBases, filter: dialect.userFilter, attributes: dialect.userAttributes },
    map: (entries) => entries.map((entry) => mapUser(entry, dialect, ports.clock.now())),
  }));
}

function groups(parts: LdapParts, since: JsonValue | undefined): SourceStream {
  return listing(parts, { id: 'groups', since }, ({ dialect, groupBases }) => ({
    search: { bases: groupBases, filter: dialect.groupFilter, attributes: dialect.groupAttributes },
    map: (entries) => entries.map((entry) => mapGroup(entry, dialect)),
  }));
}

function memberships(parts: LdapParts, since: JsonValue | undefined): SourceStream {
  const { client, ports } = parts;
  return listing(parts, { id: 'memberships', since }, (session) => {
    const { dialect, groupBases } = session;
    let index: MemberIndex | undefined;
    let outside = 0;
    return {
      search: {
        bases: groupBases,
        filter: dialect.groupFilter,
        attributes: [...dialect.names.id, ...MEMBER_ATTRIBUTES],
        pageSize: GROUPS_PER_PAGE,
      },
      begin: async () => void (since === undefined && (index = await readMemberIndex(client, session))),
      map: async (entries) => {
        if (entries.length > 0) index ??= await readMemberIndex(client, session);
        const records: SnapshotRecord[] = [];
        for (const entry of entries) {
          const groupId = idOf(entry, dialect);
          if (groupId === null) continue;
          const found = await membersOf(client, entry, index as MemberIndex);
          outside += found?.outside ?? 0;
          records.push(...memberRecords(groupId, found?.members ?? null, since !== undefined));
        }
        return records;
      },
      end: () => {
        if (outside > 0) ports.log.info({ outside }, 'members outside of the bases or filters were left out');
      },
    };
  });
}

/** Which stream, and since when for an incremental one. */
interface StreamOf {
  readonly id: 'users' | 'groups' | 'memberships';
  readonly since: JsonValue | undefined;
}

interface Listing {
  readonly search: Search;
  readonly begin?: () => Promise<void>;
  readonly map: (
    entries: readonly LdapEntry[],
  ) => readonly SnapshotRecord[] | Promise<readonly SnapshotRecord[]>;
  readonly end?: () => void;
}

/**
 * A stream over a paged search. Cookies end with their connection, so a listing that was interrupted begins anew: its
 * checkpoints only count pages, and what was read before is read again.
 */
function listing(
  { client, ports }: LdapParts,
  { id, since }: StreamOf,
  plan: (session: LdapSession) => Listing,
): SourceStream {
  async function* pages(): AsyncGenerator<SourcePage> {
    const session = await client.session();
    const cursor = cursorFrom(session, ports.clock.now());
    const { search, begin, map, end } = plan(session);
    const filter = since === undefined ? search.filter : changedSince(search.filter, since, session);
    await begin?.();
    let number = 0;
    for await (const page of client.entries({ ...search, filter }, session)) {
      const records = await map(page.entries);
      if (page.cut !== null) return yield { records, end: { complete: false, reason: page.cut } };
      if (!page.isLast) yield { records, next: { page: ++number } };
      else {
        end?.();
        yield { records, end: { complete: true, proof: PROOF, cursor } };
      }
    }
  }
  return { id, covers: since === undefined ? [id] : [], pages };
}

/** Where the next incremental run starts: a time, or the change number of one domain controller. */
function cursorFrom({ facts, dialect }: LdapSession, now: Date): JsonValue {
  if (dialect.kind === 'active_directory' && facts.usn !== null)
    return { server: facts.usn.server, usn: Math.max(0, facts.usn.highest - USN_OVERLAP) };
  return { since: generalizedTime(new Date(now.getTime() - TIME_OVERLAP_MS)) };
}

function changedSince(filter: Filter, cursor: JsonValue, { facts, dialect }: LdapSession): Filter {
  const after = (attribute: string, value: string): Filter =>
    new AndFilter({ filters: [filter, new GreaterThanEqualsFilter({ attribute, value })] });
  const { since, usn, server } = isJsonObject(cursor) ? cursor : {};
  if (typeof usn === 'number' && server === facts.usn?.server) return after('uSNChanged', String(usn));
  if (typeof since === 'string' && dialect.kind !== 'active_directory')
    return after('modifyTimestamp', since);
  throw new SourceError(
    'cursor_expired',
    'Another server answers than the last time; its change numbers differ.',
  );
}

function memberRecords(
  groupId: string,
  members: readonly SnapshotMember[] | null,
  replaces: boolean,
): SnapshotRecord[] {
  if (members === null)
    return [
      { kind: 'invalid', of: 'membership', id: groupId, problem: 'The group was listed, but is not there.' },
    ];
  const records: SnapshotRecord[] = replaces
    ? [{ kind: 'members', groupId, members: [], replaces: true }]
    : [];
  for (let start = 0; start < members.length; start += MEMBERS_PER_RECORD)
    records.push({ kind: 'members', groupId, members: members.slice(start, start + MEMBERS_PER_RECORD) });
  return records;
}
