import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * What the API needs from the Fastify server it runs on (options of Nest's FastifyAdapter). Fastify's own answers to
 * malformed requests carry a top-level `error`, which official SDKs misread; these replace them.
 */
export const API_SERVER_OPTIONS = {
  genReqId: (): string => randomUUID(),
  // External ids have up to 128 characters, three times that when percent-encoded.
  routerOptions: { maxParamLength: 1_024 },
  return503OnClosing: false,
  frameworkErrors: (
    error: Error & { statusCode?: number },
    request: FastifyRequest,
    reply: FastifyReply,
  ): void => {
    void reply
      .status(error.statusCode ?? 400)
      .headers({ 'x-request-id': request.id, 'content-type': JSON_TYPE })
      .send(JSON.stringify({ message: `The request address is not acceptable: ${error.message}.` }));
  },
  clientErrorHandler: (_: Error, socket: Socket): void => {
    if (!socket.writable) return;
    const body = JSON.stringify({ message: 'The request is not valid HTTP.' });
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nContent-Type: ${JSON_TYPE}\r\nX-Request-ID: ${randomUUID()}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  },
} as const;

/** The part of a Fastify instance that `sendRequestIds` touches. */
interface HookHost {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void,
  ): unknown;
}

/** Puts `X-Request-ID` on every response; call it with the Fastify instance before the server listens. */
export function sendRequestIds(fastify: HookHost): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
}
