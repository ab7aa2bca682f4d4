import type { JsonObject } from '#kernel';
import type { DirectoryGroup, DirectoryUser } from '#model';
import { toGroupInput } from '../mapping/group-input.js';
import { toUserInput } from '../mapping/user-input.js';
import { readListQuery } from '../protocol/messages/list-query.js';
import { readResource } from '../protocol/read-resource.js';
import { toCanonical, type Answer, type RoutedCall } from './call.js';
import { checkMembers } from './check-members.js';
import { typed } from './extensions.js';
import type { ScimPorts } from './ports.js';
import { answerGroup, answerUser } from './present.js';
import { readBody } from './read-body.js';

/** POST on a collection (RFC 7644 3.3): always a full body, IdPs read the new id from it. */
export async function createResource(call: RoutedCall<'collection'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  const body = toCanonical(call, 'create', {
    resourceType,
    body: readBody(call.request, resourceType, call.dialect),
  });
  return resourceType === 'User' ? createUser(call, ports, body) : createGroup(call, ports, body);
}

async function createUser(
  call: RoutedCall<'collection'>,
  ports: ScimPorts,
  body: JsonObject,
): Promise<Answer> {
  const { resource } = readResource('User', body, call.switches.tolerance);
  const user = toUserInput(typed(call, 'User', resource));
  const requested = readListQuery(call.parameters);
  const result = await ports.store.apply(call.ref, { kind: 'create_user', user });
  // Somebody new is in no group, unless a group had been waiting for them.
  const mayHaveMemberships = result.events.some((event) => event.type === 'dsync.group.user_added');
  return answerUser(result.user as DirectoryUser, {
    call,
    ports,
    requested,
    status: 201,
    mayHaveMemberships,
  });
}

async function createGroup(
  call: RoutedCall<'collection'>,
  ports: ScimPorts,
  body: JsonObject,
): Promise<Answer> {
  const read = readResource('Group', body, call.switches.tolerance);
  const { values: members, groups } = read.members ?? { values: [] };
  await checkMembers(call, ports, [{ op: 'add', values: members, ...(groups && { groups }) }]);
  const requested = readListQuery(call.parameters);
  const group = toGroupInput(typed(call, 'Group', read.resource));
  const result = await ports.store.apply(call.ref, {
    kind: 'create_group',
    group,
    members,
    ...(groups && { groups }),
  });
  const mayHaveMemberships = members.length > 0;
  return answerGroup(result.group as DirectoryGroup, {
    call,
    ports,
    requested,
    status: 201,
    mayHaveMemberships,
  });
}
