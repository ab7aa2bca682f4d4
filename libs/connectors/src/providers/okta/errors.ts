import { answerFacts } from '../../sdk/http/judge-answer.js';
import type { SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import { SourceError } from '../../sdk/source-error.js';
import { manifest } from './manifest.js';

/** Waits for the minute's new quota before it is used up to the last, for others use it too; names a missing right. */
export function judge(answer: SourceAnswer, now: Date): Verdict | undefined {
  const { pathname } = new URL(answer.url);
  if (answer.status === 403 && pathname.startsWith('/api/'))
    return { kind: 'fail', error: forbidden(answer, pathname) };
  const header = (name: string): number => Number(answer.headers[`x-rate-limit-${name}`]);
  const resetMs = header('reset') * 1_000;
  const server = Date.parse(String(answer.headers['date']));
  const untilReset = resetMs - (Number.isNaN(server) ? now.getTime() : server) + 1_000;
  if (!Number.isFinite(resetMs) || untilReset <= 0) return undefined;
  if (answer.status === 429) return { kind: 'retry', afterMs: untilReset };
  const isLow = answer.status < 300 && header('remaining') < manifest.limits.concurrency;
  return isLow ? { kind: 'ok', pauseMs: untilReset } : undefined;
}

/** A scope alone is not enough: the app needs a role too, and Okta does not say which of them is missing. */
function forbidden(answer: SourceAnswer, path: string): SourceError {
  const kind = /^\/api\/v1\/(users|groups|logs)/.exec(path)?.[1] ?? 'users';
  const message =
    `Okta refused access to ${kind} (403). Grant the scope okta.${kind}.read to the service app and assign it the role ` +
    'Read-Only Administrator; an API token has the rights of the admin who made it.';
  return new SourceError('insufficient_permissions', message, { facts: answerFacts(answer) });
}
