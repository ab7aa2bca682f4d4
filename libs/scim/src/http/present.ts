import type { UserGroup } from '#directory';
import type { JsonObject } from '#kernel';
import type { DirectoryGroup, DirectoryUser, GroupMember } from '#model';
import { etagOf } from '../protocol/etag.js';
import { writeResource } from '../protocol/write-resource.js';
import type { Answer, ScimCall } from './call.js';
import type { ScimPorts } from './ports.js';
import { isNamed, isWanted, projected, type RequestedAttributes } from './projection.js';

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
    groups: shown(
      call,
      groups?.map((group) => ({ value: group.id, display: group.name, direct: group.direct })),
    ),
  });
}

/** `members` is left out when not loaded; `requested` says whether their names are shown. */
export interface ShownMembers {
  readonly members: readonly GroupMember[] | undefined;
  readonly requested: RequestedAttributes;
}

/** A group as the SCIM side shows it. */
export function presentGroup(
  call: ScimCall,
  group: DirectoryGroup,
  { members, requested }: ShownMembers,
): JsonObject {
  return writeResource({
    resourceType: 'Group',
    raw: group.raw,
    id: group.id,
    baseUrl: call.baseUrl,
    createdAt: group.createdAt,
    lastModified: group.lastModified,
    version: group.version,
    members: shown(call, members),
    memberNames: isNamed('Group', 'members.display', requested),
  });
}

/** To the letter, an empty list is unassigned and therefore left out (RFC 7643 2.5). */
function shown<T>(call: ScimCall, list: readonly T[] | undefined): readonly T[] | undefined {
  return call.switches.tolerance.strict && list?.length === 0 ? undefined : list;
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
  const wanted = isWanted('User', 'groups', requested);
  const groups = !wanted
    ? undefined
    : mayHaveMemberships
      ? ((await ports.reader.groupsOf(call.ref, [user.id])).get(user.id) ?? [])
      : [];
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
  const body = projected('Group', presentGroup(call, group, { members, requested }), requested);
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
