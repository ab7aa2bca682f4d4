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
  readonly code = 'ROLLCALL_DEADLINE';

  constructor() {
    super('timeout');
    this.name = 'DeadlineError';
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ROLLCALL_DEADLINE: 'timeout',
  ROLLCALL_ADDRESS: 'address_not_allowed',
  ROLLCALL_DNS: 'dns',
  ROLLCALL_DNS_TIMEOUT: 'dns_timeout',
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
  // Several addresses were tried; what the first one said is as good as any.
  if (error instanceof AggregateError && error.errors.length > 0) return errorWord(error.errors[0]);
  const { code, name } = error as { code?: string; name?: string };
  if (name === 'HTTPParserError') return 'invalid_response';
  if (code === undefined) return 'connection_failed';
  return WORDS[code] ?? (TLS_CODE.test(code) ? 'tls' : 'connection_failed');
}
