import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { ExtendedRequest } from 'ldapts';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import { LdapConnection } from './ldap-connection.js';
import { SUCCESS } from './result-errors.js';
import { tlsError, type TlsEndpoint } from './tls-error.js';

const START_TLS = '1.3.6.1.4.1.1466.20037';

/** A connection that is encrypted as the settings say, not signed in yet. @throws SourceError */
export async function openConnection(
  endpoint: TlsEndpoint,
  ports: Pick<SourcePorts, 'connectTcp'>,
  idleMs: number,
): Promise<LdapConnection> {
  const { host, port, security } = endpoint;
  const socket = await ports.connectTcp(host, port, { secure: security !== 'none' });
  const options = { host, idleMs };
  if (security === 'none') return new LdapConnection(socket, options);
  if (security === 'ldaps') return new LdapConnection(await startTls(socket, endpoint, idleMs), options);
  const plain = new LdapConnection(socket, options);
  const { result } = await plain.exchange(
    'extended',
    (messageId) => new ExtendedRequest({ messageId, oid: START_TLS }),
  );
  if (result.code !== SUCCESS) {
    plain.close();
    throw new SourceError(
      'tls_failed',
      `${host} does not offer StartTLS on port ${port} (LDAP result ${result.code}).`,
    );
  }
  return new LdapConnection(await startTls(plain.release(), endpoint, idleMs), options);
}

function startTls(socket: Duplex, endpoint: TlsEndpoint, idleMs: number): Promise<Duplex> {
  const { caCertificate, tlsServerName, host } = endpoint;
  const name = tlsServerName ?? host;
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      host: name,
      // An address is no name that a client may send (RFC 6066 3), but the certificate may be for it.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(caCertificate === null ? {} : { ca: caCertificate }),
    });
    const fail = (code: string): void => {
      clearTimeout(timer);
      secured.destroy();
      reject(tlsError(code, endpoint));
    };
    const timer = setTimeout(() => fail('ETIMEDOUT'), idleMs);
    secured.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown'));
    secured.once('secureConnect', () => {
      clearTimeout(timer);
      secured.removeAllListeners('error');
      resolve(secured);
    });
  });
}
