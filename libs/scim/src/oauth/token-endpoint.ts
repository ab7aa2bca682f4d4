import {
  AuthenticationError,
  FailedLogins,
  RetryableError,
  TooManyFailuresError,
  type JsonObject,
} from '#kernel';
import { readClient, readForm, TokenRequestError, type TokenRequest } from './token-request.js';

/** Who issues access tokens; DirectoryAccess of `#directory`. */
export interface TokenIssuer {
  /** @throws AuthenticationError for an unknown client, a wrong secret and an unknown directory alike. */
  issueAccessToken(
    externalKey: string,
    client: { readonly id: string; readonly secret: string },
  ): Promise<{ readonly token: string; readonly expiresInSeconds: number }>;
}

export interface TokenResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

export interface TokenEndpointOptions {
  /** Called after each answer with `issued` or the error code, for metrics. `failure` is what was our fault. */
  readonly onAnswer?: (result: string, failure?: unknown) => void;
  /** Shared with the SCIM server. Absent: its own, with the usual limit. */
  readonly failedLogins?: FailedLogins;
}

/** RFC 6749 5.1: nobody on the way keeps an answer that may hold a token. */
const UNCACHED = { 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': 'application/json' };

/**
 * `POST /scim/oauth/<directory key>/token`: the client credentials grant of OAuth 2.0 (RFC 6749 4.4), for IdPs that fetch
 * a fresh token for each run. Clients authenticate by HTTP Basic or in the form (2.3.1).
 */
export class TokenEndpoint {
  readonly #issuer: TokenIssuer;
  readonly #onAnswer: TokenEndpointOptions['onAnswer'];
  readonly #failedLogins: FailedLogins;

  constructor(issuer: TokenIssuer, options: TokenEndpointOptions = {}) {
    this.#issuer = issuer;
    this.#onAnswer = options.onAnswer;
    this.#failedLogins = options.failedLogins ?? new FailedLogins();
  }

  /** Never throws. */
  async handle(request: TokenRequest): Promise<TokenResponse> {
    try {
      const form = readForm(request);
      const client = readClient(request, form);
      checkGrant(form);
      const { peer, externalKey } = request;
      const { token, expiresInSeconds } = await this.#failedLogins.watch(
        { peer, externalKey, secret: `${client.id} ${client.secret}` },
        () => this.#issuer.issueAccessToken(externalKey, client),
      );
      this.#onAnswer?.('issued');
      const body = { access_token: token, token_type: 'Bearer', expires_in: expiresInSeconds };
      return { status: 200, headers: UNCACHED, body };
    } catch (error) {
      return this.#refuse(error, request);
    }
  }

  #refuse(error: unknown, request: TokenRequest): TokenResponse {
    const refusal = describe(error, request.requestId);
    this.#onAnswer?.(refusal.code, refusal.failure);
    return {
      status: refusal.status,
      headers: { ...UNCACHED, ...refusal.headers },
      body: { error: refusal.code, error_description: refusal.description },
    };
  }
}

/** RFC 6749 5.2. */
interface OAuthRefusal {
  readonly status: number;
  readonly code: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set when it is our fault. */
  readonly failure?: unknown;
}

function describe(error: unknown, requestId: string): OAuthRefusal {
  if (error instanceof TokenRequestError) {
    const { status, code, message, headers } = error;
    return { status, code, description: message, headers };
  }
  if (error instanceof AuthenticationError)
    return {
      status: 401,
      code: 'invalid_client',
      description: error.message,
      headers: { 'www-authenticate': 'Basic realm="scim"' },
    };
  if (error instanceof TooManyFailuresError)
    return {
      status: 429,
      code: 'temporarily_unavailable',
      description: error.message,
      headers: { 'retry-after': String(error.retryAfterSeconds) },
    };
  if (error instanceof RetryableError)
    return {
      status: 503,
      code: 'temporarily_unavailable',
      description: error.message,
      headers: { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterSeconds))) },
      failure: error,
    };
  return {
    status: 500,
    code: 'server_error',
    description: `The server failed. Try again; if it keeps failing, give the operator the request id ${requestId}.`,
    failure: error,
  };
}

function checkGrant(form: ReadonlyMap<string, string>): void {
  const grant = form.get('grant_type');
  if (grant === undefined)
    throw new TokenRequestError(
      'invalid_request',
      'grant_type is missing. Send grant_type=client_credentials.',
    );
  if (grant !== 'client_credentials')
    throw new TokenRequestError(
      'unsupported_grant_type',
      'Only the grant type client_credentials is offered here. Send grant_type=client_credentials.',
    );
}
