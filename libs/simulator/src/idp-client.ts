import type { CompanyGroup, Person } from './company.js';

/** Whose habits the simulator copies. */
export type IdpStyle = 'okta' | 'entra' | 'okta-1-1';

export type PersonName = Pick<Person, 'givenName' | 'familyName'>;
export type IdpGroup = Pick<CompanyGroup, 'externalId' | 'name'>;

/**
 * An identity provider that pushes its changes to one directory. Each verb sends exactly the requests which that IdP
 * sends, look-ups included, and throws IdpRequestError when one is refused. Verbs that change a person or a group
 * resolve to its new state; pass that one on.
 */
export interface IdpClient {
  readonly style: IdpStyle;
  /** What "Test connection" in the IdP's admin console sends. */
  testConnection(): Promise<void>;
  /** Looks the person up, then creates or links. Resolves to the id at the server. */
  hire(person: Person): Promise<string>;
  rename(person: Person, name: PersonName): Promise<Person>;
  /** New address and, as in most companies, new user name with it. */
  changeEmail(person: Person, email: string): Promise<Person>;
  deactivate(person: Person): Promise<void>;
  reactivate(person: Person): Promise<void>;
  /** The person leaves for good. Entra disables and deletes; Okta never deletes users, it only deactivates. */
  offboard(person: Person): Promise<void>;
  /** Looks the group up, then creates or links. Members must have been hired through this client or be findable. */
  createGroup(group: IdpGroup, members?: readonly Person[]): Promise<string>;
  addMembers(group: IdpGroup, members: readonly Person[]): Promise<void>;
  removeMembers(group: IdpGroup, members: readonly Person[]): Promise<void>;
  renameGroup(group: IdpGroup, name: string): Promise<IdpGroup>;
  deleteGroup(group: IdpGroup): Promise<void>;
}
