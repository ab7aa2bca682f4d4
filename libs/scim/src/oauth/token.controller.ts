import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TokenEndpoint } from './token-endpoint.js';

/** Carries requests between Fastify and the token endpoint, and nothing else. */
@Controller()
export class TokenController {
  readonly #endpoint: TokenEndpoint;

  constructor(@Inject(TokenEndpoint) endpoint: TokenEndpoint) {
    this.#endpoint = endpoint;
  }

  @All('scim/oauth/:key/token')
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { key } = request.params as { readonly key: string };
    const response = await this.#endpoint.handle({
      externalKey: key,
      method: request.method,
      headers: request.headers,
      body: Buffer.isBuffer(request.body) ? request.body : undefined,
      peer: request.ip,
      requestId: request.id,
    });
    await reply.status(response.status).headers(response.headers).send(JSON.stringify(response.body));
  }
}
