import { Controller, Post } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { ApiKeyId, EnvironmentId } from '../edge/api-request.js';
import { closedObject, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { integer } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';
import { LINK_SECONDS, PolledDirectoryView } from './polled-directory-view.provider.js';

const newAuthorization = closedObject({ expires_in: optional(integer(LINK_SECONDS.min, LINK_SECONDS.max)) });

/** Links with which an admin of the source consents to being read. */
@Controller('management/directories/:id/authorizations')
export class DirectoryAuthorizationsController {
  constructor(private readonly view: PolledDirectoryView) {}

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'createDirectoryAuthorization',
    summary: 'Make a link with which an admin of the source consents',
    description:
      'For a polled directory that signs in with a refresh token: the first time, or when the consent has ended. `expires_in` is in seconds, an hour unless told. The link before it ends; what is stored is used until the consent is given.',
    returns: ref('DirectoryAuthorization'),
    errors: { 409: 'The directory is not polled, or does not sign in by consent.' },
  })
  create(
    @EnvironmentId() environmentId: string,
    @ApiKeyId() apiKeyId: string,
    @PathId('id', 'Directory') id: string,
    @Input(newAuthorization) body: Decoded<typeof newAuthorization>,
  ): Promise<JsonObject> {
    return this.view.newAuthorization(
      { environmentId, id },
      { apiKeyId, ...(body.expires_in !== undefined && { seconds: body.expires_in }) },
    );
  }
}
