import { Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { GuardPolicies, POLICY_BOUNDS, Restores, type GuardPolicy, type RestoreSelector } from '#directory';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { ApiKeyId, EnvironmentId } from '../edge/api-request.js';
import { closedObject, optional, refuse, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { integer, oneOf, text } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';

const limits = (side: 'push' | 'pull') => {
  const limit = (kind: 'users' | 'groups' | 'memberships') =>
    closedObject({
      count: integer(0, POLICY_BOUNDS[side][kind].count),
      percent: integer(0, POLICY_BOUNDS[side][kind].percent),
    });
  return closedObject({ users: limit('users'), groups: limit('groups'), memberships: limit('memberships') });
};

const policy = closedObject(
  {
    action: optional(oneOf(['hold', 'alert_only'])),
    push: optional(limits('push')),
    pull: optional(limits('pull')),
    release_after_hours: optional(integer(1, POLICY_BOUNDS.releaseAfterHours)),
    relaxed_percent: optional(integer(1, 100)),
  },
  { shown: ['object', 'directory_id', 'relaxed'] },
);
const restore = closedObject({
  user_id: optional(text()),
  group_id: optional(text()),
  hold_id: optional(text()),
  run_id: optional(text()),
});

@Controller('management/directories/:id')
export class RemovalPolicyController {
  constructor(
    private readonly policies: GuardPolicies,
    private readonly restores: Restores,
  ) {}

  @Get('guard')
  @Scopes('directories:read')
  @Operation({
    id: 'getRemovalPolicy',
    summary: 'Show how removals are judged',
    returns: ref('RemovalPolicy'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
  ): Promise<JsonObject> {
    return policyWire(directoryId, await this.policies.get({ environmentId, directoryId }));
  }

  @Put('guard')
  @Scopes('directories:write')
  @Operation({
    id: 'setRemovalPolicy',
    summary: 'Set how removals are judged',
    description:
      'What is left out has its default. It cannot be switched off: `relaxed_percent` lets up to that share pass for 24 hours.',
    returns: ref('RemovalPolicy'),
  })
  async set(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Input(policy) body: Decoded<typeof policy>,
  ): Promise<JsonObject> {
    const { action, push, pull, release_after_hours: releaseAfterHours, relaxed_percent: relaxed } = body;
    const input = {
      ...(action && { action }),
      ...(push && { push }),
      ...(pull && { pull }),
      ...(releaseAfterHours !== undefined && { releaseAfterHours }),
      ...(relaxed !== undefined && { relaxedPercent: relaxed }),
    };
    return policyWire(directoryId, await this.policies.set({ environmentId, directoryId }, input));
  }

  @Post('restores')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'restoreRemovals',
    summary: 'Bring back what was removed within 30 days',
    description: 'Name exactly one of the ids. Memberships come back as they were. Safe to repeat.',
    returns: ref('RestoredRemovals'),
  })
  async restore(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Input(restore) body: Decoded<typeof restore>,
  ): Promise<JsonObject> {
    const selector = selectorOf(body);
    const restored = await this.restores.restore({ environmentId, directoryId }, selector, apiKeyId);
    const { users, groups, memberships, holdId } = restored;
    return { object: 'restored_removals', users, groups, memberships, hold_id: holdId };
  }
}

function selectorOf(body: Decoded<typeof restore>): RestoreSelector {
  const { user_id: userId, group_id: groupId, hold_id: holdId, run_id: runId } = body;
  const given: RestoreSelector[] = [];
  if (userId !== undefined) given.push({ userId });
  if (groupId !== undefined) given.push({ groupId });
  if (holdId !== undefined) given.push({ holdId });
  if (runId !== undefined) given.push({ runId });
  const [selector] = given;
  if (!selector || given.length > 1)
    throw refuse('body', 'must name exactly one of user_id, group_id, hold_id and run_id');
  return selector;
}

function policyWire(directoryId: string, { action, push, pull, ...rest }: GuardPolicy): JsonObject {
  return {
    object: 'removal_policy',
    directory_id: directoryId,
    action,
    push: { ...push } as unknown as JsonObject,
    pull: { ...pull } as unknown as JsonObject,
    release_after_hours: rest.releaseAfterHours,
    relaxed: rest.relaxed && { ...rest.relaxed },
  };
}
