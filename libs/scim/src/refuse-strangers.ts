import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BODY_LIMITS } from './http/read-body.js';
import type { ScimServer } from './http/scim-server.js';
import { toScimRequest } from './to-scim-request.js';

/**
 * Asks for the token before a large body is read, so that nobody without one can make the process hold 20 MiB per
 * connection. Small bodies are not worth the extra step.
 */
export function refuseStrangers(fastify: FastifyInstance, server: ScimServer): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (!hasLargeScimBody(request)) return;
    const scim = toScimRequest(request);
    if (await server.admits(scim)) return;
    const response = await server.handle(scim);
    await reply.status(response.status).headers(response.headers).send(response.body);
  });
}

function hasLargeScimBody({ raw, headers }: FastifyRequest): boolean {
  if (!/^\/+scim\//i.test(raw.url ?? '')) return false;
  return (
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > BODY_LIMITS.User
  );
}
