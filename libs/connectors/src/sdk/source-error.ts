/** The kinds of failure that an admin can be told apart; each has a remedy of its own. */
export const SOURCE_ERROR_CODES = [
  'wrong_host',
  'tls_failed',
  'invalid_credentials',
  'consent_missing',
  'insufficient_permissions',
  'not_found_tenant',
  'rate_limited',
  'source_unavailable',
  'source_changed_shape',
  'incomplete_listing',
  'cursor_expired',
  'config_error',
] as const;

export type SourceErrorCode = (typeof SOURCE_ERROR_CODES)[number];

/**
 * A source could not be read. `message` is for the admin: what was wrong, where, what to do; it holds no secret and no
 * person. `cursor_expired` makes the engine read that stream whole.
 */
export class SourceError extends Error {
  readonly code: SourceErrorCode;
  /** For the operator's log: status, vendor error code, vendor request id. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: SourceErrorCode,
    message: string,
    options: { readonly facts?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'SourceError';
    this.code = code;
    this.facts = options.facts ?? {};
  }
}
