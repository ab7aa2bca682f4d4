import { SourceError, type SourceErrorCode } from '../../../sdk/source-error.js';
import type { LdapResult } from './answer.js';

export const SUCCESS = 0;
/** timeLimitExceeded, sizeLimitExceeded, adminLimitExceeded: entries came, but not all of them. */
export const LIMITS: Readonly<Record<number, string>> = {
  3: 'its time limit',
  4: 'its size limit',
  11: 'its administrative limit',
};
export const NO_SUCH_OBJECT = 32;
export const NO_ACCESS = 50;

/** busy, unavailable: the same request may be answered later. */
export function isPassing({ code }: LdapResult): boolean {
  return code === 51 || code === 52;
}

/** Codes with which servers refuse a paging cookie that they do not know (any more). */
const COOKIE_REFUSED = [2, 12, 53];

interface Meaning {
  readonly code: SourceErrorCode;
  readonly text: string;
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  8: { code: 'config_error', text: 'The server demands encryption: choose LDAPS or StartTLS.' },
  10: { code: 'config_error', text: 'The server refers to another server for this base; enter that one.' },
  12: { code: 'config_error', text: 'The server does not know a control that is needed (paging).' },
  13: { code: 'config_error', text: 'The server demands encryption: choose LDAPS or StartTLS.' },
  34: { code: 'config_error', text: 'A DN in the settings is not well-formed.' },
  48: { code: 'invalid_credentials', text: 'The server does not allow this way of signing in.' },
  49: { code: 'invalid_credentials', text: 'The server refused bind DN and password.' },
  50: { code: 'insufficient_permissions', text: 'The account may not read this.' },
  51: { code: 'source_unavailable', text: 'The server is busy.' },
  52: { code: 'source_unavailable', text: 'The server is not available.' },
};

/** What Active Directory says behind "data" when it refuses a bind (Microsoft: LDAP Wiki of bind errors, Appendix). */
const AD_REASONS: Readonly<Record<string, string>> = {
  '525': 'There is no such account.',
  '52e': 'The password is wrong.',
  '530': 'The account may not sign in at this time.',
  '531': 'The account may not sign in from this computer.',
  '532': 'The password of the account has expired.',
  '533': 'The account is disabled.',
  '701': 'The account has expired.',
  '773': 'The password has to be changed before the account can be used.',
  '775': 'The account is locked.',
};

/** A refused bind in words. */
export function bindError(result: LdapResult): SourceError {
  const reason = AD_REASONS[/\bdata ([0-9a-f]{3})\b/.exec(result.message)?.[1] ?? ''];
  if (reason !== undefined)
    return failure(result, { code: 'invalid_credentials', text: `The server refused to sign in: ${reason}` });
  if (result.code === 53 || result.code === NO_SUCH_OBJECT)
    return failure(result, {
      code: 'invalid_credentials',
      text: 'The server refused to sign in: the account is locked, unknown or may not bind.',
    });
  return failure(result);
}

/** A failed search in words. `hadCookie`: it asked for a page other than the first. */
export function searchError(
  result: LdapResult,
  search: { readonly base: string; readonly hadCookie: boolean },
): SourceError {
  if (search.hadCookie && COOKIE_REFUSED.includes(result.code))
    return failure(result, { code: 'cursor_expired', text: 'The server does not know a page any more.' });
  if (result.code !== NO_SUCH_OBJECT) return failure(result);
  const nearest = result.matchedDn === '' ? '' : ` The nearest entry above it is "${result.matchedDn}".`;
  return failure(result, {
    code: 'config_error',
    text: `There is no "${search.base}", or the account may not see it.${nearest}`,
  });
}

/** The result of anything else. */
export function failure(result: LdapResult, meaning?: Meaning): SourceError {
  const { code, text } = meaning ??
    MEANINGS[result.code] ?? {
      code: 'source_unavailable' as const,
      text: 'The server did not do what it was asked.',
    };
  return new SourceError(code, `${text} (LDAP result ${result.code})`, { facts: { result: result.code } });
}
