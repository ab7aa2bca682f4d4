import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import got from 'got';
import {
  AddressNotAllowedError,
  bareHost,
  guardedLookup,
  resolveChecked,
  type AddressGuard,
} from '#outbound';
import type { SourceAnswer, SourceRequest } from './source-http.js';

const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** One request as it goes out. */
export interface OutgoingRequest extends Pick<SourceRequest, 'method' | 'json' | 'form' | 'text'> {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** The head of an answer, and its body as it comes, decompressed. */
export interface Incoming {
  readonly head: Omit<SourceAnswer, 'text'>;
  readonly body: Readable;
}

export interface SenderOptions {
  readonly guard: AddressGuard;
  readonly signal: AbortSignal;
  readonly firstByteMs: number;
  readonly connections: number;
  /** More certificate authorities to trust, PEM. */
  readonly ca?: string;
}

export type Sender = (request: OutgoingRequest) => Promise<Incoming>;

/**
 * Sends single requests over connections that are kept: to checked addresses only, without following redirects.
 * Rejects with whatever the transport says (`transportFailure` translates it).
 */
export function createSender(options: SenderOptions): Sender {
  const agent = agents(options);
  return async (request) => {
    const secure = request.url.protocol === 'https:';
    const host = bareHost(request.url.hostname);
    // Sockets look names up; a literal address they would connect to unasked.
    if (isIP(host) !== 0) await resolveChecked(host, secure, options.guard);
    return start(request, { ...options, agent, secure });
  };
}

function agents(options: SenderOptions): { http: HttpAgent; https: HttpsAgent } {
  const shared = { keepAlive: true, maxSockets: options.connections, timeout: KEEP_ALIVE_MS };
  const ca = options.ca === undefined ? undefined : [...getCACertificates('default'), options.ca];
  const agent = { http: new HttpAgent(shared), https: new HttpsAgent({ ...shared, ca }) };
  const close = (): void => {
    agent.http.destroy();
    agent.https.destroy();
  };
  options.signal.addEventListener('abort', close, { once: true });
  return agent;
}

interface StartOptions extends SenderOptions {
  readonly agent: { http: HttpAgent; https: HttpsAgent };
  readonly secure: boolean;
}

function start(request: OutgoingRequest, options: StartOptions): Promise<Incoming> {
  const stream = got.stream(request.url, {
    method: request.method ?? 'GET',
    headers: { 'user-agent': 'Rollcall', ...request.headers },
    ...bodyOf(request),
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: true,
    signal: options.signal,
    agent: options.agent,
    dnsLookup: guardedLookup(options.secure, options.guard),
    timeout: {
      lookup: CONNECT_MS,
      connect: CONNECT_MS,
      secureConnect: CONNECT_MS,
      response: options.firstByteMs,
    },
  });
  stream.on('request', (outgoing) => outgoing.once('socket', (socket: Socket) => checkPeer(socket, options)));
  return new Promise((resolve, reject) => {
    // Stays attached: an error after the head reaches whoever reads the body, and must not end the process.
    stream.on('error', reject);
    stream.once('response', (response: { statusCode: number; headers: SourceAnswer['headers'] }) =>
      resolve({
        head: { status: response.statusCode, headers: response.headers, url: request.url.href },
        body: stream,
      }),
    );
  });
}

function bodyOf(
  request: OutgoingRequest,
): { json: unknown } | { form: Record<string, string> } | { body: string } | object {
  if (request.json !== undefined) return { json: request.json };
  if (request.form !== undefined) return { form: { ...request.form } };
  if (request.text !== undefined) return { body: request.text };
  // A stream of a method with a body waits to be written to.
  return request.method === undefined || request.method === 'GET' ? {} : { body: '' };
}

/** The last word: whom are we really connected to? */
function checkPeer(socket: Socket, { guard, secure }: StartOptions): void {
  const check = (): void => {
    if (socket.remoteAddress === undefined || !guard.policy.isAllowed(socket.remoteAddress, secure))
      socket.destroy(new AddressNotAllowedError());
  };
  if (socket.connecting) socket.once('connect', check);
  else check();
}
