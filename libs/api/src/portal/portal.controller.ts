import { Controller, HttpCode, Post } from '@nestjs/common';
import { InvalidInputError } from '#kernel';
import { Scopes } from '../edge/access.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Operation } from '../openapi/operation.js';

/** The route exists so that SDK callers read what to do instead, not a bare 404. */
@Controller('portal')
export class PortalController {
  @Post('generate_link')
  @HttpCode(422)
  @Scopes('organizations:write')
  @Idempotent()
  @Operation({
    id: 'generatePortalLink',
    summary: 'Not offered by this version',
    description: 'There is no admin portal yet, so every intent is refused.',
  })
  generateLink(): never {
    throw new InvalidInputError(
      'This version has no admin portal. Create the directory with POST /management/directories and give its SCIM endpoint and bearer token to the IT admin.',
      { code: 'portal_not_available' },
    );
  }
}
