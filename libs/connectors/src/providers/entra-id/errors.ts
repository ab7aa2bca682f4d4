import { answerFacts } from '../../sdk/http/judge-answer.js';
import type { SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import { SourceError } from '../../sdk/source-error.js';

/** Graph's answers beyond what their status says. */
export function judge(answer: SourceAnswer): Verdict | undefined {
  if (answer.status === 403) return { kind: 'fail', error: forbidden(answer) };
  if (answer.status === 501) return { kind: 'fail', error: notOffered(answer) };
  return pauseForThrottledParts(answer);
}

/** The application permission that each list needs (learn.microsoft.com/graph/permissions-reference). */
function forbidden(answer: SourceAnswer): SourceError {
  const { pathname } = new URL(answer.url);
  const [what, permission] = /\/groups\b|\/memberOf$/.test(pathname)
    ? ['groups and their members', 'GroupMember.Read.All']
    : ['users', 'User.Read.All'];
  const message = `Microsoft Graph refused access to ${what} (403). Give the app the application permission ${permission} and grant admin consent.`;
  return new SourceError('insufficient_permissions', message, { facts: answerFacts(answer) });
}

function notOffered(answer: SourceAnswer): SourceError {
  const message = 'Microsoft Graph does not offer this for the tenant (501).';
  return new SourceError('config_error', message, { facts: answerFacts(answer) });
}

/** A batch succeeds as a whole while its parts are throttled, each with a wait of its own. */
function pauseForThrottledParts(answer: SourceAnswer): Verdict | undefined {
  if (answer.status !== 200 || !answer.url.endsWith('/$batch')) return undefined;
  if (!/"status"\s*:\s*429/.test(answer.text)) return undefined;
  const waits = [...answer.text.matchAll(/"retry-after"\s*:\s*"?(\d+)/gi)].map((match) => Number(match[1]));
  return { kind: 'ok', pauseMs: Math.max(1, ...waits) * 1_000 };
}
