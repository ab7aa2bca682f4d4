import { Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { API_SCOPES, Environments, type ApiKey, type Environment } from '#directory';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { array, clearable, object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { instant, integer, oneOf, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const createEnvironment = object({ name: text() });
const updateEnvironment = object({
  name: optional(text()),
  scim_rate_limit: clearable(integer(1, 1_000_000)),
});
const createApiKey = object({
  name: text(),
  scopes: optional(array(oneOf(API_SCOPES), { min: 1, max: API_SCOPES.length })),
  expires_at: optional(instant()),
});

/** A key that says nothing else may do everything inside its environment, and nothing outside of it. */
const DEFAULT_SCOPES = API_SCOPES.filter((scope) => scope !== 'instance:admin');

@Controller('management/environments')
export class EnvironmentsController {
  constructor(private readonly environments: Environments) {}

  @Get()
  @Scopes('instance:admin')
  @Operation({ id: 'listEnvironments', summary: 'List all environments', returns: listOf('Environment') })
  async list(): Promise<JsonObject> {
    return completeListBody(await this.environments.list(), environmentWire);
  }

  @Post()
  @Scopes('instance:admin')
  @Idempotent()
  @Operation({ id: 'createEnvironment', summary: 'Create an environment', returns: ref('Environment') })
  async create(@Input(createEnvironment) body: Decoded<typeof createEnvironment>): Promise<JsonObject> {
    return environmentWire(await this.environments.create(body.name));
  }

  @Get(':id')
  @Scopes('instance:admin')
  @Operation({ id: 'getEnvironment', summary: 'Read an environment', returns: ref('Environment') })
  async get(@PathId('id', 'Environment') id: string): Promise<JsonObject> {
    return environmentWire(await this.environments.get(id));
  }

  @Patch(':id')
  @Scopes('instance:admin')
  @Operation({
    id: 'updateEnvironment',
    summary: 'Rename or limit an environment',
    description:
      '`scim_rate_limit` is SCIM requests per second of all its directories together, null for no limit. Takes effect within three seconds.',
    returns: ref('Environment'),
  })
  async update(
    @PathId('id', 'Environment') id: string,
    @Input(updateEnvironment) body: Decoded<typeof updateEnvironment>,
  ): Promise<JsonObject> {
    const changes = {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.scim_rate_limit !== undefined && { scimRateLimit: body.scim_rate_limit }),
    };
    return environmentWire(await this.environments.update(id, changes));
  }

  @Get(':id/api_keys')
  @Scopes('instance:admin')
  @Operation({ id: 'listApiKeys', summary: 'List the API keys of an environment', returns: listOf('ApiKey') })
  async listApiKeys(@PathId('id', 'Environment') id: string): Promise<JsonObject> {
    return completeListBody(await this.environments.listApiKeys(id), apiKeyWire);
  }

  @Post(':id/api_keys')
  @Scopes('instance:admin')
  @Idempotent()
  @Operation({
    id: 'createApiKey',
    summary: 'Create an API key',
    description:
      'The answer is the only place where the key is shown. Without scopes it has all but `instance:admin`.',
    returns: ref('NewApiKey'),
  })
  async createApiKey(
    @PathId('id', 'Environment') id: string,
    @Input(createApiKey) body: Decoded<typeof createApiKey>,
  ): Promise<JsonObject> {
    const expiresAt = body.expires_at?.toISOString() ?? null;
    const scopes = body.scopes ?? DEFAULT_SCOPES;
    const created = await this.environments.createApiKey(id, { name: body.name, scopes, expiresAt });
    return { ...apiKeyWire({ ...created, expiresAt, lastUsedAt: null }), key: created.key };
  }

  @Delete(':id/api_keys/:key_id')
  @HttpCode(204)
  @Scopes('instance:admin')
  @Operation({ id: 'revokeApiKey', summary: 'Revoke an API key' })
  async revokeApiKey(
    @PathId('id', 'Environment') id: string,
    @PathId('key_id', 'API key') keyId: string,
  ): Promise<void> {
    await this.environments.revokeApiKey(id, keyId);
  }
}

function environmentWire(environment: Environment): JsonObject {
  return {
    object: 'environment',
    id: environment.id,
    name: environment.name,
    scim_rate_limit: environment.scimRateLimit,
    created_at: environment.createdAt,
  };
}

function apiKeyWire(key: ApiKey): JsonObject {
  return {
    object: 'api_key',
    id: key.id,
    name: key.name,
    scopes: [...key.scopes],
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt,
  };
}
