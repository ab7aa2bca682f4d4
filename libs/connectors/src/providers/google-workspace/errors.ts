import { isJsonObject, type JsonValue } from '#kernel';
import { readRetryAfter } from '../../sdk/http/retry-after.js';
import type { SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import type { ExplainTokenError } from '../../sdk/oauth-token.js';
import { SourceError } from '../../sdk/source-error.js';
import { manifest, SCOPE } from './manifest.js';

/** Google says "slow down" with 403 as well (Directory API, limits and quotas). */
const QUOTA =
  /^((userRate|rate|dailyLimit|concurrent)Limit|limit|quota|dailyLimit|servingLimit)Exceeded|^RATE_LIMIT_EXCEEDED$|^RESOURCE_EXHAUSTED$/;
const DISABLED = /^(accessNotConfigured|SERVICE_DISABLED)$/;

export function judge(answer: SourceAnswer, now: Date): Verdict | undefined {
  const reasons = reasonsOf(answer.text);
  const facts = { status: answer.status, reason: reasons[0] ?? 'unknown' };
  if (isUnknownAccount(answer))
    return { kind: 'fail', error: new SourceError('not_found_tenant', UNKNOWN_ACCOUNT, { facts }) };
  if (answer.status !== 403) return undefined;
  const quota = reasons.find((reason) => QUOTA.test(reason));
  if (quota === undefined)
    return {
      kind: 'fail',
      error: new SourceError('insufficient_permissions', explain(answer, reasons), { facts }),
    };
  const error = new SourceError('rate_limited', `Google limits our requests (${quota}).`, { facts });
  return { kind: 'retry', afterMs: readRetryAfter(answer.headers['retry-after'], now), error };
}

const UNKNOWN_ACCOUNT =
  'Google does not know what was asked for. Check the customer ID, the domain and the names of custom attributes in the settings, ' +
  'and that the admin to act as belongs to that account.';

/** What a first page meets that names an account, a domain or a schema which is not there; later ones have page tokens. */
function isUnknownAccount({ status, url }: SourceAnswer): boolean {
  const { pathname, searchParams } = new URL(url);
  const isFirstPage = /\/(users|groups)$/.test(pathname) && !searchParams.has('pageToken');
  return isFirstPage && (status === 400 || status === 404);
}

function explain({ url }: SourceAnswer, reasons: readonly string[]): string {
  if (reasons.some((reason) => DISABLED.test(reason)))
    return 'The Admin SDK API is not enabled in the Google Cloud project.';
  if (reasons.includes('domainCannotUseApis'))
    return 'The account allows no API access. Turn it on: Admin console › Security › Access and data control › API controls.';
  const { pathname } = new URL(url);
  const [what, privilege, scope] = /\/members\b/.test(pathname)
    ? ['members of groups', 'Groups › Read', 'group.member.readonly']
    : /\/groups\b/.test(pathname)
      ? ['groups', 'Groups › Read', 'group.readonly']
      : ['users', 'Users › Read', 'user.readonly'];
  return (
    `Google refused access to ${what} (403, ${reasons[0] ?? 'unknown'}). The admin to act as needs the privilege ${privilege} of the ` +
    `Admin API, and the credential the scope ${SCOPE}.${scope}.`
  );
}

/** Of both forms: `errors[].reason`, and `status` with `details[].reason` (google.rpc.ErrorInfo). */
function reasonsOf(text: string): readonly string[] {
  const error = read(text);
  if (!isJsonObject(error)) return [];
  const listed = [error['errors'], error['details']]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .map((entry) => (isJsonObject(entry) ? entry['reason'] : undefined));
  return [...listed, error['status']].filter(
    (reason) => typeof reason === 'string' && /^\w{1,60}$/.test(reason),
  ) as string[];
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
      'The service account has no domain-wide delegation for all needed scopes (Admin console › API controls): ' +
        `${manifest.scopes.map(({ scope }) => scope).join(', ')}. A new delegation takes up to a day to work.`,
      { facts },
    );
  if (error === 'invalid_grant')
    return new SourceError(
      'invalid_credentials',
      'Google refused the credential: the key was deleted, the admin is unknown or suspended, the consent ended, ' +
        'or the clock of the machine that Rollcall runs on is wrong.',
      { facts },
    );
  return undefined;
};
