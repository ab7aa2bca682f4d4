import type { JsonObject, JsonValue } from '#kernel';
import type { Person } from '../company.js';
import type { IdpGroup } from '../idp-client.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const LEGACY_GROUP = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export const ENTRA_HEADERS: Readonly<Record<string, string>> = {
  accept: 'application/scim+json',
  'content-type': 'application/scim+json; charset=utf-8',
};

/** One step of a PATCH as Entra spells it without the `aadOptscim062020` flag. */
export interface EntraOperation {
  readonly op: 'Add' | 'Replace' | 'Remove';
  readonly path: string;
  readonly value: JsonValue;
}

export function newUser(person: Person): JsonObject {
  return {
    schemas: [USER, ENTERPRISE_USER],
    externalId: person.externalId,
    userName: person.userName,
    active: true,
    displayName: fullName(person),
    emails: [{ primary: true, type: 'work', value: person.email }],
    meta: { resourceType: 'User' },
    name: { formatted: fullName(person), familyName: person.familyName, givenName: person.givenName },
    roles: [],
    title: person.title,
    [ENTERPRISE_USER]: { department: person.department },
  };
}

export function newGroup(group: IdpGroup): JsonObject {
  return {
    schemas: [GROUP, LEGACY_GROUP],
    externalId: group.externalId,
    displayName: group.name,
    meta: { resourceType: 'Group' },
  };
}

export function patch(...operations: readonly EntraOperation[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations.map((operation) => ({ ...operation })) };
}

export function replace(path: string, value: JsonValue): EntraOperation {
  return { op: 'Replace', path, value };
}

/** `active` travels as a string with a capital letter. */
export function replaceActive(active: boolean): EntraOperation {
  return replace('active', active ? 'True' : 'False');
}

export function replaceName(person: Person): EntraOperation[] {
  return [
    replace('displayName', fullName(person)),
    replace('name.givenName', person.givenName),
    replace('name.familyName', person.familyName),
    replace('name.formatted', fullName(person)),
  ];
}

/** Members that go are named in the value, not in a filter; only those may go. */
export function memberOperation(op: 'Add' | 'Remove', ids: readonly string[]): EntraOperation {
  return { op, path: 'members', value: ids.map((id) => ({ $ref: null, value: id })) };
}

function fullName(person: Person): string {
  return `${person.givenName} ${person.familyName}`;
}
