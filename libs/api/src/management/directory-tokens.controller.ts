import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { DirectoryTokens, type DirectoryToken } from '#directory';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { instant, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const createToken = object({ name: optional(text()), expires_at: optional(instant()) });

@Controller('management/directories/:id/tokens')
export class DirectoryTokensController {
  constructor(private readonly tokens: DirectoryTokens) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listDirectoryTokens',
    summary: 'List the SCIM tokens of a directory',
    returns: listOf('DirectoryToken'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    return completeListBody(await this.tokens.list(environmentId, id), (token) => tokenWire(id, token));
  }

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createDirectoryToken',
    summary: 'Create another SCIM token',
    description: 'Rotate without downtime: create the new token, enter it at the IdP, revoke the old one.',
    returns: ref('NewDirectoryToken'),
    errors: { 409: 'The directory has as many live tokens as it may have.' },
  })
  async create(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(createToken) body: Decoded<typeof createToken>,
  ): Promise<JsonObject> {
    const token = await this.tokens.create(environmentId, id, {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.expires_at && { expiresAt: body.expires_at.toISOString() }),
    });
    return { ...tokenWire(id, { ...token, lastUsedAt: null }), bearer_token: token.secret };
  }

  @Delete(':token_id')
  @HttpCode(204)
  @Scopes('directories:write')
  @Operation({ id: 'revokeDirectoryToken', summary: 'Revoke a SCIM token' })
  async revoke(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @PathId('token_id', 'Directory token') tokenId: string,
  ): Promise<void> {
    await this.tokens.revoke(environmentId, id, tokenId);
  }
}

function tokenWire(directoryId: string, token: DirectoryToken): JsonObject {
  return {
    object: 'directory_token',
    id: token.id,
    directory_id: directoryId,
    name: token.name,
    token_suffix: token.suffix,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: token.lastUsedAt,
  };
}
