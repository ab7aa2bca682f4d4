import type { SourceError } from '../sdk/source-error.js';
import { MAX_TRIES, type StoredAuthorization } from './authorization-store.js';
import { describeProblem, type ConsentProblem } from './consent-words.js';

const MAX_CODE = 4_096;

/** Why a link cannot be used; null when it can. */
export function whyClosed(link: StoredAuthorization): ConsentProblem | null {
  if (link.isGone) return 'directory_gone';
  if (link.completedAt !== null) return 'used_link';
  if (link.isExpired) return 'expired_link';
  if (link.isClaimed) return 'in_progress';
  return link.tries >= MAX_TRIES ? 'too_many_tries' : null;
}

/** Something that a vendor may have sent as a code. */
export function isCode(code: string | undefined): code is string {
  return code !== undefined && code !== '' && code.length <= MAX_CODE;
}

/** What the consent page itself said (RFC 6749, 4.1.2.1). */
export function problemOf(error: string | undefined): ConsentProblem {
  if (error === undefined) return 'no_code';
  if (error === 'access_denied') return 'denied';
  const passing = ['temporarily_unavailable', 'server_error'];
  return passing.includes(error) ? 'vendor_unavailable' : 'refused_by_vendor';
}

/** What the token endpoint's refusal means (RFC 6749, 5.2; `redirect_uri_mismatch` is Google's). */
export function meaningOf({ code, facts }: SourceError): ConsentProblem {
  if (facts['error'] === 'redirect_uri_mismatch') return 'redirect_uri_mismatch';
  if (facts['error'] === 'invalid_client' || facts['error'] === 'unauthorized_client') return 'wrong_client';
  if (facts['error'] === 'invalid_grant') return 'code_refused';
  if (['source_unavailable', 'rate_limited', 'tls_failed', 'wrong_host'].includes(code))
    return 'vendor_unavailable';
  return facts['status'] === 401 ? 'wrong_client' : 'unexpected_answer';
}

/** A word of OAuth as it is, anything else not at all: it came in an address that anybody can make. */
export function wordOf(error: string | undefined): string | null {
  return error !== undefined && /^[a-z_]{1,60}$/.test(error) ? error : null;
}

/** How a connection and its newest link stand. */
interface Standing {
  readonly isAuthorized: boolean;
  readonly isOpen: boolean;
  readonly link: StoredAuthorization | undefined;
  readonly vendor: string;
}

/** The same in plain words, with what to do. */
export function messageOf(standing: Standing): string {
  const { isAuthorized, isOpen, link, vendor } = standing;
  const last = lastTry(standing);
  if (isOpen)
    return isAuthorized
      ? `A new consent was asked for; until it is given, the one before is used.${last}`
      : `Waiting for consent: an admin of ${vendor} has to open the link.${last}`;
  if (isAuthorized) return 'The connection has what it signs in with.';
  const why = link === undefined ? 'no link has been made yet' : 'the link has expired';
  return `Waiting for consent, and ${why}: make one with POST /management/directories/<id>/authorizations.${last}`;
}

function lastTry({ link, vendor }: Standing): string {
  if (link === undefined || link.problem === null) return '';
  const { redirectUri, missingScopes, problem } = link;
  return ` Last try: ${describeProblem(problem, { vendor, redirectUri, missingScopes }).text}`;
}
