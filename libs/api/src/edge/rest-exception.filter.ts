import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeFailure } from './error-body.js';

/** Answers every failed REST request, including routes that do not exist and bodies that Fastify refuses. */
@Catch()
export class RestExceptionFilter implements ExceptionFilter {
  readonly #logger = new Logger('RestApi');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, body, headers } = describeFailure(error, request.id);
    // Without the query: people, and codes of consent pages, stand in it.
    const [path] = request.url.split('?', 1);
    if (status === 500)
      this.#logger.error(`${request.method} ${path} failed (request ${request.id})`, stackOf(error));
    if (reply.sent) return;
    void reply
      .status(status)
      .headers({ ...headers, 'x-request-id': request.id, 'content-type': 'application/json; charset=utf-8' })
      .send(JSON.stringify(body));
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.stack}\ncaused by ${error.cause.stack}`
    : String(error.stack);
}
