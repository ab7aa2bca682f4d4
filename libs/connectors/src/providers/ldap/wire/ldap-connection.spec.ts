import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { PresenceFilter, SearchRequest } from 'ldapts';
import { LdapConnection } from './ldap-connection.js';

/** Number 1; an entry "da" without attributes. */
const ENTRY = Buffer.from('300b0201016406040264613000', 'hex');

/** A socket whose other side takes everything and says what it is told to. */
function socketOf(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
}

function search(connection: LdapConnection): Promise<unknown> {
  const filter = new PresenceFilter({ attribute: 'objectClass' });
  return connection.exchange(
    'search',
    (messageId) => new SearchRequest({ messageId, baseDN: 'dc=a', filter }),
  );
}

describe('LdapConnection', () => {
  const options = { host: 'ldap.test', idleMs: 60_000 };

  it('leaves no connection behind that the server goes on talking to', async () => {
    const socket = socketOf();
    const connection = new LdapConnection(socket, options);
    const searching = search(connection);
    connection.close();
    await expect(searching).rejects.toMatchObject({ code: 'source_unavailable' });
    socket.push(Buffer.alloc(1_000, 'x'));
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('takes nothing that was said in the clear for what is said in TLS, and closes', async () => {
    const socket = socketOf();
    const connection = new LdapConnection(socket, options);
    socket.push(ENTRY.subarray(0, 5));
    await new Promise((resolve) => setImmediate(resolve));
    const closed = once(socket, 'close');
    expect(() => connection.release()).toThrow('went on in the clear');
    await closed;
  });

  it('stops a server that sends without end in answer to one request', async () => {
    const socket = socketOf();
    const connection = new LdapConnection(socket, { ...options, maxAnswer: 1_000 });
    const searching = search(connection);
    const sending = (): void => {
      if (socket.destroyed) return;
      socket.push(ENTRY);
      setImmediate(sending);
    };
    sending();
    await expect(searching).rejects.toMatchObject({
      code: 'incomplete_listing',
      message: expect.stringContaining('in answer to one request'),
    });
    expect(socket.destroyed).toBe(true);
  });
});
