import { Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { Connections, ConnectorRegistry } from '#connectors';
import { Directories, type DirectoryChanges } from '#directory';
import { directoryWire, type Directory } from '#model';
import type { JsonObject } from '#kernel';
import { checkScimSettings } from '#scim';
import { Scopes } from '../edge/access.js';
import { ApiKeyId, EnvironmentId } from '../edge/api-request.js';
import { ApiSettings } from '../edge/api-settings.js';
import { clearable, closedObject, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { anyObject, integer, text } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';
import { changeDialect } from './change-dialect.js';
import { resolveDirectoryType } from './directory-type.js';
import { ManagedDirectoryView } from './managed-directory-view.provider.js';

const MAX_RATE = 1_000_000;
import { resolveProvider } from './provider-type.js';

const createDirectory = closedObject({
  organization_id: text(),
  name: text(),
  type: text(),
  dialect: optional(text()),
  provider: optional(text()),
  config: optional(anyObject()),
});
const updateDirectory = closedObject({
  name: optional(text()),
  config: optional(anyObject()),
  dialect: optional(text()),
  scim_rate_limit: clearable(integer(0, MAX_RATE)),
  scim_rate_burst: clearable(integer(1, MAX_RATE)),
});

@Controller('management/directories')
export class ManagedDirectoriesController {
  constructor(
    private readonly directories: Directories,
    private readonly settings: ApiSettings,
    private readonly view: ManagedDirectoryView,
    private readonly registry: ConnectorRegistry,
    private readonly connections: Connections,
  ) {}

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createDirectory',
    summary: 'Create a directory',
    description:
      '`type` is a type that REST shows, or `<dialect> scim v1.1` / `<dialect> scim v2.0` (`okta-scim-1-1` is the same); the bearer token is shown this once. For a polled source it is the id of a connector (`GET /management/connectors`), and `config` answers its form; secrets among the answers are never shown again. Where an admin’s consent gives the refresh token, leave it out: `authorization` has the link.',
    returns: ref('NewDirectory'),
    errors: { 404: 'There is no such organization.' },
  })
  async create(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @Input(createDirectory) body: Decoded<typeof createDirectory>,
  ): Promise<JsonObject> {
    const provider = resolveProvider(body, this.registry);
    if (provider !== undefined) return this.#createPolled({ environmentId, apiKeyId }, provider, body);
    checkScimSettings(body.config ?? {});
    const { type, dialect, scimVersion } = resolveDirectoryType(body, this.settings.dialects);
    const { directory, token } = await this.directories.create(environmentId, {
      organizationId: body.organization_id,
      name: body.name,
      type,
      dialect,
      provider: null,
      config: body.config ?? {},
    });
    const endpoint = `${this.settings.publicUrl}/scim/v${scimVersion}/${directory.externalKey}`;
    const scim = token && { endpoint, bearer_token: token.secret };
    const domains = await this.directories.firstDomains(environmentId, [directory.organizationId]);
    return {
      directory: directoryWire(directory, domains.get(directory.organizationId)),
      scim,
      uploads: null,
      authorization: null,
    };
  }

  @Get(':id')
  @Scopes('directories:read')
  @Operation({
    id: 'getManagedDirectory',
    summary: 'Read a directory with its credentials, limits and pause',
    returns: ref('ManagedDirectory'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    return this.view.show(await this.directories.get(environmentId, id));
  }

  @Patch(':id')
  @Scopes('directories:write')
  @Operation({
    id: 'updateDirectory',
    summary: 'Rename or configure a directory',
    description:
      'What is absent stays, also inside `config`: its named keys are replaced as a whole, null removes one. `scim_rate_limit` is requests per second, 0 for no limit; null for the default of the service. A new `dialect` changes `type` with it; the address and the tokens stay. Takes effect within three seconds.',
    returns: ref('ManagedDirectory'),
  })
  async update(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(updateDirectory) body: Decoded<typeof updateDirectory>,
  ): Promise<JsonObject> {
    checkScimSettings(body.config ?? {});
    const changes = {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.dialect !== undefined && { kind: await this.#newKind(environmentId, id, body.dialect) }),
      ...configOf(body),
    };
    return this.view.show(await this.#change(environmentId, id, changes));
  }

  @Delete(':id')
  @HttpCode(202)
  @Scopes('directories:write')
  @Operation({ id: 'deleteManagedDirectory', summary: 'Delete a directory and everything in it' })
  async remove(@EnvironmentId() environmentId: string, @PathId('id', 'Directory') id: string): Promise<void> {
    await this.directories.remove(environmentId, id);
  }

  async #newKind(environmentId: string, id: string, dialect: string): Promise<DirectoryChanges['kind']> {
    return changeDialect(await this.directories.get(environmentId, id), dialect, this.settings.dialects);
  }

  async #createPolled(
    { environmentId, apiKeyId }: { readonly environmentId: string; readonly apiKeyId: string },
    provider: string,
    body: Decoded<typeof createDirectory>,
  ): Promise<JsonObject> {
    const { directory, token } = await this.connections.create(environmentId, {
      organizationId: body.organization_id,
      name: body.name,
      provider,
      config: body.config ?? {},
    });
    return {
      directory: await this.#wire(environmentId, directory),
      scim: null,
      uploads: token && this.view.polled.newUploads(directory, token.secret),
      authorization: await this.view.polled.firstAuthorization(directory, apiKeyId),
    };
  }

  /** The settings of a polled source are answers to its form; those of a SCIM directory are its own. */
  async #change(environmentId: string, id: string, changes: DirectoryChanges): Promise<Directory> {
    const { config } = changes;
    const isPolled =
      config !== undefined && (await this.directories.get(environmentId, id)).provider !== null;
    return isPolled
      ? this.connections.changeSettings(environmentId, id, { ...changes, config })
      : this.directories.update(environmentId, id, changes);
  }

  async #wire(environmentId: string, directory: Directory): Promise<JsonObject> {
    const domains = await this.directories.firstDomains(environmentId, [directory.organizationId]);
    return directoryWire(directory, domains.get(directory.organizationId));
  }
}

/** Keys of the configuration to change; those with a field of their own count as that field says. */
function configOf(body: Decoded<typeof updateDirectory>): { readonly config?: JsonObject } {
  const { config, scim_rate_limit, scim_rate_burst } = body;
  const named: JsonObject = {
    ...config,
    ...(scim_rate_limit !== undefined && { scim_rate_limit }),
    ...(scim_rate_burst !== undefined && { scim_rate_burst }),
  };
  return config === undefined && Object.keys(named).length === 0 ? {} : { config: named };
}
