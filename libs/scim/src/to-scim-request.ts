import type { FastifyRequest } from 'fastify';
import type { ScimRequest } from './http/messages.js';
import { readAddress } from './http/read-address.js';

/** The address is taken as sent: the router's own decoding would lose encoded slashes. */
export function toScimRequest(request: FastifyRequest): ScimRequest {
  return {
    ...readAddress(request.raw.url ?? '/'),
    method: request.method,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    peer: request.ip,
    requestId: request.id,
  };
}
