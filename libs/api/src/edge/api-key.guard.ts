import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthenticationError, PermissionError } from '#kernel';
import { Environments, type ApiKeyIdentity, type ApiScope } from '#directory';
import type { ApiRequest } from './api-request.js';
import { SCOPES } from './metadata.js';

/** Lets a request through when its bearer key is known and has the scopes that the route declares. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly environments: Environments,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const caller = await this.environments.authenticate(bearerKey(request.headers.authorization));
    const scopes = this.reflector.get<readonly ApiScope[]>(SCOPES, context.getHandler());
    requireScopes(caller, scopes);
    request.caller = caller;
    return true;
  }
}

function bearerKey(header: string | undefined): string {
  const match = /^Bearer +(\S+) *$/i.exec(header ?? '');
  if (!match) throw new AuthenticationError('Send an API key: "Authorization: Bearer <key>".');
  return match[1] as string;
}

function requireScopes(caller: ApiKeyIdentity, scopes: readonly ApiScope[]): void {
  const held: readonly string[] = caller.scopes;
  if (held.includes('instance:admin')) return;
  const missing = scopes.filter((scope) => !held.includes(scope));
  if (missing.length > 0)
    throw new PermissionError(
      `This API key lacks the scope ${missing.map((scope) => `"${scope}"`).join(', ')}. Use a key that has it.`,
    );
}
