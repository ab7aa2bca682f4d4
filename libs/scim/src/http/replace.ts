import type { MemberOperation } from '#model';
import { toGroupInput } from '../mapping/group-input.js';
import { toUserInput } from '../mapping/user-input.js';
import { readListQuery } from '../protocol/messages/list-query.js';
import { mergePut, readResource } from '../protocol/read-resource.js';
import { toCanonical, type Answer, type RoutedCall } from './call.js';
import { changeGroup, changeUser } from './change.js';
import { checkMembers } from './check-members.js';
import { typed } from './extensions.js';
import type { ScimPorts } from './ports.js';
import { answerGroup, answerUser } from './present.js';
import { readBody } from './read-body.js';

/** PUT (RFC 7644 3.5.1). Never creates. What an absent attribute means is decided by `mergePut`. */
export async function replaceResource(call: RoutedCall<'resource'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  const body = toCanonical(call, 'replace', {
    resourceType,
    body: readBody(call.request, resourceType, call.dialect),
  });
  const { tolerance } = call.switches;
  const received = readResource(resourceType, body, tolerance);
  const read = { ...received, resource: typed(call, resourceType, received.resource) };
  const answer = { call, ports, requested: readListQuery(call.parameters), status: 200 } as const;
  if (resourceType === 'User') {
    const user = await changeUser(call, ports, (current) =>
      toUserInput(mergePut(current.raw, read, tolerance), current),
    );
    return answerUser(user, answer);
  }
  const members: MemberOperation[] = read.members === undefined ? [] : [{ op: 'replace', ...read.members }];
  await checkMembers(call, ports, members);
  const group = await changeGroup(call, ports, {
    update: (current) => ({ group: toGroupInput(mergePut(current.raw, read, tolerance)), members }),
  });
  return answerGroup(group, answer);
}
