import type { SnapshotMember, SnapshotRecord } from '#model';
import type { JsonValue } from '#kernel';
import type { SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { OneLoginClient } from './client.js';
import type { OneLoginConfig } from './config.js';
import { groupId, roleId, roleIn } from './ids.js';
import { manifest } from './manifest.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapGroupOf, mapUser } from './map-user.js';

export interface OneLoginParts {
  readonly client: OneLoginClient;
  readonly config: OneLoginConfig;
  readonly ports: SourcePorts;
}

const PROOF = 'OneLogin sent no further cursor, and as many entries as it counts.';

export function oneLoginStreams(parts: OneLoginParts): readonly SourceStream[] {
  const { hasRoles, hasGroups } = parts.config;
  return [
    users(parts),
    ...(hasGroups ? [groups(parts)] : []),
    ...(hasRoles ? [roles(parts), memberships(parts)] : []),
  ];
}

/** A user's record says which group it is in, so whoever reads all users knows all members of groups. */
function users({ client, config: { hasGroups } }: OneLoginParts): SourceStream {
  const map = (item: JsonValue): readonly SnapshotRecord[] => [
    mapUser(item),
    ...(hasGroups ? mapGroupOf(item) : []),
  ];
  return pagedStream({
    id: 'users',
    covers: hasGroups ? ['users', 'memberships'] : ['users'],
    fetch: (token) => client.users(token),
    map,
    proof: PROOF,
  });
}

/** Members are read role by role, so they are not all known either when roles are not. */
function roles({ client }: OneLoginParts): SourceStream {
  return pagedStream({
    id: 'groups',
    covers: ['groups', 'memberships'],
    fetch: (token) => client.roles(token),
    map: (item) => mapGroup(item, roleId),
    proof: PROOF,
  });
}

function groups({ client }: OneLoginParts): SourceStream {
  return pagedStream({
    id: 'onelogin_groups',
    covers: ['groups'],
    fetch: (token) => client.groups(token),
    map: (item) => mapGroup(item, groupId),
    proof: 'OneLogin sent no further cursor.',
  });
}

function memberships({ client, ports }: OneLoginParts): SourceStream {
  return memberStream({
    id: 'memberships',
    covers: ['memberships'],
    groups: (after) => stagedRoles(ports, after),
    read: (ids) => Promise.all(ids.map((id) => membersOf(client, id))),
    groupsPerRead: 1,
    concurrency: manifest.limits.concurrency,
    replaces: false,
    proof: PROOF,
  });
}

async function* stagedRoles(ports: SourcePorts, after: string | null): AsyncGenerator<string> {
  for await (const id of stagedGroups(ports, after)) if (roleIn(id) !== null) yield id;
}

async function membersOf(client: OneLoginClient, id: string): Promise<readonly SnapshotMember[] | null> {
  const found = await client.roleUsers(roleIn(id) as string);
  return found === null ? null : found.flatMap(mapMember);
}
