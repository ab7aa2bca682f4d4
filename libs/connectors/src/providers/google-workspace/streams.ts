import type { SnapshotMember } from '#model';
import type { SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream, vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { deletedUsersStream } from '../../sdk/stated-removals.js';
import type { GoogleClient } from './client.js';
import type { GoogleConfig } from './config.js';
import { manifest } from './manifest.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

export interface GoogleParts {
  readonly client: GoogleClient;
  readonly config: GoogleConfig;
  readonly ports: SourcePorts;
}

const PROOF = 'Google sent no next page token.';
const IDS_AT_ONCE = 5_000;

/** Google tells no changes, so every run is a full one. */
export function googleStreams({ client, config, ports }: GoogleParts): readonly SourceStream[] {
  return [
    pagedStream({
      id: 'users',
      covers: ['users'],
      fetch: (token) => client.users(token),
      map: (item) => [mapUser(item, config.orgUnits)],
      proof: PROOF,
    }),
    deletedUsers(client, ports),
    pagedStream({
      id: 'groups',
      covers: ['groups'],
      fetch: (token) => client.groups(token),
      map: (item) => [mapGroup(item)],
      proof: PROOF,
    }),
    memberStream({
      id: 'memberships',
      covers: ['memberships'],
      groups: (after) => stagedGroups(ports, after),
      read: (ids) => Promise.all(ids.map((id) => membersOf(client, ports, id))),
      groupsPerRead: 1,
      concurrency: manifest.limits.concurrency,
      replaces: false,
      proof: PROOF,
    }),
  ];
}

/** developers.google.com/workspace/admin/directory/reference/rest/v1/users: `deletionTime`. */
function deletedUsers(client: GoogleClient, ports: SourcePorts): SourceStream {
  return deletedUsersStream(
    {
      fetch: (token) => client.deletedUsers(token),
      deletedAt: 'deletionTime',
      reason: 'deleted',
      proof: PROOF,
    },
    { ports, exists: (id) => client.exists('users', id) },
  );
}

async function membersOf(
  client: GoogleClient,
  ports: SourcePorts,
  groupId: string,
): Promise<readonly SnapshotMember[] | null> {
  try {
    return await readMembers(client, ports, groupId);
  } catch (error) {
    if (error instanceof GroupGone) return null;
    throw error;
  }
}

async function readMembers(
  client: GoogleClient,
  ports: SourcePorts,
  groupId: string,
): Promise<readonly SnapshotMember[]> {
  const fetch = async (token: string | null): Promise<VendorPage> => {
    const page = await client.members(groupId, token);
    if (page === null) throw new GroupGone();
    return page;
  };
  const members: SnapshotMember[] = [];
  for await (const { items } of vendorPages(fetch))
    for (const member of items.map(mapMember)) {
      if (member === 'everyone') return everyone(ports, members);
      if (member !== null) members.push(member);
    }
  return members;
}

/** Also between two pages: what was read of its members before is no list of them. */
class GroupGone extends Error {}

/** All users of this run, and the nested groups that were found before. */
async function everyone(
  ports: SourcePorts,
  found: readonly SnapshotMember[],
): Promise<readonly SnapshotMember[]> {
  const members = found.filter(({ kind }) => kind === 'group');
  for (let after: string | null = null; ;) {
    const ids = await ports.stagedIds('user', { after, limit: IDS_AT_ONCE });
    for (const id of ids) members.push({ kind: 'user', id });
    after = ids.at(-1) ?? null;
    if (ids.length < IDS_AT_ONCE) return members;
  }
}
