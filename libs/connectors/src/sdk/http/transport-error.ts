import { SourceError } from '../source-error.js';

/** A request that got no whole answer. */
export interface TransportFailure {
  readonly error: SourceError;
  /** Whether asking again may help. */
  readonly retryable: boolean;
}

/** Codes of Node and OpenSSL for a certificate or handshake that a second try will not mend. */
const TLS_CODES =
  /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

/**
 * Translates what Node and got throw. Neither the original error nor its text is kept: got's errors carry the request's
 * headers, and thus the credential.
 */
export function transportFailure(cause: unknown, host: string): TransportFailure {
  if (cause instanceof SourceError) return { error: cause, retryable: false };
  const code = codeOf(cause);
  const facts = { error: code };
  const failure = (error: SourceError, retryable: boolean): TransportFailure => ({ error, retryable });
  if (code === 'ROLLCALL_ADDRESS')
    return failure(
      new SourceError('wrong_host', `${host} has an address that is not allowed to be connected to.`, {
        facts,
      }),
      false,
    );
  if (code === 'ROLLCALL_DNS' || code === 'ENOTFOUND')
    return failure(
      new SourceError('wrong_host', `There is no host called ${host}. Check the address in the settings.`, {
        facts,
      }),
      false,
    );
  if (TLS_CODES.test(code))
    return failure(
      new SourceError('tls_failed', `No trusted TLS connection to ${host} was possible (${code}).`, {
        facts,
      }),
      false,
    );
  return failure(unavailable(host, code), true);
}

function unavailable(host: string, code: string): SourceError {
  const what =
    code === 'ECONNREFUSED'
      ? 'refused the connection'
      : code === 'ETIMEDOUT' || code === 'ROLLCALL_IDLE'
        ? 'did not answer in time'
        : 'broke the connection off';
  return new SourceError('source_unavailable', `${host} ${what} (${code}).`, { facts: { error: code } });
}

/** got wraps what it throws; the innermost code says most. */
function codeOf(cause: unknown): string {
  const own = (cause as { code?: unknown } | null)?.code;
  const inner = (cause as { cause?: { code?: unknown } } | null)?.cause?.code;
  const code = [inner, own].find((candidate) => typeof candidate === 'string');
  return typeof code === 'string' ? code : 'unknown';
}
