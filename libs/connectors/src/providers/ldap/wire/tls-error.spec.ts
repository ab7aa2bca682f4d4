import { describe, expect, it } from '@jest/globals';
import { tlsError, type TlsEndpoint } from './tls-error.js';

/** Codes as node gives them for certificates and servers of each kind. */
describe('TLS that was not set up', () => {
  const endpoint: TlsEndpoint = {
    host: 'ldap.example.test',
    port: 636,
    security: 'ldaps',
    caCertificate: 'PEM',
    tlsServerName: null,
  };

  it.each([
    ['CERT_HAS_EXPIRED', /has expired/],
    ['CERT_NOT_YET_VALID', /not valid yet.*clocks/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /not for "ldap\.example\.test"/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not signed by the CA certificate/],
    ['UNSPECIFIED', /too short or an outdated signature/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /TLS 1\.2 or newer/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /Port 636.*does not speak TLS/],
  ])('because of %s says what to change', (code, text) => {
    expect(tlsError(code, endpoint)).toMatchObject({
      code: 'tls_failed',
      message: expect.stringMatching(text),
    });
  });

  it.each([
    ['ldaps', /for port 389 choose StartTLS/],
    ['starttls', /no certificate/],
  ] as const)('because the connection broke off passes (%s)', (security, text) => {
    for (const code of ['ECONNRESET', 'ETIMEDOUT'])
      expect(tlsError(code, { ...endpoint, security })).toMatchObject({
        code: 'source_unavailable',
        message: expect.stringMatching(text),
      });
  });

  it('wants the authority of a private certificate', () => {
    expect(tlsError('SELF_SIGNED_CERT_IN_CHAIN', { ...endpoint, caCertificate: null }).message).toMatch(
      /enter the certificate of the one that signed it/,
    );
  });
});
