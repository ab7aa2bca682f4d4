import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember } from '#model';
import type { SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { readOffsetPage, type OffsetListing, type OffsetSlice } from '../../sdk/offset-pages.js';
import { pagedStream, vendorPages } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { JumpcloudClient } from './client.js';
import { manifest } from './manifest.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

const PROOF = 'JumpCloud has no more, and each page joins the one before.';
/** How often one group is read when its members change meanwhile. */
const TRIES = 3;

export function jumpcloudStreams(client: JumpcloudClient, ports: SourcePorts): readonly SourceStream[] {
  const users: OffsetListing = { read: (skip) => client.users(skip), keyOf: keyAt('_id') };
  const groups: OffsetListing = { read: (skip) => client.groups(skip), keyOf: keyAt('id') };
  return [
    pagedStream({
      id: 'users',
      covers: ['users'],
      fetch: (token) => readOffsetPage(users, token),
      map: (item) => [mapUser(item)],
      proof: PROOF,
    }),
    pagedStream({
      id: 'groups',
      covers: ['groups'],
      fetch: (token) => readOffsetPage(groups, token),
      map: (item) => [mapGroup(item)],
      proof: PROOF,
    }),
    memberStream({
      id: 'memberships',
      covers: ['memberships'],
      groups: (after) => stagedGroups(ports, after),
      read: (ids) => Promise.all(ids.map((id) => membersOf(client, id))),
      groupsPerRead: 1,
      concurrency: manifest.limits.concurrency,
      replaces: false,
      proof: PROOF,
    }),
  ];
}

/** A group whose members shift while they are read is read anew, and not all groups before it. */
async function membersOf(
  client: JumpcloudClient,
  groupId: string,
): Promise<readonly SnapshotMember[] | null> {
  for (let attempt = 1; attempt < TRIES; attempt++)
    try {
      return await readMembers(client, groupId);
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== 'cursor_expired') throw error;
    }
  return readMembers(client, groupId);
}

async function readMembers(
  client: JumpcloudClient,
  groupId: string,
): Promise<readonly SnapshotMember[] | null> {
  const listing: OffsetListing = {
    read: async (skip): Promise<OffsetSlice> => {
      const slice = await client.members(groupId, skip);
      if (slice === null) throw new GroupGone();
      return slice;
    },
    keyOf: (edge) => mapMember(edge).id,
  };
  const members = new Map<string, SnapshotMember>();
  let read = 0;
  try {
    for await (const { items } of vendorPages((token) => readOffsetPage(listing, token))) {
      read += items.length;
      for (const member of items.map(mapMember)) members.set(member.id, member);
    }
  } catch (error) {
    if (error instanceof GroupGone) return null;
    throw error;
  }
  // The order of members is not promised. One who comes twice stands in the place of one who does not come.
  if (members.size < read)
    throw new SourceError(
      'cursor_expired',
      'The members of a group changed their order while they were read.',
    );
  return [...members.values()];
}

class GroupGone extends Error {}

export function keyAt(name: string): (item: JsonValue) => string {
  return (item) => JSON.stringify((isJsonObject(item) ? item[name] : undefined) ?? null);
}
