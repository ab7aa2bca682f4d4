import type { JsonObject } from '#kernel';
import type { Person } from '../company.js';
import { firstResource } from '../first-resource.js';
import type { IdpClient, IdpGroup, PersonName } from '../idp-client.js';
import { RemoteIds } from '../remote-ids.js';
import { IdpRequestError, type ScimTransport } from '../scim-transport.js';
import type { OktaMember, OktaWire } from './okta-wire.js';

/** Okta's provisioning: look up before create, read and PUT to update, PATCH for `active` and for groups. */
export class OktaClient implements IdpClient {
  readonly #transport: ScimTransport;
  readonly #wire: OktaWire;
  readonly #ids = new RemoteIds();

  constructor(transport: ScimTransport, wire: OktaWire) {
    this.#transport = transport;
    this.#wire = wire;
  }

  get style(): OktaWire['style'] {
    return this.#wire.style;
  }

  async testConnection(): Promise<void> {
    await this.#transport.call({ method: 'GET', path: '/Users?startIndex=1&count=2' });
    await this.#transport.call({ method: 'GET', path: '/Groups?startIndex=1&count=100' });
  }

  async hire(person: Person): Promise<string> {
    const existing = await this.#find('/Users', 'userName', person.userName);
    if (existing) {
      const id = this.#ids.linkUser(person.externalId, existing);
      await this.#put(id, {
        ...existing,
        ...this.#wire.profile(person),
        externalId: person.externalId,
        active: true,
      });
      return id;
    }
    const body = this.#wire.newUser(person);
    return this.#ids.linkUser(
      person.externalId,
      await this.#transport.call({ method: 'POST', path: '/Users', body }),
    );
  }

  async rename(person: Person, name: PersonName): Promise<Person> {
    return this.#update(person, { ...person, ...name });
  }

  async changeEmail(person: Person, email: string): Promise<Person> {
    return this.#update(person, { ...person, email, userName: email });
  }

  async deactivate(person: Person): Promise<void> {
    await this.#setActive(await this.#userId(person), false);
  }

  async reactivate(person: Person): Promise<void> {
    const existing = await this.#find('/Users', 'userName', person.userName);
    if (!existing)
      throw new Error(`Okta cannot reactivate ${person.userName}: the server does not know them.`);
    await this.#setActive(this.#ids.linkUser(person.externalId, existing), true);
  }

  async offboard(person: Person): Promise<void> {
    await this.deactivate(person);
  }

  async createGroup(group: IdpGroup, members: readonly Person[] = []): Promise<string> {
    const existing = await this.#find('/Groups', 'displayName', group.name);
    if (existing) {
      const id = this.#ids.linkGroup(group.externalId, existing);
      if (members.length > 0) await this.addMembers(group, members);
      return id;
    }
    const body = this.#wire.newGroup(group.name, await this.#members(members));
    return this.#ids.linkGroup(
      group.externalId,
      await this.#transport.call({ method: 'POST', path: '/Groups', body }),
    );
  }

  async addMembers(group: IdpGroup, members: readonly Person[]): Promise<void> {
    await this.#pushMembers(group, this.#wire.addMembers(await this.#members(members)));
  }

  async removeMembers(group: IdpGroup, members: readonly Person[]): Promise<void> {
    await this.#pushMembers(group, this.#wire.removeMembers(await this.#members(members)));
  }

  async renameGroup(group: IdpGroup, name: string): Promise<IdpGroup> {
    const id = await this.#groupId(group);
    await this.#patchGroup(id, this.#wire.renameGroup(id, name));
    return { ...group, name };
  }

  async deleteGroup(group: IdpGroup): Promise<void> {
    const id = await this.#groupId(group);
    await this.#transport.call({ method: 'DELETE', path: `/Groups/${encodeURIComponent(id)}` });
    this.#ids.forgetGroup(group.externalId);
  }

  /** Okta lays its profile over what the server returned and sends everything back, read-only attributes included. */
  async #update(person: Person, next: Person): Promise<Person> {
    const id = await this.#userId(person);
    const current = await this.#transport.call({ method: 'GET', path: `/Users/${encodeURIComponent(id)}` });
    await this.#put(id, { ...current, ...this.#wire.profile(next) });
    return next;
  }

  async #put(id: string, body: JsonObject): Promise<void> {
    await this.#transport.call({ method: 'PUT', path: `/Users/${encodeURIComponent(id)}`, body });
  }

  async #setActive(id: string, active: boolean): Promise<void> {
    const path = `/Users/${encodeURIComponent(id)}`;
    await this.#transport.call({ method: 'PATCH', path, body: this.#wire.setActive(id, active) });
  }

  /** A membership push is preceded by the name, whether it has changed or not. */
  async #pushMembers(group: IdpGroup, body: JsonObject): Promise<void> {
    const id = await this.#groupId(group);
    await this.#patchGroup(id, this.#wire.renameGroup(id, group.name));
    await this.#patchGroup(id, body);
  }

  async #patchGroup(id: string, body: JsonObject): Promise<void> {
    await this.#transport.call({ method: 'PATCH', path: `/Groups/${encodeURIComponent(id)}`, body });
  }

  async #members(people: readonly Person[]): Promise<OktaMember[]> {
    return Promise.all(
      people.map(async (person) => ({ value: await this.#userId(person), display: person.userName })),
    );
  }

  async #userId(person: Person): Promise<string> {
    const known = this.#ids.user(person.externalId);
    if (known !== undefined) return known;
    const existing = await this.#find('/Users', 'userName', person.userName);
    if (!existing)
      throw new Error(`Okta has no link to ${person.userName}, and the server does not know them.`);
    return this.#ids.linkUser(person.externalId, existing);
  }

  async #groupId(group: IdpGroup): Promise<string> {
    const known = this.#ids.group(group.externalId);
    if (known !== undefined) return known;
    const existing = await this.#find('/Groups', 'displayName', group.name);
    if (!existing)
      throw new Error(`Okta has no link to the group ${group.name}, and the server does not know it.`);
    return this.#ids.linkGroup(group.externalId, existing);
  }

  /** Okta takes a 404 for "nobody", too. */
  async #find(collection: string, attribute: string, value: string): Promise<JsonObject | undefined> {
    const filter = encodeURIComponent(`${attribute} eq ${JSON.stringify(value)}`);
    const path = `${collection}?filter=${filter}&startIndex=1&count=100`;
    try {
      return firstResource(await this.#transport.call({ method: 'GET', path }));
    } catch (error) {
      if (error instanceof IdpRequestError && error.status === 404) return undefined;
      throw error;
    }
  }
}
