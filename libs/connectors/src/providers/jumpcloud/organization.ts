import { isJsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../sdk/source-error.js';

/**
 * The one organization that is read. An admin of a Multi-Tenant Portal reaches many with the same key; people of another
 * one must never replace those of this one, and none at all must not look like an empty directory.
 */
export class Organization {
  #id: string | null;
  readonly #isGiven: boolean;

  /** Null: whichever the credential leads to, as long as it is one. */
  constructor(id: string | null) {
    this.#id = id;
    this.#isGiven = id !== null;
  }

  /** Every system user names its organization. @throws SourceError when it is another one */
  expectOwn(users: readonly JsonValue[]): void {
    for (const user of users) {
      const named = isJsonObject(user) ? user['organization'] : null;
      if (typeof named !== 'string' || named === '') continue;
      this.#id ??= named.toLowerCase();
      if (named.toLowerCase() !== this.#id) throw this.#isGiven ? foreign() : several();
    }
  }

  /** Of a listing without anybody. @throws SourceError unless the credential leads to this organization and no other */
  expectListed(organizations: readonly JsonValue[]): void {
    const ids = organizations.flatMap((item) => idOf(item) ?? []);
    if (this.#id !== null && !ids.includes(this.#id)) throw foreign();
    if (this.#id === null && organizations.length !== 1) throw several();
  }
}

function idOf(organization: JsonValue): string | undefined {
  const id = isJsonObject(organization) ? organization['_id'] : undefined;
  return typeof id === 'string' ? id.toLowerCase() : undefined;
}

function foreign(): SourceError {
  return new SourceError(
    'not_found_tenant',
    'JumpCloud did not answer for the organization ID of the settings. Check it under Settings › Organization Profile, and that the credential may read that organization.',
  );
}

function several(): SourceError {
  return new SourceError(
    'not_found_tenant',
    'The credential does not lead to exactly one JumpCloud organization. Enter the organization ID of the one to read.',
  );
}
