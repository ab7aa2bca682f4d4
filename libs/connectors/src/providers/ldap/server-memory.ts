import type { JsonObject, JsonValue } from '#kernel';
import { SourceError } from '../../sdk/source-error.js';
import { cursorObject } from './changes/tracker.js';
import type { LdapSession } from './client.js';

/** More are not told apart; a directory in so many parts is read from each of its servers. */
const MOST_REFERENCES = 100;

/**
 * What is remembered from run to run of what a server is, so that a change of it is not taken for a change of who is
 * there. It lies in the cursors of the streams; saving the settings again forgets it.
 */
export class ServerMemory {
  readonly #session: LdapSession;
  /** Null: nothing is remembered. */
  readonly #before: JsonObject | null;
  readonly #references = new Set<string>();

  /** @throws SourceError when entries would be known by another id than before: everybody would leave and come anew */
  constructor(session: LdapSession, cursor: JsonValue | undefined) {
    this.#session = session;
    const before = cursorObject(cursor);
    this.#before = Object.keys(before).length > 0 ? before : null;
    const { id_attribute: last } = before;
    if (typeof last !== 'string' || last === this.#id) return;
    throw new SourceError(
      'source_changed_shape',
      `The server looks like another kind of server than the last time (${this.#session.dialect.kind}): people would be known by "${this.#id}" instead of "${last}", and all of them would leave and come anew. ` +
        'Let the account read the root DSE, or choose the kind of server in the settings. The last state stays.',
    );
  }

  /** Told the addresses of other servers to which a listing refers. */
  see(urls: readonly string[]): void {
    // Active Directory refers to its other naming contexts in every search; what is in them was never listed.
    if (this.#session.dialect.kind === 'active_directory') return;
    for (const url of urls) if (this.#references.size < MOST_REFERENCES) this.#references.add(url);
  }

  /** Why a listing proves no absence: a part of it has gone to another server since the last time. Null when none has. */
  get newReference(): string | null {
    const before = this.#before?.['references'];
    if (!Array.isArray(before) || before.length >= MOST_REFERENCES) return null;
    const url = [...this.#references].find((reference) => !before.includes(reference));
    return url === undefined
      ? null
      : `The server refers to another one (${url.slice(0, 200)}) for a part of what it listed itself the last time; nobody counts as missing. Enter that server in a directory of its own; then, to go on without that part here, save the settings again.`;
  }

  /** The cursor of a whole listing, with what is to be remembered. */
  into(cursor: JsonObject): JsonObject {
    return { ...cursor, id_attribute: this.#id, references: [...this.#references].sort() };
  }

  /** The cursor of changes: what was remembered stays. */
  kept(cursor: JsonObject): JsonObject {
    const { references } = this.#before ?? {};
    return { ...cursor, id_attribute: this.#id, ...(references === undefined ? {} : { references }) };
  }

  get #id(): string {
    return this.#session.dialect.names.id[0] ?? '';
  }
}
