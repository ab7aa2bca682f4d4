import type { JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import type { RunRequest, SourcePage, SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream, vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { readAgain } from '../../sdk/read-again.js';
import type { RipplingClient } from './client.js';
import { manifest } from './manifest.js';
import { isChangedSince, mapMember, mapSupergroup, supergroupIn } from './map-supergroup.js';
import { cursorAfter, PROOF, readWorkers, type RipplingParts } from './worker-pages.js';

const USERS = 'users';
const GROUPS = 'groups';

/** Departments, places and teams stand inside the workers, so one stream says all of them. */
export function ripplingStreams(parts: RipplingParts, run: RunRequest): readonly SourceStream[] {
  const sinceOf = (id: string): string | undefined => {
    const cursor = run.mode === 'incremental' ? run.cursors.get(id) : undefined;
    return typeof cursor === 'string' ? cursor : undefined;
  };
  const since = sinceOf(USERS);
  const users: SourceStream = {
    id: USERS,
    covers: since === undefined ? ['users', 'groups', 'memberships'] : [],
    pages: (from): AsyncIterable<SourcePage> => readWorkers(parts, since, from),
  };
  return parts.config.supergroups ? [users, ...supergroupStreams(parts, sinceOf(GROUPS))] : [users];
}

/** In an incremental run the groups that Rippling calls changed, with all of their members. */
function supergroupStreams({ client, ports }: RipplingParts, since: string | undefined): SourceStream[] {
  const isFull = since === undefined;
  const isWanted = (item: JsonValue): boolean => isFull || isChangedSince(item, since);
  return [
    pagedStream({
      id: GROUPS,
      covers: isFull ? ['groups', 'memberships'] : [],
      fetch: (token) => client.supergroups(token),
      map: (item): readonly SnapshotRecord[] => (isWanted(item) ? mapSupergroup(item) : []),
      proof: PROOF,
      cursor: cursorAfter,
    }),
    memberStream({
      id: 'memberships',
      covers: isFull ? ['memberships'] : [],
      groups: (after) => stagedSupergroups(ports, after),
      read: (ids) => Promise.all(ids.map((id) => membersOf(client, id))),
      groupsPerRead: 1,
      concurrency: manifest.limits.concurrency,
      replaces: !isFull,
      proof: PROOF,
    }),
  ];
}

async function* stagedSupergroups(ports: SourcePorts, after: string | null): AsyncGenerator<string> {
  for await (const id of stagedGroups(ports, after)) if (supergroupIn(id) !== null) yield id;
}

function membersOf(client: RipplingClient, groupId: string): Promise<readonly SnapshotMember[]> {
  const id = supergroupIn(groupId) as string;
  return readAgain(async () => {
    const members: SnapshotMember[] = [];
    const fetch = (token: string | null): Promise<VendorPage> => client.supergroupMembers(id, token);
    for await (const { items } of vendorPages(fetch)) members.push(...items.flatMap(mapMember));
    return members;
  });
}
