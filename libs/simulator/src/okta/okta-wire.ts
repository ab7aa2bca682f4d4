import type { JsonObject } from '#kernel';
import type { Person } from '../company.js';

/** One element of `members`. */
export type OktaMember = { value: string; display: string };

/** What differs between Okta's two SCIM versions; the order of its requests does not. */
export interface OktaWire {
  readonly style: 'okta' | 'okta-1-1';
  readonly headers: Readonly<Record<string, string>>;
  /** What Okta manages of a person; a PUT lays it over what the server returned. */
  profile(person: Person): JsonObject;
  newUser(person: Person): JsonObject;
  setActive(id: string, active: boolean): JsonObject;
  newGroup(name: string, members: readonly OktaMember[]): JsonObject;
  renameGroup(id: string, name: string): JsonObject;
  addMembers(members: readonly OktaMember[]): JsonObject;
  removeMembers(members: readonly OktaMember[]): JsonObject;
}
