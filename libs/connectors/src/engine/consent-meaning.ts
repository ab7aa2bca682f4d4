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
  readonly status: 'waiting_for_consent' | 'authorized' | 'consent_ended';
  readonly isOpen: boolean;
  readonly link: StoredAuthorization | undefined;
  readonly vendor: string;
}

const HOW = 'make one with POST /management/directories/<id>/authorizations.';

/** The same in plain words, with what to do. */
export function messageOf(standing: Standing): string {
  const { isOpen, vendor } = standing;
  const next = isOpen ? `An admin of ${vendor} has to open the link.` : nextLink(standing);
  return [BEGINNING[standing.status](isOpen), next, lastTry(standing)]
    .filter((part) => part !== '')
    .join(' ');
}

const BEGINNING: Readonly<Record<Standing['status'], (isOpen: boolean) => string>> = {
  waiting_for_consent: () => 'Waiting for consent.',
  authorized: (isOpen) =>
    isOpen
      ? 'A new consent was asked for; until it is given, the one before is used.'
      : 'The connection has what it signs in with.',
  consent_ended: () => 'The consent has ended, or was taken back: the source refuses it.',
};

function nextLink({ status, link }: Standing): string {
  if (status === 'authorized') return '';
  if (status === 'consent_ended') return `For a new one an admin has to open a link: ${HOW}`;
  return link === undefined ? `No link has been made yet: ${HOW}` : `The link has expired: ${HOW}`;
}

function lastTry({ link, vendor }: Standing): string {
  if (link === undefined || link.problem === null) return '';
  const { redirectUri, missingScopes, problem } = link;
  return `Last try: ${describeProblem(problem, { vendor, redirectUri, missingScopes }).text}`;
}
