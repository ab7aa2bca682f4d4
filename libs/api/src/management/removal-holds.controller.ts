import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Holds, holdWire, type HoldDetails, type HoldItem } from '#directory';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { ApiKeyId, EnvironmentId } from '../edge/api-request.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import type { QueryOf } from '../edge/query.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const holdsQuery = pageQuery('removal_hold', {});
const itemsQuery = pageQuery('hold_item', {}, 'asc');

@Controller('management')
export class RemovalHoldsController {
  constructor(private readonly holds: Holds) {}

  @Get('directories/:id/holds')
  @Scopes('directories:read')
  @Operation({
    id: 'listRemovalHolds',
    summary: 'List the removals of a directory that were held back',
    returns: listOf('RemovalHold'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Filters(holdsQuery) query: QueryOf<typeof holdsQuery>,
  ): Promise<JsonObject> {
    const page = await this.holds.list({ environmentId, directoryId }, query.page);
    return listBody(page, (hold) => holdWire(directoryId, hold));
  }

  @Get('holds/:id')
  @Scopes('directories:read')
  @Operation({
    id: 'getRemovalHold',
    summary: 'Show what a hold is about',
    returns: ref('RemovalHoldDetails'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Removal hold') id: string,
  ): Promise<JsonObject> {
    return detailsWire(await this.holds.get(environmentId, id));
  }

  @Get('holds/:id/items')
  @Scopes('directories:read')
  @Operation({
    id: 'listRemovalHoldItems',
    summary: 'List every removal of a hold',
    returns: listOf('RemovalHoldItem'),
  })
  async items(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Removal hold') id: string,
    @Filters(itemsQuery) query: QueryOf<typeof itemsQuery>,
  ): Promise<JsonObject> {
    return listBody(await this.holds.items(environmentId, id, query.page), itemWire);
  }

  @Post('holds/:id/approve')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'approveRemovalHold',
    summary: 'Let the listed removals take effect',
    description:
      'Covers what is listed now and still removed at the source; what comes later waits in a new hold. A polled source is read first: until then the hold is `approving`. Safe to repeat.',
    returns: ref('RemovalHoldDetails'),
    errors: { 409: '`hold_decided`: the source has taken everything back.' },
  })
  async approve(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @PathId('id', 'Removal hold') id: string,
  ): Promise<JsonObject> {
    return detailsWire(await this.holds.approve(environmentId, id, apiKeyId));
  }

  @Post('holds/:id/reject')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'rejectRemovalHold',
    summary: 'Keep what the source has removed',
    description: 'The items stay listed until the source takes them back or the hold is approved after all.',
    returns: ref('RemovalHoldDetails'),
    errors: { 409: '`hold_decided`: it was approved, or the source has taken everything back.' },
  })
  async reject(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @PathId('id', 'Removal hold') id: string,
  ): Promise<JsonObject> {
    return detailsWire(await this.holds.reject(environmentId, id, apiKeyId));
  }
}

function detailsWire(hold: HoldDetails): JsonObject {
  const { users, groups } = hold.names;
  return {
    ...holdWire(hold.directoryId, hold),
    pending: { ...hold.pending },
    names: { users: [...users], groups: [...groups] },
  };
}

function itemWire(item: HoldItem): JsonObject {
  return {
    object: 'removal_hold_item',
    id: item.id,
    kind: item.kind,
    action: item.action,
    state: item.state,
    user_id: item.userId,
    user_name: item.userName,
    group_id: item.groupId,
    group_name: item.groupName,
    created_at: item.createdAt,
  };
}
