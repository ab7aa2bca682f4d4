import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TEST_CERTIFICATE } from '../../test-support/certificate.js';
import { openSink, type Sink } from '../../test-support/sink.js';
import { createOutbound, type Outbound, type OutboundOptions } from './outbound.js';
import { NameResolutionError } from '#outbound';
import type { PostResult } from './post-result.js';

const LOOPBACK = '127.0.0.0/8';
const TIMEOUT_MS = 800;

describe('Outbound', () => {
  let sink: Sink;
  const opened: Outbound[] = [];
  const servers: Server[] = [];

  beforeEach(async () => {
    sink = await openSink();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((outbound) => outbound.close()));
    for (const server of servers.splice(0)) server.close();
    await sink.close();
  });

  function make(options: Partial<OutboundOptions> = {}): Outbound {
    const made = createOutbound({ allow: LOOPBACK, timeoutMs: TIMEOUT_MS, ...options });
    opened.push(made);
    return made;
  }

  function post(url: string, options: Partial<OutboundOptions> = {}): Promise<PostResult> {
    const target = make(options).target('we_1', url, 2);
    return new Promise((resolve) => target.post(['content-type', 'application/json'], '{"a":1}', resolve));
  }

  async function tcp(onSocket: (socket: Socket) => void): Promise<string> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('posts the bytes and reports status, text and time', async () => {
    sink.answer = (_received, response) => void response.writeHead(201, { 'retry-after': '7' }).end('thanks');
    const result = await post(`${sink.url}/a?b=c`);
    expect(result).toMatchObject({ status: 201, error: null, excerpt: 'thanks', retryAfter: '7' });
    expect(sink.received[0]).toMatchObject({ path: '/a?b=c', body: '{"a":1}' });
    expect(sink.received[0]?.headers['content-length']).toBe('7');
  });

  it('does not follow redirects', async () => {
    const other = await openSink();
    sink.answer = (_received, response) => void response.writeHead(307, { location: other.url }).end();
    expect(await post(sink.url)).toMatchObject({ status: 307, error: null });
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('cuts a body that drips at the total deadline', async () => {
    sink.answer = (_received, response, socket) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      socket.on('close', () => clearInterval(drip));
    };
    const began = performance.now();
    expect(await post(sink.url)).toMatchObject({ status: 200, error: 'timeout' });
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS + 500);
  });

  it('stops reading a big body and keeps the status and the beginning', async () => {
    let hasClosed = false;
    sink.answer = (_received, response, socket) => {
      socket.on('close', () => (hasClosed = true));
      response.writeHead(200);
      const chunk = Buffer.alloc(16_384, 'x');
      const more = (): void => {
        while (!socket.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    const result = await post(sink.url);
    expect(result).toMatchObject({ status: 200, error: null });
    expect(result.excerpt).toHaveLength(16_384);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasClosed).toBe(true);
  });

  it('keeps text that PostgreSQL can store', async () => {
    sink.answer = (_received, response) => void response.end(Buffer.from([0x61, 0, 0xff, 0x62]));
    expect((await post(sink.url)).excerpt).toBe('a\ufffd\ufffdb');
  });

  it.each<[string, string, (socket: Socket) => void]>([
    ['no answer', 'timeout', () => undefined],
    ['a reset', 'connection_reset', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['a close without an answer', 'connection_reset', (socket) => socket.once('data', () => socket.end())],
    ['nonsense', 'invalid_response', (socket) => socket.once('data', () => socket.end('hello\r\n\r\n'))],
    [
      'endless headers',
      'invalid_response',
      (socket) =>
        socket.once('data', () =>
          socket.write(`HTTP/1.1 200 OK\r\n${`a: ${'x'.repeat(999)}\r\n`.repeat(40)}`),
        ),
    ],
    [
      'half a body',
      'connection_reset',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc')),
    ],
  ])('calls %s %s', async (_what, word, onSocket) => {
    expect((await post(await tcp(onSocket))).error).toBe(word);
  });

  it('calls a closed port connection_refused', async () => {
    await sink.close();
    expect(await post(sink.url)).toMatchObject({ status: null, error: 'connection_refused' });
    sink = await openSink();
  });

  it('tells a name that does not exist from name servers that do not answer', async () => {
    const failing = (isTimeout: boolean): Partial<OutboundOptions> => ({
      resolver: { resolve: (name) => Promise.reject(new NameResolutionError(name, { isTimeout })) },
    });
    expect((await post('https://a.example/', failing(false))).error).toBe('dns');
    expect((await post('https://a.example/', failing(true))).error).toBe('dns_timeout');
    const silent = { resolver: { resolve: () => new Promise<never>(() => undefined) } };
    expect((await post('https://a.example/', silent)).error).toBe('timeout');
  });

  it('never connects to an address that a name has come to mean', async () => {
    const { port } = new URL(sink.url);
    const answers = [['93.184.215.14'], ['127.0.0.1'], ['93.184.215.14', '127.0.0.1']];
    const resolver = { resolve: () => Promise.resolve(answers.shift() ?? ['127.0.0.1']) };
    const guarded = make({ allow: '', resolver });
    const url = `https://rebinding.example:${port}/`;
    await guarded.checkEndpointUrl(url);
    const target = guarded.target('we_1', url, 1);
    for (let i = 0; i < 2; i++) {
      const result = await new Promise<PostResult>((resolve) => target.post([], '{}', resolve));
      expect(result).toMatchObject({ status: null, error: 'address_not_allowed', excerpt: null });
    }
    expect(sink.received).toEqual([]);
  });

  it('never connects to a literal address, which no look-up would see', async () => {
    expect((await post(sink.url, { allow: '' })).error).toBe('address_not_allowed');
    const { port } = new URL(sink.url);
    expect((await post(`https://[::ffff:127.0.0.1]:${port}/`, { allow: '' })).error).toBe(
      'address_not_allowed',
    );
    expect(sink.received).toEqual([]);
  });

  it('uses the name for the certificate and the checked address for the connection', async () => {
    const { key, cert } = TEST_CERTIFICATE;
    const server = createTlsServer({ key, cert }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'));
    });
    server.on('tlsClientError', () => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const resolver = { resolve: () => Promise.resolve(['127.0.0.1']) };
    const url = (name: string): string => `https://${name}:${port}/`;
    expect(await post(url('hooks.example'), { resolver, ca: cert })).toMatchObject({
      status: 204,
      error: null,
    });
    expect((await post(url('other.example'), { resolver, ca: cert })).error).toBe('tls');
    expect((await post(url('hooks.example'), { resolver })).error).toBe('tls');
  });

  it('cuts a stalled TLS handshake at the deadline', async () => {
    const url = (await tcp(() => undefined)).replace('http:', 'https:');
    const began = performance.now();
    expect(await post(url)).toMatchObject({ status: null, error: 'timeout' });
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS + 1_000);
  });

  it('keeps within its connections and reuses them', async () => {
    const sockets = new Set<Socket>();
    sink.answer = async (_received, _response, socket) => {
      sockets.add(socket);
      await new Promise((resolve) => setTimeout(resolve, 2));
      return 200;
    };
    const target = make().target('we_1', sink.url, 2);
    await Promise.all(
      Array.from({ length: 50 }, () => new Promise((resolve) => target.post([], '{}', resolve))),
    );
    expect(sink.mostInFlight).toBe(2);
    expect(sockets.size).toBe(2);
  });
});
