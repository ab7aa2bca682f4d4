import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ApiKeyIdentity } from '#directory';
import type { FastifyRequest } from 'fastify';

/** A request to the REST API. `caller` is there on every route that declares scopes. */
export interface ApiRequest extends FastifyRequest {
  caller?: ApiKeyIdentity;
  /** Content-Length of a body that is read as it comes. */
  announcedBytes?: string;
  /** Content-Type of such a body. */
  announcedType?: string;
}

/** Who asks: the id of the API key. */
export const ApiKeyId = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { caller } = context.switchToHttp().getRequest<ApiRequest>();
  if (!caller) throw new Error('The route reads the caller but asks for no API key');
  return caller.apiKeyId;
});

/** The environment of the API key: the tenant that everything is read from and written to. */
export const EnvironmentId = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { caller } = context.switchToHttp().getRequest<ApiRequest>();
  // Only a route that declares no scopes gets here; better no answer than another tenant's.
  if (!caller) throw new Error('The route reads the environment but asks for no API key');
  return caller.environmentId;
});
