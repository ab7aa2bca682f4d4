import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { streamUploads } from './stream-uploads.js';

describe('streamUploads', () => {
  let fastify: FastifyInstance;
  let first: Promise<string>;

  beforeEach(async () => {
    fastify = Fastify();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    streamUploads(fastify, 300);
    const said = Promise.withResolvers<string>();
    first = said.promise;
    fastify.route({
      method: 'PUT',
      url: '/uploads/:key/:name',
      handler: async (request: FastifyRequest & { announcedBytes?: string; announcedType?: string }) => {
        request.raw.once('data', (chunk: Buffer) => said.resolve(chunk.toString()));
        await new Promise((resolve) => request.raw.once('end', resolve));
        const { body, announcedBytes: announced, announcedType: type } = request;
        return { body: body ?? null, announced, type };
      },
    });
    fastify.route({
      method: 'PUT',
      url: '/other',
      handler: async (request) => ({ bytes: (request.body as Buffer).length }),
    });
    await fastify.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => fastify.close());

  function send(path: string, parts: readonly string[]): Promise<string> {
    const { port } = fastify.server.address() as AddressInfo;
    const length = parts.join('').length;
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
        );
        parts.forEach((part, index) => setTimeout(() => socket.write(part), index * 1_000));
      });
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
    });
  }

  it('hands an upload over while it comes, however long it takes', async () => {
    const answer = send('/uploads/a/users.csv', ['id,', 'email']);
    expect(await first).toBe('id,');
    expect(await answer).toContain('{"body":null,"announced":"8","type":"text/csv"}');
  });

  it('leaves other bodies as they were, and waits for them not for ever', async () => {
    expect(await send('/other', ['at once'])).toContain('{"bytes":7}');
    expect(await send('/other', ['slow', 'ly']).catch(() => '')).toBe('');
  });
});
