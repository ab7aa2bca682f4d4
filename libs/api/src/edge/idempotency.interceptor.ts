import { setTimeout as sleep } from 'node:timers/promises';
import {
  applyDecorators,
  Injectable,
  Logger,
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ConflictError, InvalidInputError } from '#kernel';
import type { FastifyReply } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import type { ApiRequest } from './api-request.js';
import { IdempotencyStore, type Claim, type KeyUse } from './idempotency-store.js';
import { IDEMPOTENT } from './metadata.js';

const POLL_MS = 100;
const WAIT_MS = 10_000;

/** The route honours `Idempotency-Key`: a repeated request gets the first answer again, and nothing happens twice. */
export function Idempotent(): MethodDecorator {
  return applyDecorators(SetMetadata(IDEMPOTENT, true), UseInterceptors(IdempotencyInterceptor));
}

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #logger = new Logger('Idempotency');

  constructor(private readonly store: IdempotencyStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const use = keyUse(context.switchToHttp().getRequest<ApiRequest>());
    if (!use) return next.handle();
    const claim = await this.#claim(use);
    if (claim.kind === 'done') return of(JSON.parse(claim.body));
    const answer = await this.#perform(use, claim.since, next);
    const status = context.switchToHttp().getResponse<FastifyReply>().statusCode;
    await this.#keep(use, claim.since, { status, body: JSON.stringify(answer) });
    return of(answer);
  }

  async #claim(use: KeyUse): Promise<Extract<Claim, { kind: 'claimed' | 'done' }>> {
    for (let waited = 0; waited <= WAIT_MS; waited += POLL_MS) {
      const claim = await this.store.claim(use);
      if (claim.kind === 'different')
        throw new InvalidInputError(
          `The idempotency key "${use.key}" was used with different parameters. Use a new key for a new request.`,
          { code: 'idempotency_key_reused' },
        );
      if (claim.kind !== 'busy') return claim;
      await sleep(POLL_MS);
    }
    throw new ConflictError(
      `A request with the idempotency key "${use.key}" is still being processed. Repeat this one later.`,
      { reason: 'state', code: 'idempotency_key_in_use' },
    );
  }

  async #perform(use: KeyUse, since: string, next: CallHandler): Promise<unknown> {
    try {
      return await lastValueFrom(next.handle());
    } catch (error) {
      await this.store.release(use, since);
      throw error;
    }
  }

  async #keep(use: KeyUse, since: string, answer: { status: number; body: string }): Promise<void> {
    try {
      await this.store.complete(use, since, answer);
    } catch (error) {
      // The work is done and committed; a failure answer now would make the client do it again.
      this.#logger.error('An idempotent answer could not be kept', String(error));
    }
  }
}

function keyUse(request: ApiRequest): KeyUse | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || key === '' || !request.caller) return undefined;
  if (key.length > 255)
    throw new InvalidInputError('The Idempotency-Key header takes at most 255 characters. Use a UUID.');
  const path = request.url.split('?', 1)[0] as string;
  const body = request.body instanceof Uint8Array || typeof request.body === 'string' ? request.body : '';
  return { caller: request.caller, method: request.method, path, key, body };
}
