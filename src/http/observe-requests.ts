import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics/metrics.js';

/** One debug line and one observation per REST request; SCIM reports its exchanges itself. No query, no body. */
export function observeRequests(
  fastify: FastifyInstance,
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    if (!route.startsWith('/scim')) {
      const labels = { method: request.method, route, status: String(reply.statusCode) };
      metrics.httpDuration.observe(labels, reply.elapsedTime / 1_000);
      log.debug(
        { ...labels, requestId: request.id, durationMs: Math.round(reply.elapsedTime) },
        'REST request',
      );
    }
    done();
  });
}
