import { isJsonObject } from '#kernel';
import { answerFacts } from '../../sdk/http/judge-answer.js';
import type { JsonAnswer, SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import type { ExplainTokenError } from '../../sdk/oauth-token.js';
import { SourceError } from '../../sdk/source-error.js';
import { manifest } from './manifest.js';

export const TOKEN_PATH = '/auth/oauth2/v2/token';

/** `{"message": "The resource with the given id could not be found", "name": "NotFoundError", "statusCode": 404}` */
export function saysNotFound({ body }: JsonAnswer): boolean {
  return isJsonObject(body) && body['name'] === 'NotFoundError' && body['statusCode'] === 404;
}

/** What OneLogin's answers mean besides their status. https://developers.onelogin.com/api-docs/2/oauth20-tokens/get-rate-limit */
export function judge(answer: SourceAnswer): Verdict | undefined {
  const { status } = answer;
  const isToken = new URL(answer.url).pathname === TOKEN_PATH;
  if (isToken) return status >= 500 ? { kind: 'retry', error: ownerMayBeGone(answer) } : undefined;
  // Version 1 of the API says 401 for a scope that is missing, with other words than for a token that is no good.
  const isScope = status === 403 || (status === 401 && /insufficient/i.test(answer.text.slice(0, 1_000)));
  if (isScope) return { kind: 'fail', error: missingScope(answer) };
  return judgeRate(answer);
}

/** The reset is in seconds from now, and the limit the whole account's: a few calls are left to others. */
function judgeRate({ status, headers }: SourceAnswer): Verdict | undefined {
  const resetSeconds = Number(headers['x-ratelimit-reset'] ?? NaN);
  if (!(resetSeconds > 0)) return undefined;
  const afterMs = (resetSeconds + 1) * 1_000;
  if (status === 429) return { kind: 'retry', afterMs };
  const isLow = status < 300 && Number(headers['x-ratelimit-remaining'] ?? NaN) < manifest.limits.concurrency;
  return isLow ? { kind: 'ok', pauseMs: afterMs } : undefined;
}

function missingScope(answer: SourceAnswer): SourceError {
  return new SourceError(
    'insufficient_permissions',
    `OneLogin refused access to ${new URL(answer.url).pathname.replaceAll(/\d+/g, '…')} (${answer.status}). Create an API ` +
      'credential with the scope "Read All" (Administration › Developers › API Credentials); a scope cannot be changed later.',
    { facts: answerFacts(answer) },
  );
}

function ownerMayBeGone(answer: SourceAnswer): SourceError {
  return new SourceError(
    'source_unavailable',
    `OneLogin failed to give a token (${answer.status}). If that lasts, the admin who created the API credential was ` +
      'deleted: OneLogin then answers so for ever, and a new credential is needed.',
    { facts: answerFacts(answer) },
  );
}

/** Errors of the token endpoint come in an envelope of OneLogin's own, without OAuth's words. */
export const explainToken: ExplainTokenError = ({ status }) => {
  const facts = { status };
  if (status === 404)
    return new SourceError('wrong_host', 'There is no OneLogin at this address (404). Check the domain.', {
      facts,
    });
  if (status !== 400 && status !== 401) return undefined;
  return new SourceError(
    'invalid_credentials',
    'OneLogin refused the client ID or its secret. Copy both from Administration › Developers › API Credentials, and see ' +
      'that the domain is the one of that account and region.',
    { facts },
  );
};
