import type { JsonObject } from '#kernel';
import type { UserInput } from '#model';
import { foldResource } from '../protocol/filter/fold-resource.js';
import { CLEARED } from '../protocol/tolerance.js';
import { readCustomAttributes } from './custom-attributes.js';
import { readEmails } from './emails.js';
import { objectOf, stringOf, textOf, without } from './values.js';

/** Ours, derived, or secret: never part of what the source asserted. */
const NOT_RAW: ReadonlySet<string> = new Set(['id', 'meta', 'groups', 'password']);
const NOT_RAW_NOR_ACTIVE: ReadonlySet<string> = new Set([...NOT_RAW, 'active']);

/** What is known of the person before a change. */
type Known = Pick<UserInput, 'active' | 'raw'>;

/**
 * What a canonical User resource says about a person, in the words of the model. Where it leaves `active` cleared,
 * the account stays what it is.
 */
export function toUserInput(resource: JsonObject, current?: Known): UserInput {
  const raw = without(resource, repeatsActive(resource, current) ? NOT_RAW_NOR_ACTIVE : NOT_RAW);
  const userName = stringOf(resource['userName']);
  const name = objectOf(resource, 'name');
  const firstName = textOf(name?.['givenName']);
  const lastName = textOf(name?.['familyName']);
  const { email, emails } = readEmails(resource, userName);
  return {
    externalId: externalIdOf(resource),
    userName,
    email,
    emails,
    firstName,
    lastName,
    name: textOf(resource['displayName']) ?? textOf(name?.['formatted']) ?? fullName(firstName, lastName),
    jobTitle: textOf(resource['title']),
    active: resource['active'] === CLEARED ? (current?.active ?? true) : resource['active'] !== false,
    stateReason: null,
    raw,
    customAttributes: readCustomAttributes(resource, emails),
    folded: foldResource('User', raw),
  };
}

/**
 * Whoever was created without `active` is shown with `true`. IdPs write back what they have read, and that is no
 * change: without this line, it would be an event and a new version.
 */
function repeatsActive(resource: JsonObject, current: Known | undefined): boolean {
  return resource['active'] === true && current?.active === true && !Object.hasOwn(current.raw, 'active');
}

/** `externalId` exactly as sent: IdPs compare it letter by letter. Empty text is no id. */
export function externalIdOf(resource: JsonObject): string | null {
  const value = resource['externalId'];
  return typeof value === 'string' && value !== '' ? value : null;
}

function fullName(first: string | null, last: string | null): string | null {
  const parts = [first, last].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}
