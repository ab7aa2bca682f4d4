import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAddressPolicy, NameResolutionError, type AddressGuard } from '#outbound';
import { connectTcp } from './connect-tcp.js';

let server: Server;
let port: number;
const signal = new AbortController().signal;

function guard(allow: string, addresses: readonly string[] = ['127.0.0.1']): AddressGuard {
  return { policy: createAddressPolicy(allow), resolver: { resolve: () => Promise.resolve(addresses) } };
}

beforeAll(async () => {
  server = createServer((socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

describe('connectTcp', () => {
  it('connects to a checked address', async () => {
    const socket = await connectTcp(
      { host: 'ldap.example.com', port, secure: true },
      guard('127.0.0.0/8'),
      signal,
    );
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toBe('hello');
    socket.destroy();
  });

  it('refuses an address that is not allowed, and says what the operator can do', async () => {
    const refused = connectTcp({ host: 'ldap.example.com', port, secure: true }, guard(''), signal);
    await expect(refused).rejects.toMatchObject({ code: 'wrong_host' });
    await expect(refused).rejects.toThrow('ROLLCALL_OUTBOUND_ALLOW');
    const mixed = connectTcp(
      { host: 'x.example', port, secure: true },
      guard('', ['8.8.8.8', '127.0.0.1']),
      signal,
    );
    await expect(mixed).rejects.toMatchObject({ code: 'wrong_host' });
  });

  it('tells a name that is unknown from a port where nobody answers', async () => {
    const unknown = connectTcp(
      { host: 'nowhere.example', port, secure: true },
      {
        ...guard(''),
        resolver: { resolve: (name) => Promise.reject(new NameResolutionError(name, { isTimeout: false })) },
      },
      signal,
    );
    await expect(unknown).rejects.toThrow('could not be resolved');
    const closed = connectTcp({ host: 'x.example', port: 1, secure: true }, guard('127.0.0.0/8'), signal);
    await expect(closed).rejects.toThrow('Nobody answers at x.example:1');
  });

  it('ends with its run', async () => {
    const ended = AbortSignal.abort(new Error('the run is over'));
    const late = connectTcp({ host: 'x.example', port, secure: true }, guard('127.0.0.0/8'), ended);
    await expect(late).rejects.toThrow('the run is over');
  });
});
