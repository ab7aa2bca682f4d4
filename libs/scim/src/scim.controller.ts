import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ScimRequest } from './http/messages.js';
import { readAddress } from './http/read-address.js';
import { ScimServer } from './http/scim-server.js';

/** Carries requests between Fastify and the SCIM server, and nothing else. */
@Controller()
export class ScimController {
  readonly #server: ScimServer;

  constructor(@Inject(ScimServer) server: ScimServer) {
    this.#server = server;
  }

  @All('scim/*')
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const response = await this.#server.handle(toScimRequest(request));
    reply.status(response.status);
    reply.headers(response.headers);
    await reply.send(response.body);
  }
}

/** The address is taken as sent: the router's own decoding would lose encoded slashes. */
function toScimRequest(request: FastifyRequest): ScimRequest {
  return {
    ...readAddress(request.raw.url ?? '/'),
    method: request.method,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    requestId: request.id,
  };
}
