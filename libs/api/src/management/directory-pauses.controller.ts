import { Controller, HttpCode, Post } from '@nestjs/common';
import { Directories } from '#directory';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { ApiKeyId, EnvironmentId } from '../edge/api-request.js';
import { closedObject, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { text } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';
import { ManagedDirectoryView } from './managed-directory-view.provider.js';

const pauseDirectory = closedObject({ paused_by: optional(text(100)), reason: optional(text(200)) });

@Controller('management/directories/:id')
export class DirectoryPausesController {
  constructor(
    private readonly directories: Directories,
    private readonly view: ManagedDirectoryView,
  ) {}

  @Post('pause')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'pauseDirectory',
    summary: 'Take nothing in from a directory for a while',
    description:
      'SCIM requests are answered 503 with Retry-After; `paused_by` (by default the name of the API key) and `reason` are shown to the IdP. A polled source is not read; a run stops at its next page, one that is being applied is brought to its end. Credentials, people and groups stay as they are. Takes effect within three seconds, for a run within twenty.',
    returns: ref('ManagedDirectory'),
    errors: { 409: 'The directory is paused already.' },
  })
  async pause(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @PathId('id', 'Directory') id: string,
    @Input(pauseDirectory) body: Decoded<typeof pauseDirectory>,
  ): Promise<JsonObject> {
    const directory = await this.directories.pause(environmentId, id, {
      apiKeyId,
      ...(body.paused_by !== undefined && { by: body.paused_by }),
      ...(body.reason !== undefined && { reason: body.reason }),
    });
    return this.view.show(directory);
  }

  @Post('resume')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'resumeDirectory',
    summary: 'End the pause of a directory',
    description:
      'IdPs repeat by themselves what was refused, and a run goes on where it stopped; nothing was lost, and nothing is made up for here.',
    returns: ref('ManagedDirectory'),
    errors: { 409: 'The directory is not paused.' },
  })
  async resume(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    return this.view.show(await this.directories.resume(environmentId, id));
  }
}
