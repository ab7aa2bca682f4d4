import type { JsonObject } from '#kernel';
import type { UserInput } from '#model';
import { foldResource } from '../protocol/filter/fold-resource.js';
import { CLEARED } from '../protocol/tolerance.js';
import { readCustomAttributes } from './custom-attributes.js';
import { readEmails } from './emails.js';
import { objectOf, stringOf, textOf, without } from './values.js';

/** Ours, derived, or secret: never part of what the source asserted. */
const NOT_RAW: ReadonlySet<string> = new Set(['id', 'meta', 'groups', 'password']);

/**
 * What a canonical User resource says about a person, in the words of the model. Where it leaves `active` cleared,
 * the account stays what it is.
 */
export function toUserInput(resource: JsonObject, current?: Pick<UserInput, 'active'>): UserInput {
  const raw = without(resource, NOT_RAW);
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

/** `externalId` exactly as sent: IdPs compare it letter by letter. Empty text is no id. */
export function externalIdOf(resource: JsonObject): string | null {
  const value = resource['externalId'];
  return typeof value === 'string' && value !== '' ? value : null;
}

function fullName(first: string | null, last: string | null): string | null {
  const parts = [first, last].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}
