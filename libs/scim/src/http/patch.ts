import type { MemberOperation } from '#model';
import { toGroupInput } from '../mapping/group-input.js';
import { toUserInput } from '../mapping/user-input.js';
import { readListQuery } from '../protocol/messages/list-query.js';
import { applyPatch } from '../protocol/patch/apply-patch.js';
import { readOperations, type PatchOperation } from '../protocol/patch/read-operations.js';
import type { Tolerance } from '../protocol/tolerance.js';
import { toCanonical, type Answer, type RoutedCall } from './call.js';
import { changeGroup, changeUser } from './change.js';
import { checkMembers } from './check-members.js';
import { typed } from './extensions.js';
import type { ScimPorts } from './ports.js';
import { answerGroup, answerUser, modified } from './present.js';
import { isWanted } from './projection.js';
import { readBody } from './read-body.js';

/** A group with more members is not shown as the answer to a PATCH, unless attributes are asked for. */
const MOST_MEMBERS_SHOWN = 1_000;

/** PATCH (RFC 7644 3.5.2): all operations or none, applied to the state found under the lock. */
export async function patchResource(call: RoutedCall<'resource'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  const { tolerance, userPatchAnswer, groupPatchAnswer } = call.switches;
  const received = readBody(call.request, resourceType, call.dialect);
  const operations = readOperations(toCanonical(call, 'patch', { resourceType, body: received }), tolerance);
  const requested = readListQuery(call.parameters);
  // With `attributes` the answer must have a body, whatever the dialect prefers (RFC 7644 3.5.2).
  const mustHaveBody = requested.attributes.length > 0;
  const answer = { call, ports, requested, status: 200 } as const;
  if (resourceType === 'User') {
    const user = await changeUser(call, ports, (current) =>
      toUserInput(
        typed(call, 'User', applyPatch('User', current.raw, operations, tolerance).resource),
        current,
      ),
    );
    return userPatchAnswer === 'no_content' && !mustHaveBody
      ? modified(call, 'User', user)
      : answerUser(user, answer);
  }
  const steps = memberSteps(operations, tolerance);
  await checkMembers(call, ports, steps);
  const group = await changeGroup(call, ports, {
    named: steps.flatMap((step) => (step.op === 'add' || step.op === 'remove' ? step.values : [])),
    update: (current) => {
      const { resource, members } = applyPatch('Group', current.raw, operations, tolerance);
      return { group: toGroupInput(typed(call, 'Group', resource)), members };
    },
  });
  const isBrief = groupPatchAnswer === 'no_content' || (await isTooLarge(call, ports, group.id));
  return isBrief && !mustHaveBody ? modified(call, 'Group', group) : answerGroup(group, answer);
}

/**
 * Nobody reads a list of thousands to see that one was added to it, and making it costs a thousand times what the change
 * costs. RFC 7644 3.5.2 leaves it to the server.
 */
async function isTooLarge(call: RoutedCall<'resource'>, ports: ScimPorts, groupId: string): Promise<boolean> {
  if (!isWanted('Group', 'members', readListQuery(call.parameters))) return false;
  return ports.reader.hasMoreMembersThan(call.ref, groupId, MOST_MEMBERS_SHOWN);
}

/** What operations say about members does not depend on the group; whatever else is wrong shows under the lock. */
function memberSteps(operations: readonly PatchOperation[], tolerance: Tolerance): MemberOperation[] {
  return operations.flatMap((operation) => {
    try {
      return applyPatch('Group', { displayName: 'x' }, [operation], tolerance).members;
    } catch {
      return [];
    }
  });
}
