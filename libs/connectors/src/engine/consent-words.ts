/** Why a consent came to nothing. */
export type ConsentProblem =
  | 'unknown_link'
  | 'used_link'
  | 'expired_link'
  | 'too_many_tries'
  | 'in_progress'
  | 'directory_gone'
  | 'settings_changed'
  | 'denied'
  | 'refused_by_vendor'
  | 'no_code'
  | 'wrong_client'
  | 'redirect_uri_mismatch'
  | 'code_refused'
  | 'scope_missing'
  | 'no_refresh_token'
  | 'vendor_unavailable'
  | 'unexpected_answer';

/** What somebody reads who has come back from a consent page. Plain text. */
export interface ConsentWords {
  readonly title: string;
  /** What happened. */
  readonly text: string;
  /** What to do about it, and who. */
  readonly remedy: string;
}

/** What the words are about. */
export interface ConsentFacts {
  /** The vendor's name; null while the link is not known. */
  readonly vendor: string | null;
  readonly redirectUri: string;
  readonly missingScopes: readonly string[];
}

const NEW_LINK = 'Ask whoever sent you the link for a new one.';
const SAME_LINK = 'Open the link that you were sent once more';

/** `{vendor}`, `{redirect_uri}` and `{scopes}` stand for the facts. */
const PROBLEMS: Readonly<Record<ConsentProblem, ConsentWords>> = {
  unknown_link: {
    title: 'This link is not known',
    text: 'It was replaced by a newer one, or it was not copied as a whole.',
    remedy: NEW_LINK,
  },
  used_link: {
    title: 'This link was used already',
    text: 'A consent was given with it, and it is good for one only.',
    remedy: `If it was yours, there is nothing to do. Otherwise: ${lower(NEW_LINK)}`,
  },
  expired_link: {
    title: 'This link has expired',
    text: 'Nothing was connected.',
    remedy: NEW_LINK,
  },
  too_many_tries: {
    title: 'This link was tried too often',
    text: 'Nothing was connected.',
    remedy: NEW_LINK,
  },
  in_progress: {
    title: 'The consent is being looked at',
    text: 'Somebody has come back with it a moment ago.',
    remedy: 'Wait for a minute and reload this page.',
  },
  directory_gone: {
    title: 'There is nothing to connect any more',
    text: 'The directory that asked for your consent was deleted. Nothing was stored.',
    remedy: `You can take the consent back at {vendor}.`,
  },
  settings_changed: {
    title: 'The settings have changed meanwhile',
    text: 'The connection does not sign in by consent any more, or lacks a setting that it takes. Nothing was connected.',
    remedy: NEW_LINK,
  },
  denied: {
    title: 'The consent was denied',
    text: `{Vendor} says that it was not given. Nothing was connected.`,
    remedy: `${SAME_LINK} if that was a mistake, as an administrator who may consent.`,
  },
  refused_by_vendor: {
    title: `{Vendor} did not ask for your consent`,
    text: 'It refused the request of the application. Nothing was connected.',
    remedy: `Whoever runs the application checks there that its scopes and this redirect URI are registered: {redirect_uri}`,
  },
  no_code: {
    title: 'Something is missing in the address',
    text: `{Vendor} sends a code with its answer, and none came. Nothing was connected.`,
    remedy: `${SAME_LINK}.`,
  },
  wrong_client: {
    title: 'The application was refused',
    text: `{Vendor} does not accept the client ID and client secret. Nothing was connected.`,
    remedy: `Whoever sent you the link enters the right client secret. ${SAME_LINK} then, or a new one if it has expired.`,
  },
  redirect_uri_mismatch: {
    title: 'The redirect URI is not registered',
    text: `{Vendor} compares it with the ones of the application. Nothing was connected.`,
    remedy: `Whoever runs the application registers exactly this one: {redirect_uri} ${SAME_LINK} then.`,
  },
  code_refused: {
    title: 'The consent could not be used',
    text: `{Vendor} refused the code that came with it: it was used before, is too old, or belongs to another link. Nothing was connected.`,
    remedy: `${SAME_LINK}.`,
  },
  scope_missing: {
    title: 'A permission is missing',
    text: `The consent lacks what nothing can be read without: {scopes}. Nothing was connected.`,
    remedy: `${SAME_LINK} and leave all permissions ticked.`,
  },
  no_refresh_token: {
    title: 'The consent does not last',
    text: `{Vendor} gave access for a short while only and no refresh token. Nothing was connected.`,
    remedy: `Take the application’s access back at {vendor}. ${SAME_LINK} then.`,
  },
  vendor_unavailable: {
    title: `{Vendor} cannot be reached`,
    text: 'Rollcall got no usable answer to the code. Nothing was connected.',
    remedy: `Wait for a minute and reload this page. If that does not help: ${lower(SAME_LINK)}.`,
  },
  unexpected_answer: {
    title: `{Vendor} answered something unexpected`,
    text: 'Nothing was connected.',
    remedy: `${SAME_LINK}. If it happens again, whoever sent it finds more in the log of Rollcall.`,
  },
};

/** Every vendor in the same words; nothing that came with the request or in the vendor's answer is repeated. */
export function describeProblem(problem: ConsentProblem, facts: ConsentFacts): ConsentWords {
  const values: Readonly<Record<string, string>> = {
    Vendor: facts.vendor ?? 'The vendor',
    vendor: facts.vendor ?? 'the vendor',
    redirect_uri: facts.redirectUri,
    scopes: facts.missingScopes.join(', '),
  };
  const fill = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '');
  const { title, text, remedy } = PROBLEMS[problem];
  return { title: fill(title), text: fill(text), remedy: fill(remedy) };
}

/** What somebody reads whose consent was stored. */
export function describeConsent(vendor: string): ConsentWords {
  return {
    title: `${vendor} is connected`,
    text: 'Your consent was stored. Rollcall reads your directory and changes nothing in it.',
    remedy: 'You can close this page. Whoever sent you the link sees how it goes on.',
  };
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
