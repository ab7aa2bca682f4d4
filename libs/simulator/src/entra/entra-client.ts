import { randomUUID } from 'node:crypto';
import type { JsonObject } from '#kernel';
import type { Person } from '../company.js';
import { firstResource } from '../first-resource.js';
import type { IdpClient, IdpGroup, PersonName } from '../idp-client.js';
import { RemoteIds } from '../remote-ids.js';
import { IdpRequestError, type ScimTransport } from '../scim-transport.js';
import {
  memberOperation,
  newGroup,
  newUser,
  patch,
  replace,
  replaceActive,
  replaceName,
  type EntraOperation,
} from './entra-bodies.js';

const MEMBERS_PER_REQUEST = 20;

/** Entra ID's provisioning: match before create, PATCH with several operations for everything else. */
export class EntraClient implements IdpClient {
  readonly style = 'entra';
  readonly #transport: ScimTransport;
  readonly #ids = new RemoteIds();

  constructor(transport: ScimTransport) {
    this.#transport = transport;
  }

  async testConnection(): Promise<void> {
    await this.#findUser(randomUUID());
  }

  async hire(person: Person): Promise<string> {
    const existing = await this.#findUser(person.userName);
    if (existing) {
      const id = this.#ids.linkUser(person.externalId, existing);
      const link = replace('externalId', person.externalId);
      await this.#patchUser(id, replaceActive(true), link, ...replaceName(person));
      return id;
    }
    return this.#ids.linkUser(
      person.externalId,
      await this.#transport.call({ method: 'POST', path: '/Users', body: newUser(person) }),
    );
  }

  async rename(person: Person, name: PersonName): Promise<Person> {
    const next = { ...person, ...name };
    await this.#update(person, replaceName(next));
    return next;
  }

  async changeEmail(person: Person, email: string): Promise<Person> {
    await this.#update(person, [replace('emails[type eq "work"].value', email), replace('userName', email)]);
    return { ...person, email, userName: email };
  }

  async deactivate(person: Person): Promise<void> {
    await this.#update(person, [replaceActive(false)]);
  }

  async reactivate(person: Person): Promise<void> {
    const existing = await this.#findUser(person.userName);
    if (!existing)
      throw new Error(`Entra cannot re-enable ${person.userName}: the server does not know them.`);
    await this.#patchUser(this.#ids.linkUser(person.externalId, existing), replaceActive(true));
  }

  async offboard(person: Person): Promise<void> {
    await this.deactivate(person);
    await this.#delete(`/Users/${encodeURIComponent(await this.#userId(person))}`);
    this.#ids.forgetUser(person.externalId);
  }

  async createGroup(group: IdpGroup, members: readonly Person[] = []): Promise<string> {
    const resource =
      (await this.#findGroup(group.name)) ??
      (await this.#transport.call({ method: 'POST', path: '/Groups', body: newGroup(group) }));
    const id = this.#ids.linkGroup(group.externalId, resource);
    await this.addMembers(group, members);
    return id;
  }

  async addMembers(group: IdpGroup, members: readonly Person[]): Promise<void> {
    await this.#changeMembers(group, 'Add', members);
  }

  async removeMembers(group: IdpGroup, members: readonly Person[]): Promise<void> {
    await this.#changeMembers(group, 'Remove', members);
  }

  async renameGroup(group: IdpGroup, name: string): Promise<IdpGroup> {
    await this.#patchGroup(await this.#groupId(group), replace('displayName', name));
    return { ...group, name };
  }

  async deleteGroup(group: IdpGroup): Promise<void> {
    await this.#delete(`/Groups/${encodeURIComponent(await this.#groupId(group))}`);
    this.#ids.forgetGroup(group.externalId);
  }

  /** Entra reads the person before it sends the differences. */
  async #update(person: Person, operations: readonly EntraOperation[]): Promise<void> {
    const id = await this.#userId(person);
    await this.#transport.call({ method: 'GET', path: `/Users/${encodeURIComponent(id)}` });
    await this.#patchUser(id, ...operations);
  }

  async #changeMembers(group: IdpGroup, op: 'Add' | 'Remove', members: readonly Person[]): Promise<void> {
    const groupId = await this.#groupId(group);
    const ids = await Promise.all(members.map(async (person) => this.#userId(person)));
    for (let start = 0; start < ids.length; start += MEMBERS_PER_REQUEST)
      await this.#patchGroup(groupId, memberOperation(op, ids.slice(start, start + MEMBERS_PER_REQUEST)));
  }

  async #patchUser(id: string, ...operations: readonly EntraOperation[]): Promise<void> {
    const path = `/Users/${encodeURIComponent(id)}`;
    await this.#transport.call({ method: 'PATCH', path, body: patch(...operations) });
  }

  async #patchGroup(id: string, operation: EntraOperation): Promise<void> {
    const path = `/Groups/${encodeURIComponent(id)}`;
    await this.#transport.call({ method: 'PATCH', path, body: patch(operation) });
  }

  /** Gone already is as good as gone now. */
  async #delete(path: string): Promise<void> {
    try {
      await this.#transport.call({ method: 'DELETE', path });
    } catch (error) {
      if (!(error instanceof IdpRequestError && error.status === 404)) throw error;
    }
  }

  async #userId(person: Person): Promise<string> {
    const known = this.#ids.user(person.externalId);
    if (known !== undefined) return known;
    const existing = await this.#findUser(person.userName);
    if (!existing)
      throw new Error(`Entra has no link to ${person.userName}, and the server does not know them.`);
    return this.#ids.linkUser(person.externalId, existing);
  }

  async #groupId(group: IdpGroup): Promise<string> {
    const known = this.#ids.group(group.externalId);
    if (known !== undefined) return known;
    const existing = await this.#findGroup(group.name);
    if (!existing)
      throw new Error(`Entra has no link to the group ${group.name}, and the server does not know it.`);
    return this.#ids.linkGroup(group.externalId, existing);
  }

  async #findUser(userName: string): Promise<JsonObject | undefined> {
    return this.#find('/Users', { filter: `userName eq ${JSON.stringify(userName)}` });
  }

  async #findGroup(name: string): Promise<JsonObject | undefined> {
    return this.#find('/Groups', {
      excludedAttributes: 'members',
      filter: `displayName eq ${JSON.stringify(name)}`,
    });
  }

  /** Blanks as `+`, quotes as `%22`. */
  async #find(collection: string, query: Record<string, string>): Promise<JsonObject | undefined> {
    const path = `${collection}?${new URLSearchParams(query).toString()}`;
    return firstResource(await this.#transport.call({ method: 'GET', path }));
  }
}
