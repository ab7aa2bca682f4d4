import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { ApiScope } from '#directory';
import { ApiKeyGuard } from './api-key.guard.js';
import { PUBLIC, SCOPES } from './metadata.js';

/** The route needs an API key that has all of these scopes (`instance:admin` has every scope). */
export function Scopes(...scopes: [ApiScope, ...ApiScope[]]): MethodDecorator {
  return applyDecorators(SetMetadata(SCOPES, scopes), UseGuards(ApiKeyGuard));
}

/** The route needs no API key. */
export function Public(): MethodDecorator {
  return SetMetadata(PUBLIC, true);
}
