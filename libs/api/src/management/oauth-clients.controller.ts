import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { Directories, OAuthClients } from '#directory';
import { systemClock, type JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { ApiSettings } from '../edge/api-settings.js';
import { object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { instant, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import { clientWire } from './credential.wire.js';
import { tokenEndpointOf } from './managed-directory-view.provider.js';

const createClient = object({ name: optional(text()), expires_at: optional(instant()) });

@Controller('management/directories/:id/oauth_clients')
export class OAuthClientsController {
  constructor(
    private readonly clients: OAuthClients,
    private readonly directories: Directories,
    private readonly settings: ApiSettings,
  ) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listOAuthClients',
    summary: 'List the OAuth clients of a directory',
    returns: listOf('OAuthClient'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    const now = systemClock.now();
    return completeListBody(await this.clients.list(environmentId, id), (client) =>
      clientWire(id, client, now),
    );
  }

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createOAuthClient',
    summary: 'Create an OAuth client for an IdP that fetches its access tokens',
    description:
      'The client credentials grant. Tokens and OAuth clients count together: three live ones per directory.',
    returns: ref('NewOAuthClient'),
    errors: {
      409: 'The directory is polled and has no OAuth clients.',
      422: '`too_many_credentials`: revoke one first. Otherwise `errors` says what is not acceptable.',
    },
  })
  async create(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(createClient) body: Decoded<typeof createClient>,
  ): Promise<JsonObject> {
    const { externalKey } = await this.directories.get(environmentId, id);
    const client = await this.clients.create(environmentId, id, {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.expires_at && { expiresAt: body.expires_at.toISOString() }),
    });
    return {
      ...clientWire(id, { ...client, lastUsedAt: null }, systemClock.now()),
      client_secret: client.secret,
      token_endpoint: tokenEndpointOf(this.settings.publicUrl, externalKey),
    };
  }

  @Delete(':client_id')
  @HttpCode(204)
  @Scopes('directories:write')
  @Operation({
    id: 'revokeOAuthClient',
    summary: 'Revoke an OAuth client',
    description: 'Its access tokens stop working within three seconds.',
  })
  async revoke(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @PathId('client_id', 'OAuth client') clientId: string,
  ): Promise<void> {
    await this.clients.revoke(environmentId, id, clientId);
  }
}
