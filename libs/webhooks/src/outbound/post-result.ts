import { NameResolutionError } from './name-resolver.js';
import { AddressNotAllowedError } from './guarded-connector.js';

/** What came of one POST. `status` is null when no response headers arrived. */
export interface PostResult {
  readonly status: number | null;
  /** Why there is no complete response: one word such as `timeout`; null when there is one. */
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly retryAfter: string | undefined;
  readonly durationMs: number;
}

/** The total time was used up. */
export class DeadlineError extends Error {
  constructor() {
    super('timeout');
    this.name = 'DeadlineError';
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EPROTO: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  UND_ERR_HEADERS_OVERFLOW: 'invalid_response',
  UND_ERR_RESPONSE_EXCEEDED_MAX_SIZE: 'invalid_response',
};
const TLS_CODE = /^(?:CERT_|ERR_TLS_|ERR_SSL_)/;

/** One word for whatever ended a request. */
export function errorWord(error: unknown): string {
  if (error instanceof DeadlineError) return 'timeout';
  if (error instanceof AddressNotAllowedError) return 'address_not_allowed';
  if (error instanceof NameResolutionError) return error.isTimeout ? 'dns_timeout' : 'dns';
  if (error instanceof AggregateError && error.errors.length > 0) return errorWord(error.errors[0]);
  const { code = '', name } = error as { code?: string; name?: string };
  if (code.startsWith('HPE_') || name === 'HTTPParserError') return 'invalid_response';
  if (TLS_CODE.test(code)) return 'tls';
  return WORDS[code] ?? 'connection_failed';
}
