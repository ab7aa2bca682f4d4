import { randomUUID } from 'node:crypto';
import type { JsonObject } from '#kernel';
import type { Person } from '../company.js';
import type { OktaWire } from './okta-wire.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Okta's SCIM 2.0: PATCH without path for attributes, filter paths for members that go. */
export const oktaWire20: OktaWire = {
  style: 'okta',
  headers: {
    'user-agent': 'Okta SCIM Client 1.0.0',
    accept: 'application/scim+json',
    'accept-charset': 'utf-8',
    'content-type': 'application/scim+json; charset=utf-8',
  },
  profile,
  newUser: (person) => ({
    ...profile(person),
    locale: 'en-US',
    externalId: person.externalId,
    groups: [],
    password: randomUUID(),
    active: true,
  }),
  setActive: (_id, active) => patch({ op: 'replace', value: { active } }),
  newGroup: (name, members) => ({ schemas: [GROUP], displayName: name, members: [...members] }),
  renameGroup: (id, name) => patch({ op: 'replace', value: { id, displayName: name } }),
  addMembers: (members) => patch({ op: 'add', path: 'members', value: [...members] }),
  removeMembers: (members) =>
    patch(...members.map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` }))),
};

function profile(person: Person): JsonObject {
  return {
    schemas: [USER, ENTERPRISE_USER],
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName },
    emails: [{ primary: true, value: person.email, type: 'work' }],
    displayName: `${person.givenName} ${person.familyName}`,
    title: person.title,
    [ENTERPRISE_USER]: { department: person.department },
  };
}

function patch(...operations: JsonObject[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations };
}
