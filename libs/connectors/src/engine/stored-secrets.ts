import type { Database, Queryable, SecretBox } from '#kernel';
import type { RotatingSecrets } from '../sdk/rotating-secrets.js';
import { sealContext, type DirectoryKey } from './connection-settings.js';
import type { Fence } from './snapshot-door.js';

export interface SealingParts {
  readonly database: Database;
  readonly secretBox: SecretBox;
}

/**
 * The rotating secrets of a directory. One is replaced only while it is what it was when it was used, so whoever enters
 * another one meanwhile wins, and nobody's newer one is lost; by a run, only while it has its lease.
 */
export class StoredSecrets implements RotatingSecrets {
  readonly #parts: SealingParts;
  readonly #key: DirectoryKey;
  readonly #fence: Fence | undefined;

  /** @param fence of the run; a connection test has none. */
  constructor(parts: SealingParts, key: DirectoryKey, fence?: Fence) {
    this.#parts = parts;
    this.#key = key;
    this.#fence = fence;
  }

  current(field: string): Promise<string | null> {
    return this.#read(this.#parts.database, field, '');
  }

  replace(field: string, { from, to }: { readonly from: string; readonly to: string }): Promise<boolean> {
    return this.#parts.database.transaction(async (tx) => {
      await this.#fence?.(tx);
      if ((await this.#read(tx, field, 'FOR UPDATE')) !== from) return false;
      await tx.query({
        text: `UPDATE directory_credentials SET sealed = $4, updated_at = now()
          WHERE environment_id = $1 AND directory_id = $2 AND field = $3`,
        values: [...this.#values(field), this.#parts.secretBox.seal(to, sealContext(this.#key, field))],
      });
      return true;
    });
  }

  async #read(database: Queryable, field: string, lock: '' | 'FOR UPDATE'): Promise<string | null> {
    const [row] = await database.query<{ sealed: string }>({
      text: `SELECT sealed FROM directory_credentials
        WHERE environment_id = $1 AND directory_id = $2 AND field = $3 ${lock}`,
      values: this.#values(field),
    });
    return row === undefined ? null : this.#parts.secretBox.open(row.sealed, sealContext(this.#key, field));
  }

  #values(field: string): [string, string, string] {
    return [this.#key.environmentId, this.#key.directoryId, field];
  }
}
