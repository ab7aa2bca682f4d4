import type { UserGroup } from '#directory';
import type { JsonObject } from '#kernel';
import type { DirectoryGroup, DirectoryUser, GroupMember } from '#model';
import { etagOf } from '../protocol/etag.js';
import { writeResource } from '../protocol/write-resource.js';
import type { Answer, ScimCall } from './call.js';
import type { ScimPorts } from './ports.js';
import { isWanted, projected, type RequestedAttributes } from './projection.js';

/** A user as the SCIM side shows it. `groups` is left out when not loaded. */
export function presentUser(
  call: ScimCall,
  user: DirectoryUser,
  groups: readonly UserGroup[] | undefined,
): JsonObject {
  return writeResource({
    resourceType: 'User',
    raw: user.raw,
    id: user.id,
    baseUrl: call.baseUrl,
    createdAt: user.createdAt,
    lastModified: user.updatedAt,
    version: user.version,
    groups: groups?.map((group) => ({ value: group.id, display: group.name, direct: group.direct })),
  });
}

/** A group as the SCIM side shows it. `members` is left out when not loaded. */
export function presentGroup(
  call: ScimCall,
  group: DirectoryGroup,
  members: readonly GroupMember[] | undefined,
): JsonObject {
  return writeResource({
    resourceType: 'Group',
    raw: group.raw,
    id: group.id,
    baseUrl: call.baseUrl,
    createdAt: group.createdAt,
    lastModified: group.lastModified,
    version: group.version,
    members,
  });
}

/** Answers with one resource, with what the request wants to see of it. */
export interface ResourceAnswer {
  readonly call: ScimCall;
  readonly ports: ScimPorts;
  readonly requested: RequestedAttributes;
  readonly status: 200 | 201;
  /** False when it is known that there are no memberships to load. */
  readonly mayHaveMemberships?: boolean;
}

export async function answerUser(user: DirectoryUser, options: ResourceAnswer): Promise<Answer> {
  const { call, ports, requested, status, mayHaveMemberships = true } = options;
  const groups =
    mayHaveMemberships && isWanted('User', 'groups', requested)
      ? ((await ports.reader.groupsOf(call.ref, [user.id])).get(user.id) ?? [])
      : undefined;
  const body = projected('User', presentUser(call, user, groups), requested);
  return { ...modified(call, 'User', user), status, message: { kind: 'resource', body } };
}

export async function answerGroup(group: DirectoryGroup, options: ResourceAnswer): Promise<Answer> {
  const { call, ports, requested, status, mayHaveMemberships = true } = options;
  const wanted = isWanted('Group', 'members', requested);
  const members = !wanted
    ? undefined
    : mayHaveMemberships
      ? ((await ports.reader.membersOf(call.ref, [group.id])).get(group.id) ?? [])
      : [];
  const body = projected('Group', presentGroup(call, group, members), requested);
  return { ...modified(call, 'Group', group), status, message: { kind: 'resource', body } };
}

/** 204 with what identifies the new state. */
export function modified(
  call: ScimCall,
  type: 'User' | 'Group',
  resource: { readonly id: string; readonly version: number },
): Answer {
  return {
    status: 204,
    etag: etagOf(resource.version),
    location: `${call.baseUrl}/${type}s/${encodeURIComponent(resource.id)}`,
  };
}
