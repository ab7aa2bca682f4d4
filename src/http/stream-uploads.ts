import type { FastifyInstance, FastifyRequest } from 'fastify';

/** How long a request may take to arrive that is no upload. */
const ARRIVAL_MS = 60_000;

/**
 * Leaves the bodies of uploads to their controller, which reads them as they come: Fastify would collect them in memory.
 * It looks for a body by these headers only. All other bodies have to arrive within a minute, which Node's own timeout
 * cannot tell apart.
 */
export function streamUploads(fastify: FastifyInstance, arrivalMs = ARRIVAL_MS): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isUpload(request)) hideBody(request);
    else limitArrival(request, arrivalMs);
    done();
  });
}

function isUpload({ method, routeOptions }: FastifyRequest): boolean {
  return (method === 'PUT' || method === 'POST') && routeOptions.url === '/uploads/:key/:name';
}

function hideBody(request: FastifyRequest & { announcedBytes?: string; announcedType?: string }): void {
  const { headers } = request.raw;
  const { 'content-length': length, 'content-type': type } = headers;
  if (length !== undefined) request.announcedBytes = length;
  if (type !== undefined) request.announcedType = type;
  delete headers['content-length'];
  delete headers['transfer-encoding'];
  delete headers['content-type'];
}

function limitArrival({ raw }: FastifyRequest, arrivalMs: number): void {
  if (raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, arrivalMs);
  raw.once('close', () => clearTimeout(timer));
}
