import { SourceError, type SourceErrorCode } from '../source-error.js';
import type { SourceAnswer, Verdict } from './source-http.js';
import { readRetryAfter } from './retry-after.js';

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504, 598]);

/** The usual meaning of a status, when the vendor's own judgement has none. 401 is the caller's business. */
export function judgeAnswer(
  answer: SourceAnswer,
  request: { readonly accept: readonly number[]; readonly now: Date },
): Verdict {
  const { status } = answer;
  if ((status >= 200 && status < 300) || request.accept.includes(status)) return { kind: 'ok' };
  if (RETRIED.has(status))
    return { kind: 'retry', afterMs: readRetryAfter(answer.headers['retry-after'], request.now) };
  return { kind: 'fail', error: statusError(answer) };
}

/** What a status means when asking again is of no use (any more). */
export function statusError(answer: Pick<SourceAnswer, 'status' | 'headers' | 'url'>): SourceError {
  const { status } = answer;
  const host = new URL(answer.url).host;
  const { code, message } = explain(status, host);
  return new SourceError(code, message, { facts: answerFacts(answer) });
}

function explain(status: number, host: string): { code: SourceErrorCode; message: string } {
  if (status === 401)
    return {
      code: 'invalid_credentials',
      message: `${host} refused the credentials (401). Enter new ones in the connection’s settings.`,
    };
  if (status === 403)
    return {
      code: 'insufficient_permissions',
      message: `${host} refused access (403). Give the credential the permissions that the connection needs.`,
    };
  if (status === 404)
    return {
      code: 'not_found_tenant',
      message: `${host} does not know what was asked for (404). Check the tenant or account in the settings.`,
    };
  // A 2xx is a failure only where the vendor's own judgement says "later".
  if (status === 429 || status < 300)
    return {
      code: 'rate_limited',
      message: `${host} has limited our requests (${status}) and did not let up.`,
    };
  if (status >= 500)
    return { code: 'source_unavailable', message: `${host} had a failure of its own (${status}).` };
  if (status >= 300 && status < 400)
    return {
      code: 'wrong_host',
      message: `${host} redirects elsewhere (${status}), which is not followed. Enter the final address.`,
    };
  return { code: 'config_error', message: `${host} did not accept a request (${status}).` };
}

/** For the operator's log: the status, and what the vendor's support asks for first. */
export function answerFacts(
  answer: Pick<SourceAnswer, 'status' | 'headers'>,
): Readonly<Record<string, unknown>> {
  const names = ['x-okta-request-id', 'request-id', 'x-request-id', 'x-ms-request-id', 'x-correlation-id'];
  const id = names.map((name) => answer.headers[name]).find((value) => typeof value === 'string');
  return { status: answer.status, ...(typeof id === 'string' ? { request_id: id.slice(0, 100) } : {}) };
}
