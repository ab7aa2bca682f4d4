import type { JsonValue } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { RunRequest, SourcePage, SourceStream } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { readAnew } from './changes/read-anew.js';
import { Roll } from './changes/roll.js';
import type { Tracked, TrackerParts } from './changes/tracker.js';
import { changesSince, markChanges, withRoll } from './changes/tracking.js';
import type { LdapClient, LdapSession, Search } from './client.js';
import { idOf } from './entry.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { readMemberIndex, type MemberIndex } from './member-index.js';
import { MEMBER_ATTRIBUTES, membersOf, type GroupMembers } from './members.js';
import { ServerMemory } from './server-memory.js';
import type { LdapEntry } from './wire/answer.js';

export interface LdapParts {
  readonly client: LdapClient;
  readonly ports: SourcePorts;
}

const GROUPS_PER_PAGE = 100;
const MEMBERS_PER_RECORD = 1_000;
const PROOF = 'The server ended the paged search with an empty cookie.';
const HAS_NAMELESS = 'The server does not show the id of one of the members.';
const CHANGES_PROOF = 'The server told all changes since the last run.';

export function ldapStreams(parts: LdapParts, run: RunRequest): readonly SourceStream[] {
  const streamOf = (id: StreamOf['id']): StreamOf => ({
    id,
    since: run.mode === 'incremental' ? run.cursors.get(id) : undefined,
    previous: run.previous?.get(id),
    isIncremental: run.mode === 'incremental',
  });
  return [
    users(parts, streamOf('users')),
    groups(parts, streamOf('groups')),
    memberships(parts, streamOf('memberships')),
  ];
}

function users({ client, ports }: LdapParts, stream: StreamOf): SourceStream {
  return listing({ client, ports }, stream, (session) => {
    const { dialect } = session;
    return {
      search: userSearch(session),
      kind: 'user',
      map: (entries) => entries.map((entry) => mapUser(entry, dialect, ports.clock.now())),
    };
  });
}

function groups(parts: LdapParts, stream: StreamOf): SourceStream {
  return listing(parts, stream, (session) => {
    const { dialect } = session;
    return {
      search: groupSearch(session),
      kind: 'group',
      map: (entries) => entries.map((entry) => mapGroup(entry, dialect)),
    };
  });
}

export function userSearch({ dialect, userBases }: LdapSession): Search {
  return { bases: userBases, filter: dialect.userFilter, attributes: dialect.userAttributes };
}

export function groupSearch({ dialect, groupBases }: LdapSession): Search {
  return { bases: groupBases, filter: dialect.groupFilter, attributes: dialect.groupAttributes };
}

function memberships(parts: LdapParts, stream: StreamOf): SourceStream {
  const { client, ports } = parts;
  return listing(parts, stream, (session) => {
    const { dialect } = session;
    let index: MemberIndex | undefined;
    let outside = 0;
    return {
      search: {
        ...groupSearch(session),
        attributes: [...dialect.names.id, ...MEMBER_ATTRIBUTES],
        pageSize: GROUPS_PER_PAGE,
      },
      kind: null,
      begin: async () =>
        void (stream.since === undefined && (index = await readMemberIndex(client, session))),
      map: async (entries) => {
        if (entries.length > 0) index ??= await readMemberIndex(client, session);
        const records: SnapshotRecord[] = [];
        for (const entry of entries) {
          const groupId = idOf(entry, dialect);
          const found = groupId === null ? null : await membersOf(client, entry, index as MemberIndex);
          outside += found?.outside ?? 0;
          records.push(...memberRecords(groupId, found, stream.isIncremental));
        }
        return records;
      },
      end: () => {
        if (outside > 0) ports.log.info({ outside }, 'members outside of the bases or filters were left out');
      },
    };
  });
}

/** Which stream, and where it begins. */
interface StreamOf {
  readonly id: 'users' | 'groups' | 'memberships';
  /** Undefined: it is read whole. */
  readonly since: JsonValue | undefined;
  /** Cursor of the last good run, to get to the present sooner. */
  readonly previous: JsonValue | undefined;
  readonly isIncremental: boolean;
}

interface Listing {
  readonly search: Search;
  /** What the entries are; null when the stream says nothing of who is there. */
  readonly kind: SnapshotKind | null;
  readonly begin?: () => Promise<void>;
  readonly map: (
    entries: readonly LdapEntry[],
  ) => readonly SnapshotRecord[] | Promise<readonly SnapshotRecord[]>;
  readonly end?: () => void;
}

/** A listing under way. */
interface Reading {
  readonly tracker: TrackerParts;
  readonly listing: Listing;
  readonly memory: ServerMemory;
}

/**
 * A stream over paged searches. Cookies of pages end with their connection, so a listing that was interrupted begins
 * anew: its checkpoints only count pages, and what was read before is read again.
 */
function listing(
  { client, ports }: LdapParts,
  stream: StreamOf,
  plan: (session: LdapSession) => Listing,
): SourceStream {
  const { id, since, previous } = stream;
  async function* pages(): AsyncGenerator<SourcePage> {
    const session = await client.session();
    const memory = new ServerMemory(session, since ?? previous);
    const list = plan(session);
    const tracker = { client, session, tracked: trackedBy(list), now: ports.clock.now() };
    const reading = { tracker, listing: list, memory };
    yield* since === undefined ? wholePages(reading, previous) : changedPages(reading, since);
  }
  return { id, covers: since === undefined ? [id] : [], pages };
}

export function trackedBy({ search, kind }: Pick<Listing, 'search' | 'kind'>): Tracked {
  return { ...search, of: kind ?? 'membership' };
}

async function* wholePages(
  { tracker, listing: { search, kind, begin, map, end }, memory }: Reading,
  previous: JsonValue | undefined,
): AsyncGenerator<SourcePage> {
  const { client, session } = tracker;
  const mark = await markChanges(tracker, previous);
  const roll = new Roll();
  await begin?.();
  let number = 0;
  for await (const page of client.entries(search, session)) {
    const records = await map(page.entries);
    for (const entry of page.entries) roll.add(idOf(entry, session.dialect) ?? '');
    memory.see(page.references);
    if (page.cut !== null) return yield { records, end: { complete: false, reason: page.cut } };
    if (!page.isLast) yield { records, next: { page: ++number } };
    else {
      end?.();
      const elsewhere = memory.newReference;
      if (elsewhere !== null) return yield { records, end: { complete: false, reason: elsewhere } };
      const cursor = memory.into(kind === null ? mark.cursor : withRoll(mark, roll));
      yield { records, end: { complete: true, proof: PROOF, cursor } };
    }
  }
}

async function* changedPages(
  { tracker, listing: { kind, map, end }, memory }: Reading,
  since: JsonValue,
): AsyncGenerator<SourcePage> {
  const changes = await changesSince(tracker, since);
  let number = 0;
  for await (const { entries, gone, cut } of readAnew(tracker, changes)) {
    const found = await map(entries);
    const left = kind === null ? [] : gone.map((one) => ({ kind: 'removed', of: kind, ...one }) as const);
    const records = [...found, ...left];
    if (cut !== null) return yield { records, end: { complete: false, reason: cut } };
    yield { records, next: { page: ++number } };
  }
  end?.();
  yield { records: [], end: { complete: true, proof: CHANGES_PROOF, cursor: memory.kept(changes.cursor) } };
}

function memberRecords(
  groupId: string | null,
  found: GroupMembers | null,
  replaces: boolean,
): SnapshotRecord[] {
  const unknown = (problem: string) => ({ kind: 'invalid', of: 'membership', id: groupId, problem }) as const;
  if (groupId === null) return [unknown('The server does not show the id of a group.')];
  if (found === null) return [unknown('The group was listed, but is not there.')];
  const { members, isKnown } = found;
  if (!isKnown && replaces) return [unknown(HAS_NAMELESS)];
  const records: SnapshotRecord[] = replaces
    ? [{ kind: 'members', groupId, members: [], replaces: true }]
    : [];
  for (let start = 0; start < members.length; start += MEMBERS_PER_RECORD)
    records.push({ kind: 'members', groupId, members: members.slice(start, start + MEMBERS_PER_RECORD) });
  return isKnown ? records : [...records, unknown(HAS_NAMELESS)];
}
