import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ScimServer } from './http/scim-server.js';
import { toScimRequest } from './to-scim-request.js';

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
