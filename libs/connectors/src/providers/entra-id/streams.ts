import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import type { RunRequest, SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream, vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { unlessRefused } from '../../sdk/unless-refused.js';
import { BATCH, type GraphClient } from './client.js';
import type { EntraConfig } from './config.js';
import { manifest } from './manifest.js';
import { mapGroup, mapGroupDelta, mapMember, mapRemoval } from './map-group.js';
import { mapUser } from './map-user.js';

export interface EntraParts {
  readonly client: GraphClient;
  readonly config: EntraConfig;
  readonly ports: SourcePorts;
}

const PROOF = 'Microsoft Graph sent no next link.';

/** A full run reads lists, because deltas lose changes now and then; what it leaves behind are delta links. */
export function entraStreams(parts: EntraParts, run: RunRequest): readonly SourceStream[] {
  const link = (id: string): string | undefined => {
    const cursor = run.mode === 'incremental' ? run.cursors.get(id) : undefined;
    return typeof cursor === 'string' ? cursor : undefined;
  };
  const [users, groups] = [link('users'), link('groups')];
  return [
    users === undefined ? allUsers(parts) : userDelta(parts, users),
    ...(users === undefined ? [deletedUsers(parts)] : []),
    ...(groups === undefined ? [allGroups(parts), memberships(parts)] : [groupDelta(parts, groups)]),
  ];
}

function allUsers({ client, config }: EntraParts): SourceStream {
  return pagedStream({
    id: 'users',
    covers: ['users'],
    fetch: (token) => withDeltaLink(client, 'users', { token, list: (next) => client.users(next) }),
    map: (item) => {
      const record = mapUser(item, config);
      return record === null ? [] : [record];
    },
    proof: PROOF,
    cursor: (link) => link,
  });
}

function allGroups({ client, config }: EntraParts): SourceStream {
  return pagedStream({
    id: 'groups',
    covers: ['groups'],
    fetch: (token) => withDeltaLink(client, 'groups', { token, list: (next) => client.groups(next) }),
    map: (item) => mapGroup(item, config),
    proof: PROOF,
    cursor: (link) => link,
  });
}

/** The link is made before the first page: what changes while the list is read comes with the next delta. */
async function withDeltaLink(
  client: GraphClient,
  kind: 'users' | 'groups',
  reading: { token: string | null; list: (token: string | null) => Promise<VendorPage> },
): Promise<VendorPage> {
  const mark = reading.token === null ? await client.deltaFromNow(kind) : undefined;
  return { ...(await reading.list(reading.token)), mark };
}

function deletedUsers({ client }: EntraParts): SourceStream {
  const stream = pagedStream({
    id: 'deleted_users',
    covers: [],
    fetch: (token) => client.deletedUsers(token),
    map: (item) => [removalOf(item)],
    proof: PROOF,
  });
  return {
    ...stream,
    pages: (from) => unlessRefused(stream.pages(from), 'Deleted users may not be read.'),
  };
}

function removalOf(item: JsonValue): SnapshotRecord {
  const marked = isJsonObject(item) ? { ...item, '@removed': { reason: 'changed' } } : item;
  return (
    mapRemoval(marked, 'user') ?? {
      kind: 'invalid',
      of: 'user',
      id: null,
      problem: 'A deleted user is not an object.',
    }
  );
}

function userDelta({ client, config }: EntraParts, link: string): SourceStream {
  return pagedStream({
    id: 'users',
    covers: [],
    fetch: (token) => client.delta(token ?? link),
    map: (item) => {
      const removal = mapRemoval(item, 'user');
      if (removal !== null) return [removal];
      const record = mapUser(item, config);
      return record === null ? outOfScope(item) : [record];
    },
    proof: 'Microsoft Graph sent a delta link.',
  });
}

/** A member who became a guest was here before. */
function outOfScope(item: JsonValue): readonly SnapshotRecord[] {
  const id = isJsonObject(item) ? item['id'] : undefined;
  return typeof id === 'string' ? [{ kind: 'removed', of: 'user', id, reason: 'out_of_scope' }] : [];
}

function groupDelta({ client, config }: EntraParts, link: string): SourceStream {
  return pagedStream({
    id: 'groups',
    covers: [],
    fetch: (token) => client.delta(token ?? link),
    map: (item) => mapGroupDelta(item, config),
    proof: 'Microsoft Graph sent a delta link.',
  });
}

function memberships({ client, ports }: EntraParts): SourceStream {
  return memberStream({
    id: 'memberships',
    covers: ['memberships'],
    groups: (after) => stagedGroups(ports, after),
    read: async (ids) => {
      const first = await client.members(ids);
      return Promise.all(first.map((page) => allMembers(client, page)));
    },
    groupsPerRead: BATCH,
    concurrency: manifest.limits.concurrency,
    replaces: false,
    proof: PROOF,
  });
}

async function allMembers(
  client: GraphClient,
  first: VendorPage | null,
): Promise<readonly SnapshotMember[] | null> {
  if (first === null) return null;
  const members: SnapshotMember[] = [];
  const fetch = async (token: string | null): Promise<VendorPage> =>
    token === null ? first : client.membersNext(token);
  for await (const { items } of vendorPages(fetch))
    for (const item of items) {
      const member = mapMember(item);
      if (member !== null) members.push(member);
    }
  return members;
}
