import { isJsonObject, type JsonValue } from '#kernel';
import type { SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import type { ExplainTokenError } from '../../sdk/oauth-token.js';
import { SourceError } from '../../sdk/source-error.js';

/** Google says "slow down" with 403 as well (Directory API, limits and quotas). */
const QUOTA = new Set(['userRateLimitExceeded', 'rateLimitExceeded', 'quotaExceeded']);

export function judge(answer: SourceAnswer): Verdict | undefined {
  if (answer.status !== 403) return undefined;
  const reason = reasonOf(answer.text);
  const facts = { status: 403, reason };
  if (QUOTA.has(reason))
    return {
      kind: 'retry',
      error: new SourceError('rate_limited', `Google limits our requests (${reason}).`, { facts }),
    };
  const message =
    reason === 'accessNotConfigured'
      ? 'The Admin SDK API is not enabled in the Google Cloud project.'
      : 'Google refused access. The admin to act as needs the right to read users and groups.';
  return { kind: 'fail', error: new SourceError('insufficient_permissions', message, { facts }) };
}

function reasonOf(text: string): string {
  const error = read(text);
  const list = isJsonObject(error) && Array.isArray(error['errors']) ? error['errors'] : [];
  const reason = isJsonObject(list[0]) ? list[0]['reason'] : undefined;
  return typeof reason === 'string' && /^\w{1,60}$/.test(reason) ? reason : 'unknown';
}

function read(text: string): JsonValue | undefined {
  try {
    const body = JSON.parse(text) as JsonValue;
    return isJsonObject(body) ? body['error'] : undefined;
  } catch {
    return undefined;
  }
}

export const explainTokenError: ExplainTokenError = ({ status, error }) => {
  const facts = { status, error };
  if (error === 'unauthorized_client')
    return new SourceError(
      'insufficient_permissions',
      'The service account has no domain-wide delegation for all needed scopes (Admin console › API controls). ' +
        'A new delegation takes up to a day to work.',
      { facts },
    );
  if (error === 'invalid_grant')
    return new SourceError(
      'invalid_credentials',
      'Google refused the credential: the key was deleted, the admin is unknown or suspended, or the consent ended.',
      { facts },
    );
  return undefined;
};
