/** One sub-problem of a refused input: where it is and a sentence that says what to do. */
export interface InputProblem {
  readonly field: string;
  readonly message: string;
}

interface ErrorOptions {
  /** Stable machine-readable word, snake_case. */
  readonly code?: string;
  /** For the log only, never for the peer. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** Base of every expected failure. `message` is safe to show to the peer; `detail` is for the log. */
export abstract class RollcallError extends Error {
  readonly code: string | undefined;
  readonly detail: string | undefined;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.detail = options.detail;
  }
}

/** The caller sent something that can never work. Nothing was changed. REST 400 or 422, SCIM 400. */
export class InvalidInputError extends RollcallError {
  readonly problems: readonly InputProblem[];

  constructor(message: string, options: ErrorOptions & { readonly problems?: readonly InputProblem[] } = {}) {
    super(message, options);
    this.problems = options.problems ?? [];
  }
}

/** The named thing does not exist for this caller. The same for "not yours" and "not there". */
export class NotFoundError extends RollcallError {
  readonly entityId: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly entityId?: string } = {}) {
    super(message, { code: 'entity_not_found', ...options });
    this.entityId = options.entityId;
  }
}

/** The change contradicts what is stored: a key is taken, a version is stale. Nothing was changed. */
export class ConflictError extends RollcallError {
  /** `uniqueness`: a key is taken. `version`: an If-Match precondition failed. `state`: not possible in this state. */
  readonly reason: 'uniqueness' | 'version' | 'state';

  constructor(
    message: string,
    options: ErrorOptions & { readonly reason?: 'uniqueness' | 'version' | 'state' } = {},
  ) {
    super(message, options);
    this.reason = options.reason ?? 'uniqueness';
  }
}

/** Temporarily impossible; the same request works later. 503 with Retry-After. */
export class RetryableError extends RollcallError {
  readonly retryAfterSeconds: number;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number } = {}) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? 5;
  }
}

/** Credential missing, wrong, expired or revoked. 401. */
export class AuthenticationError extends RollcallError {}

/** Credential is good but does not allow this. 403. */
export class PermissionError extends RollcallError {}
