import { randomUUID } from 'node:crypto';
import type { JsonObject } from '#kernel';
import type { Person } from '../company.js';
import type { OktaWire } from './okta-wire.js';

const CORE = 'urn:scim:schemas:core:1.0';
const ENTERPRISE = 'urn:scim:schemas:extension:enterprise:1.0';

/** Okta's SCIM 1.1: a PATCH is a partial resource, members that go carry `"operation": "delete"`. */
export const oktaWire11: OktaWire = {
  style: 'okta-1-1',
  headers: {
    'user-agent': 'Okta SCIM Client 1.0.0',
    accept: 'application/json',
    'accept-charset': 'utf-8',
    'content-type': 'application/json; charset=utf-8',
  },
  profile,
  newUser: (person) => ({
    ...profile(person),
    externalId: person.externalId,
    password: randomUUID(),
    active: true,
  }),
  setActive: (id, active) => ({ schemas: [CORE], id, active }),
  newGroup: (name, members) => ({ schemas: [CORE], displayName: name, members: [...members] }),
  renameGroup: (id, name) => ({ schemas: [CORE], id, displayName: name }),
  addMembers: (members) => ({ schemas: [CORE], members: [...members] }),
  removeMembers: (members) => ({
    schemas: [CORE],
    members: members.map((member) => ({ ...member, operation: 'delete' })),
  }),
};

function profile(person: Person): JsonObject {
  return {
    schemas: [CORE, ENTERPRISE],
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName },
    emails: [{ primary: true, value: person.email, type: 'work' }],
    displayName: `${person.givenName} ${person.familyName}`,
    title: person.title,
    [ENTERPRISE]: { department: person.department },
  };
}
