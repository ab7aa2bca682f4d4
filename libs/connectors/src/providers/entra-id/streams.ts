import type { SnapshotMember } from '#model';
import type { RunRequest, SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream, vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourceLog, SourcePorts } from '../../sdk/ports.js';
import { SourceError, type SourceErrorCode } from '../../sdk/source-error.js';
import { deletedUsersStream } from '../../sdk/stated-removals.js';
import { unlessRefused } from '../../sdk/unless-refused.js';
import { BATCH, type GraphClient, type GraphKind } from './client.js';
import { withWholeObjects } from './complete.js';
import type { EntraConfig } from './config.js';
import { withoutHidden } from './hidden-members.js';
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

function allUsers(parts: EntraParts): SourceStream {
  return pagedStream({
    id: 'users',
    covers: ['users'],
    fetch: (token) => withDeltaLink(parts, 'users', token),
    map: (item) => [mapUser(item, parts.config)],
    proof: PROOF,
    cursor: (link) => link,
  });
}

function allGroups(parts: EntraParts): SourceStream {
  return pagedStream({
    id: 'groups',
    covers: ['groups'],
    fetch: (token) => withDeltaLink(parts, 'groups', token),
    map: (item) => [mapGroup(item, parts.config)],
    proof: PROOF,
    cursor: (link) => link,
  });
}

/** The link is made before the first page: what changes while the list is read comes with the next delta. */
async function withDeltaLink(
  { client, ports }: EntraParts,
  kind: GraphKind,
  token: string | null,
): Promise<VendorPage> {
  const mark = token === null ? await linkFromNow(client, kind, ports.log) : undefined;
  return { ...(await (kind === 'users' ? client.users(token) : client.groups(token))), mark };
}

/** What ends the run, or makes it wait, would meet the list as well. */
const NOT_THE_DELTA: readonly SourceErrorCode[] = [
  'invalid_credentials',
  'wrong_host',
  'tls_failed',
  'rate_limited',
  'source_unavailable',
];

/** Undefined where changes are not tracked, as in tenants for customers: the next run reads everything again. */
async function linkFromNow(
  client: GraphClient,
  kind: GraphKind,
  log: SourceLog,
): Promise<string | undefined> {
  try {
    return await client.deltaFromNow(kind);
  } catch (error) {
    if (!(error instanceof SourceError) || NOT_THE_DELTA.includes(error.code)) throw error;
    log.warn({ ...error.facts, kind, code: error.code }, 'no delta link: the next run reads everything');
    return undefined;
  }
}

/** learn.microsoft.com/graph/api/resources/directoryobject: `deletedDateTime` is null for whoever was not deleted. */
function deletedUsers({ client, ports }: EntraParts): SourceStream {
  const stream = deletedUsersStream(
    {
      fetch: (token) => client.deletedUsers(token),
      deletedAt: 'deletedDateTime',
      reason: 'soft_deleted',
      proof: PROOF,
    },
    { ports, exists: async (id) => (await client.exist('users', [id]))[0] },
  );
  return {
    ...stream,
    pages: (from) => unlessRefused(stream.pages(from), 'Deleted users may not be read.'),
  };
}

function userDelta(parts: EntraParts, link: string): SourceStream {
  return pagedStream({
    id: 'users',
    covers: [],
    fetch: (token) => changes(parts, 'users', token ?? link),
    map: (item) => [mapRemoval(item, 'user') ?? mapUser(item, parts.config)],
    proof: 'Microsoft Graph sent a delta link.',
  });
}

function groupDelta(parts: EntraParts, link: string): SourceStream {
  return pagedStream({
    id: 'groups',
    covers: [],
    fetch: (token) => changes(parts, 'groups', token ?? link),
    map: (item) => mapGroupDelta(item, parts.config),
    proof: 'Microsoft Graph sent a delta link.',
  });
}

async function changes({ client, config }: EntraParts, kind: GraphKind, link: string): Promise<VendorPage> {
  const page = await client.delta(link);
  return withWholeObjects(client, { kind, page, config });
}

function memberships({ client, ports }: EntraParts): SourceStream {
  return memberStream({
    id: 'memberships',
    covers: ['memberships'],
    groups: (after) => stagedGroups(ports, after),
    read: async (ids) => {
      const first = await client.members(ids);
      const lists = await Promise.all(first.map((page) => allMembers(client, page)));
      return withoutHidden(client, ids, lists);
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
