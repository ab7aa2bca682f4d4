import { getOwn, type Clock } from '#kernel';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SourceHttp, SourceRequest } from './http/source-http.js';
import { SourceError, type SourceErrorCode } from './source-error.js';

/** An access token as a token endpoint hands it out. */
export interface AccessToken {
  readonly value: string;
  readonly expiresInSeconds: number;
  /** What replaces the refresh token that was used, where the vendor sends one. */
  readonly refreshToken?: string;
  /** What was granted, where the answer says so; absent means what was asked for (RFC 6749, 5.1). */
  readonly scopes?: readonly string[];
}

const RENEW_BEFORE_MS = 120_000;

/**
 * The `authorize` of an OAuth source: one token for all requests, fetched once however many ask for it, and again two
 * minutes before it expires (at half its life if that is shorter).
 */
export function bearerTokens(
  fetchToken: () => Promise<AccessToken>,
  clock: Clock,
): (reason: { readonly renew: boolean }) => Promise<Readonly<Record<string, string>>> {
  let current: { readonly value: string; readonly until: number } | undefined;
  let fetching: Promise<string> | undefined;
  const fetchOnce = async (): Promise<string> => {
    const token = await fetchToken();
    const lifeMs = token.expiresInSeconds * 1_000;
    const until = clock.now().getTime() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2);
    current = { value: token.value, until };
    return token.value;
  };
  return async ({ renew }) => {
    const isFresh = !renew && current !== undefined && clock.now().getTime() < current.until;
    if (isFresh && current !== undefined) return bearer(current.value);
    fetching ??= fetchOnce().finally(() => (fetching = undefined));
    return bearer(await fetching);
  };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

/** What OAuth's own error words mean (RFC 6749, 5.2; RFC 9449, 8). */
const OAUTH_ERRORS: Readonly<Record<string, { code: SourceErrorCode; message: string }>> = {
  invalid_client: {
    code: 'invalid_credentials',
    message: 'The token endpoint refused the client credentials.',
  },
  invalid_grant: { code: 'invalid_credentials', message: 'The token endpoint refused the credential.' },
  unauthorized_client: {
    code: 'insufficient_permissions',
    message: 'The client may not get a token this way.',
  },
  invalid_scope: { code: 'insufficient_permissions', message: 'A needed permission was not granted.' },
  access_denied: { code: 'insufficient_permissions', message: 'The token endpoint denied access.' },
};

/** What a vendor knows better about its own token errors; undefined leaves it to OAuth's words. */
export type ExplainTokenError = (answer: {
  readonly status: number;
  readonly error: string;
  readonly body: JsonValue;
}) => SourceError | undefined;

/**
 * Asks a token endpoint. Its description of an error is not passed on: some repeat what was sent.
 * @throws SourceError
 */
export async function requestToken(
  http: SourceHttp,
  request: SourceRequest,
  explain: ExplainTokenError = () => undefined,
): Promise<AccessToken> {
  const answer = await http.json({ method: 'POST', authorized: false, accept: [400, 401, 403], ...request });
  const body = isJsonObject(answer.body) ? answer.body : {};
  const token = answer.status < 300 ? tokenIn(body) : undefined;
  if (token !== undefined) return token;
  const error = typeof body['error'] === 'string' ? body['error'] : '';
  throw explain({ status: answer.status, error, body }) ?? oauthError(answer.status, error);
}

function tokenIn(body: JsonObject): AccessToken | undefined {
  const { access_token: value, expires_in: life, refresh_token: refreshToken, scope } = body;
  if (typeof value !== 'string' || value === '') return undefined;
  const expiresInSeconds = Number(life) > 0 ? Number(life) : 3_600;
  const isReplaced = typeof refreshToken === 'string' && refreshToken !== '';
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];
  return {
    value,
    expiresInSeconds,
    ...(isReplaced && { refreshToken }),
    ...(scopes.length > 0 && { scopes }),
  };
}

/** HTTP Basic of a client at its token endpoint. Neither part is encoded: vendors read their own ids as they are. */
export function clientBasic(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

function oauthError(status: number, error: string): SourceError {
  const word = /^[a-z_]{1,60}$/.test(error) ? error : 'unknown';
  const known = getOwn(OAUTH_ERRORS, word);
  const facts = { status, error: word };
  if (known) return new SourceError(known.code, `${known.message} (${word})`, { facts });
  if (status < 300)
    return new SourceError('source_changed_shape', 'The token endpoint sent no token.', { facts });
  const code = status === 401 ? 'invalid_credentials' : 'config_error';
  return new SourceError(code, `The token endpoint gave no token (${status}, ${word}).`, { facts });
}
