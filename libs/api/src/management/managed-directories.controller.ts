import { Controller, Delete, HttpCode, Patch, Post } from '@nestjs/common';
import { Directories } from '#directory';
import { directoryWire, type Directory } from '#model';
import type { JsonObject } from '#kernel';
import { checkExtensionSchemas } from '#scim';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { ApiSettings } from '../edge/api-settings.js';
import { object, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { anyObject, text } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';
import { resolveDirectoryType } from './directory-type.js';

const createDirectory = object({
  organization_id: text(),
  name: text(),
  type: text(),
  dialect: optional(text()),
  config: optional(anyObject()),
});
const updateDirectory = object({ name: optional(text()), config: optional(anyObject()) });

@Controller('management/directories')
export class ManagedDirectoriesController {
  constructor(
    private readonly directories: Directories,
    private readonly settings: ApiSettings,
  ) {}

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createDirectory',
    summary: 'Create a directory',
    description:
      '`type` is a type that REST shows, or `<dialect> scim v1.1` / `<dialect> scim v2.0`. The bearer token is shown this once.',
    returns: ref('NewDirectory'),
    errors: { 404: 'There is no such organization.' },
  })
  async create(
    @EnvironmentId() environmentId: string,
    @Input(createDirectory) body: Decoded<typeof createDirectory>,
  ): Promise<JsonObject> {
    checkExtensionSchemas(body.config?.['extension_schemas']);
    const { type, dialect, scimVersion } = resolveDirectoryType(body, this.settings.knownDialects);
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
    return { directory: await this.#wire(environmentId, directory), scim };
  }

  @Patch(':id')
  @Scopes('directories:write')
  @Operation({ id: 'updateDirectory', summary: 'Rename or configure a directory', returns: ref('Directory') })
  async update(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(updateDirectory) body: Decoded<typeof updateDirectory>,
  ): Promise<JsonObject> {
    checkExtensionSchemas(body.config?.['extension_schemas']);
    const changes = {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.config !== undefined && { config: body.config }),
    };
    return this.#wire(environmentId, await this.directories.update(environmentId, id, changes));
  }

  @Delete(':id')
  @HttpCode(202)
  @Scopes('directories:write')
  @Operation({ id: 'deleteManagedDirectory', summary: 'Delete a directory and everything in it' })
  async remove(@EnvironmentId() environmentId: string, @PathId('id', 'Directory') id: string): Promise<void> {
    await this.directories.remove(environmentId, id);
  }

  async #wire(environmentId: string, directory: Directory): Promise<JsonObject> {
    const domains = await this.directories.firstDomains(environmentId, [directory.organizationId]);
    return directoryWire(directory, domains.get(directory.organizationId));
  }
}
