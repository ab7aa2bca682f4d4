import type { JsonObject } from '#kernel';

/** The links that an IdP keeps between its own objects and those at the server. */
export class RemoteIds {
  readonly #users = new Map<string, string>();
  readonly #groups = new Map<string, string>();

  user(externalId: string): string | undefined {
    return this.#users.get(externalId);
  }

  group(externalId: string): string | undefined {
    return this.#groups.get(externalId);
  }

  /** Keeps the `id` of the server's answer. */
  linkUser(externalId: string, resource: JsonObject): string {
    return link(this.#users, externalId, resource);
  }

  linkGroup(externalId: string, resource: JsonObject): string {
    return link(this.#groups, externalId, resource);
  }

  forgetUser(externalId: string): void {
    this.#users.delete(externalId);
  }

  forgetGroup(externalId: string): void {
    this.#groups.delete(externalId);
  }
}

function link(links: Map<string, string>, externalId: string, resource: JsonObject): string {
  const { id } = resource;
  if (typeof id !== 'string' || id === '')
    throw new Error(
      `The server's answer for ${externalId} has no "id": ${JSON.stringify(resource).slice(0, 300)}`,
    );
  links.set(externalId, id);
  return id;
}
