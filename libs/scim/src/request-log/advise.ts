import type { ScimError } from '../protocol/errors.js';

/**
 * What the person at the IdP can do about a refusal, by status, error keyword and attribute; the most exact key wins.
 * What went wrong is said by the refusal itself.
 */
const ADVICE: Readonly<Record<string, string>> = {
  '400': 'Correct the value at the IdP, or its attribute mapping, then provision this object again.',
  '400 invalidFilter':
    'Choose another matching attribute at the IdP, such as userName for people and displayName for groups.',
  '400 invalidPath': 'Remove the named attribute from the attribute mapping at the IdP, or correct its name.',
  '400 noTarget': 'Map a value for the named attribute at the IdP, or remove it from the mapping.',
  '400 mutability': 'Remove the named attribute from the attribute mapping at the IdP: it cannot be set.',
  '400 invalidSyntax':
    'The message itself is malformed, no setting of a person can help. Check that the IdP application speaks SCIM, then show this entry to its vendor.',
  '400 invalidValue':
    'Correct the named value of this person or group at the IdP, or what is mapped to it, then provision it again.',
  '400 tooMany': 'Let the IdP send smaller batches.',
  '400 sensitive': 'Choose another matching attribute at the IdP: a secret must not stand in an address.',
  '401':
    'Create a token for this directory, enter it at the IdP together with the base URL of this directory, and test the connection there. A token works for its own directory only.',
  '403':
    'Nothing at the IdP has to change. Ask the application that this directory belongs to whether it accepts changes at the moment.',
  '404':
    'The IdP knows an id that does not exist here (any more). Take the person or group out of the assignment, wait for one cycle, and assign it again; then the IdP looks it up afresh.',
  '404 directory':
    'Copy the base URL (tenant URL) of the directory to the IdP again: the key at its end belongs to no directory, or to one that was deleted.',
  '404 address':
    'Correct the base URL (tenant URL) at the IdP: it ends with the key of this directory, and the IdP adds /Users or /Groups itself.',
  '405': 'Switch this feature off at the IdP; people and groups are provisioned without it.',
  '409': 'Provision this object again after the one that it refers to.',
  '409 uniqueness':
    'Two objects at the IdP have the same name. Give one of them another name or take it out of the assignment, then provision again.',
  '409 uniqueness userName':
    'Two people at the IdP have the same user name. Correct or remove one of them, or match people by userName so that the IdP updates the one that exists; then provision again.',
  '409 uniqueness displayName':
    'Two groups have the same name. Rename one at the IdP, or match groups by displayName so that the IdP updates the one that exists; then provision again.',
  '412': 'Nothing has to be done: the IdP reads the current state and repeats its change.',
  '413': 'Let the IdP send fewer members or operations at once.',
  '415': 'Set the content type of the IdP application to application/scim+json.',
  '429 login':
    'Find out who sends wrong tokens from this address. If it is your IdP, enter a valid token of this directory there; it is looked at again as soon as the others stop.',
  '429':
    'Nothing has to be done: the IdP waits and repeats. If it keeps happening, let it send more slowly, or have the setting scim_rate_limit of this directory raised.',
  '500':
    'Nothing has to be done at the IdP: it repeats the request. If it keeps failing, give the request id to whoever runs this service.',
  '501': 'Switch this feature off at the IdP; people and groups are provisioned without it.',
  '503 paused':
    'Nothing has to be changed at the IdP: nothing arrives while this directory is paused. Resume it, or ask whoever paused it; then the IdP repeats the request in its next cycle.',
  '503': 'Nothing has to be done: the IdP repeats the request as soon as the service is back.',
};

/** What the refusal alone does not say. */
interface Circumstances {
  /** The address itself is wrong. */
  readonly isAddress: boolean;
  /** It is somebody who was not let in. */
  readonly isLogin: boolean;
  readonly isPaused: boolean;
}

/** What to do about a refusal, one or two sentences. */
export function adviseOn(
  refusal: Pick<ScimError, 'status' | 'scimType' | 'attribute'>,
  { isAddress, isLogin, isPaused }: Circumstances,
): string {
  const { status, scimType, attribute } = refusal;
  const keys = [
    ...(isLogin ? [`${status} login`, `${status} directory`] : []),
    ...(isPaused ? [`${status} paused`] : []),
    ...(isAddress ? [`${status} address`] : []),
    `${status} ${scimType ?? ''} ${attribute ?? ''}`,
    `${status} ${scimType ?? ''}`,
    String(status),
    status >= 500 ? '500' : '400',
  ];
  return keys.map((key) => ADVICE[key]).find((advice) => advice !== undefined) as string;
}
