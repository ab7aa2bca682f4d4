import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { DirectoryTokens, LONGEST_OVERLAP_HOURS } from '#directory';
import { systemClock, type JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { clearable, object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { instant, integer, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import { tokenWire } from './credential.wire.js';

const createToken = object({ name: optional(text()), expires_at: optional(instant()) });
const rotateToken = object({
  overlap_hours: optional(integer(0, LONGEST_OVERLAP_HOURS)),
  expires_at: clearable(instant()),
});

/** Time for a person to enter the new token at the IdP. */
const DEFAULT_OVERLAP_HOURS = 24;

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
    const now = systemClock.now();
    return completeListBody(await this.tokens.list(environmentId, id), (token) => tokenWire(id, token, now));
  }

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createDirectoryToken',
    summary: 'Create another SCIM token',
    description: 'To replace a token, rotate it. Tokens and OAuth clients count together: three live ones.',
    returns: ref('NewDirectoryToken'),
    errors: {
      409: 'The directory is polled and has no tokens.',
      422: '`too_many_credentials`: revoke one first. Otherwise `errors` says what is not acceptable.',
    },
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
    const shown = tokenWire(id, { ...token, lastUsedAt: null, replacedBy: null }, systemClock.now());
    return { ...shown, bearer_token: token.secret };
  }

  @Post(':token_id/rotate')
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'rotateDirectoryToken',
    summary: 'Replace a SCIM token without downtime',
    description:
      'Makes a new token; the old one goes on working for `overlap_hours` (24 unless given, 0 ends it at once). Without `expires_at` the new token gets the lifetime of the old one; null: it never expires.',
    returns: ref('RotatedDirectoryToken'),
    errors: {
      409: 'The token was replaced before.',
      422: '`too_many_credentials`: revoke one first, or rotate with overlap_hours 0.',
    },
  })
  async rotate(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @PathId('token_id', 'Directory token') tokenId: string,
    @Input(rotateToken) body: Decoded<typeof rotateToken>,
  ): Promise<JsonObject> {
    const { created, old } = await this.tokens.rotate({
      environmentId,
      directoryId: id,
      tokenId,
      overlapHours: body.overlap_hours ?? DEFAULT_OVERLAP_HOURS,
      ...(body.expires_at !== undefined && { expiresAt: body.expires_at?.toISOString() ?? null }),
    });
    const now = systemClock.now();
    return {
      ...tokenWire(id, { ...created, lastUsedAt: null, replacedBy: null }, now),
      bearer_token: created.secret,
      replaced: tokenWire(id, old, now),
    };
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
