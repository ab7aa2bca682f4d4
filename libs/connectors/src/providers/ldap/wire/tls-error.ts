import { SourceError } from '../../../sdk/source-error.js';
import type { LdapConfig } from '../config.js';

export type TlsEndpoint = Pick<LdapConfig, 'host' | 'port' | 'security' | 'caCertificate' | 'tlsServerName'>;

/** The other side went away, as a server that is restarted does: the same may work later. */
const BROKEN = /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT)$/;
/** Alerts and refusals of a version or cipher (OpenSSL's reasons, RFC 8446 6.2). */
const OUTDATED =
  /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS|INSUFFICIENT_SECURITY|DH_KEY_TOO_SMALL/;
/** A key or digest below OpenSSL's security level; node has no code of its own for them. */
const WEAK = /^UNSPECIFIED$|TOO_(SMALL|WEAK)/;

/** Why TLS was not set up. Each says what the admin has to change. */
export function tlsError(code: string, endpoint: TlsEndpoint): SourceError {
  const facts = { error: code };
  return BROKEN.test(code)
    ? new SourceError('source_unavailable', `${brokenText(endpoint)} (${code})`, { facts })
    : new SourceError('tls_failed', `${refusedText(code, endpoint)} (${code})`, { facts });
}

function brokenText({ host, port, security }: TlsEndpoint): string {
  const advice =
    security === 'starttls'
      ? 'the server has no certificate that it can use'
      : `port ${port} does not speak TLS; for port 389 choose StartTLS`;
  return `${host} broke the connection off while TLS was set up. If it stays so, ${advice}.`;
}

function refusedText(code: string, { host, port, tlsServerName, caCertificate }: TlsEndpoint): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `The certificate of ${host} is not for "${tlsServerName ?? host}"; enter the name that it is for.`;
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${host} has expired; renew it at the server.`;
  if (code === 'CERT_NOT_YET_VALID')
    return `The certificate of ${host} is not valid yet; compare the clocks of the server and of Rollcall.`;
  if (/SELF_SIGNED|UNABLE_TO_/.test(code))
    return caCertificate === null
      ? `The certificate of ${host} is not from a public authority; enter the certificate of the one that signed it.`
      : `The certificate of ${host} was not signed by the CA certificate in the settings.`;
  if (OUTDATED.test(code)) return `${host} offers outdated encryption only; let it speak TLS 1.2 or newer.`;
  if (WEAK.test(code))
    return `The certificate of ${host} has a key that is too short or an outdated signature (SHA-1); issue a new one.`;
  return `Port ${port} of ${host} does not speak TLS; for port 389 choose StartTLS.`;
}
