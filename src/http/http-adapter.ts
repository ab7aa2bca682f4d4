import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { API_SERVER_OPTIONS } from '#api';
import { refuseUnread } from '#scim';

/** Largest body of any route; SCIM and REST have smaller limits of their own. */
const BODY_LIMIT = 20 * 1024 * 1024;

type UnreadError = Error & { readonly statusCode?: number };
type ErrorHandler = (error: UnreadError, request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Fastify with our limits. What it refuses before any controller sees it (a broken address, a body above every limit,
 * an odd Content-Type) is answered in the words of the protocol that was spoken to.
 */
export class HttpAdapter extends FastifyAdapter {
  /** @param trustedProxies networks whose `X-Forwarded-For` is believed */
  constructor(trustedProxies: readonly string[] = []) {
    super({
      ...API_SERVER_OPTIONS,
      trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
      bodyLimit: BODY_LIMIT,
      // Longer than the usual 60 s of load balancers, so that it is never us who closes a connection they reuse.
      keepAliveTimeout: 72_000,
      // An upload may take its time; see streamUploads() for everything else.
      requestTimeout: 3_600_000,
      // Draining waits for requests, not for connections that clients merely keep open.
      forceCloseConnections: 'idle',
      frameworkErrors: scimFirst(API_SERVER_OPTIONS.frameworkErrors),
    });
  }

  override setErrorHandler(
    handler: Parameters<FastifyAdapter['setErrorHandler']>[0],
  ): ReturnType<FastifyAdapter['setErrorHandler']> {
    const inner: (...args: never[]) => unknown = handler;
    const outer: (...args: never[]) => unknown = scimFirst(inner as ErrorHandler);
    return super.setErrorHandler(outer as typeof handler);
  }
}

function scimFirst(otherwise: ErrorHandler): ErrorHandler {
  return (error, request, reply) => {
    const refusal = refuseUnread(request.raw.url ?? '', error.statusCode ?? 400);
    if (!refusal) return otherwise(error, request, reply);
    void reply
      .status(refusal.status)
      .headers({ ...refusal.headers, 'x-request-id': request.id })
      .send(refusal.body);
  };
}
