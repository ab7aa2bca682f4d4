import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createConnection } from 'node:net';

import { describe, expect, it } from '@jest/globals';

describe('the environment of unit tests', () => {
  it.each([
    ['fetch', () => fetch('http://127.0.0.1:4000/')],
    ['a TCP connection', () => createConnection(4000, '127.0.0.1')],
    ['a datagram', () => createSocket('udp4').send('x', 4000, '127.0.0.1')],
    ['a name look-up', () => lookup('localhost')],
  ])('has no way out by %s', async (_way, leave) => {
    const error = await Promise.resolve()
      .then(leave)
      .catch((reason: unknown) => reason);
    const { cause = error } = error as Error;
    expect((cause as Error).message).toBe(
      'Unit tests have no network: pass a fake, or name the file *.int-spec.ts',
    );
  });
});
