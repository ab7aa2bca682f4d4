import type { FastifyInstance } from 'fastify';
import type { ScimServer } from './http/scim-server.js';
import { toScimRequest } from './to-scim-request.js';

/**
 * The router knows the usual methods and one spelling of the path. What else is meant for SCIM (`REPORT`, `//scim/…`,
 * `/SCIM/…`) goes to the server too, which answers clients in the words that they understand.
 */
export function answerUnrouted(fastify: FastifyInstance, server: ScimServer): void {
  fastify.addHook('preHandler', async (request, reply) => {
    if (!request.is404 || !/^\/+scim(?:[/?]|$)/i.test(request.raw.url ?? '')) return;
    const response = await server.handle(toScimRequest(request));
    await reply.status(response.status).headers(response.headers).send(response.body);
  });
}
