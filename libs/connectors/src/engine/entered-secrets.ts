import { hashSecret, resealEach, type Database, type Queryable, type SecretBox } from '#kernel';
import type { RotatingSecrets } from '../sdk/rotating-secrets.js';
import type { SealingParts } from './stored-secrets.js';

/** How long what replaced an entered secret waits to be stored in a directory. */
const KEPT = `interval '7 days'`;

/** Names what somebody has entered, without telling it. */
export function digestOf(entered: string): string {
  return hashSecret(entered).toString('hex');
}

/**
 * Rotating secrets that somebody has entered and that belong to no directory yet, during a connection test. What replaced
 * them is kept, or the directory would be connected with one that the test has used up.
 */
export class EnteredSecrets implements RotatingSecrets {
  readonly #parts: SealingParts;
  readonly #environmentId: string;
  readonly #entered: ReadonlyMap<string, string>;

  /** @param entered field → what was entered */
  constructor(parts: SealingParts, environmentId: string, entered: ReadonlyMap<string, string>) {
    this.#parts = parts;
    this.#environmentId = environmentId;
    this.#entered = entered;
  }

  async current(field: string): Promise<string | null> {
    const [row] = await this.#parts.database.query<{ sealed: string }>({
      text: 'SELECT sealed FROM entered_secrets WHERE environment_id = $1 AND digest = $2',
      values: [this.#environmentId, this.#digest(field)],
    });
    return row === undefined ? null : this.#open(row.sealed, field);
  }

  replace(field: string, { from, to }: { readonly from: string; readonly to: string }): Promise<boolean> {
    const digest = this.#digest(field);
    const values = [this.#environmentId, digest];
    const sealed = this.#parts.secretBox.seal(to, contextOf(this.#environmentId, digest));
    return this.#parts.database.transaction(async (tx) => {
      await tx.query({ text: `DELETE FROM entered_secrets WHERE updated_at < now() - ${KEPT}`, values: [] });
      const [row] = await tx.query<{ sealed: string }>({
        text: 'SELECT sealed FROM entered_secrets WHERE environment_id = $1 AND digest = $2 FOR UPDATE',
        values,
      });
      if ((row === undefined ? this.#entered.get(field) : this.#open(row.sealed, field)) !== from)
        return false;
      const written = await tx.query({
        text:
          row === undefined
            ? `INSERT INTO entered_secrets (environment_id, digest, sealed) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING RETURNING digest`
            : `UPDATE entered_secrets SET sealed = $3, updated_at = now()
                WHERE environment_id = $1 AND digest = $2 RETURNING digest`,
        values: [...values, sealed],
      });
      return written.length > 0;
    });
  }

  #open(sealed: string, field: string): string {
    return this.#parts.secretBox.open(sealed, contextOf(this.#environmentId, this.#digest(field)));
  }

  #digest(field: string): string {
    return digestOf(this.#entered.get(field) ?? '');
  }
}

/** What has replaced an entered secret during connection tests; from now on it is the caller's. Null: it was not used. */
export async function takeReplacement(
  tx: Queryable,
  secretBox: SecretBox,
  { environmentId, entered }: { readonly environmentId: string; readonly entered: string },
): Promise<string | null> {
  const digest = digestOf(entered);
  const [row] = await tx.query<{ sealed: string }>({
    text: 'DELETE FROM entered_secrets WHERE environment_id = $1 AND digest = $2 RETURNING sealed',
    values: [environmentId, digest],
  });
  return row === undefined ? null : secretBox.open(row.sealed, contextOf(environmentId, digest));
}

/** Seals again, with the first key, what an older one has sealed. @returns how many; call it until there are none. */
export async function resealEntered(
  database: Database,
  secretBox: SecretBox,
  limit: number,
): Promise<number> {
  const rows = await database.query<{ environment_id: string; digest: string; sealed: string }>({
    text: `SELECT environment_id, digest, sealed FROM entered_secrets
      WHERE split_part(sealed, '.', 1) <> $1 AND split_part(sealed, '.', 1) = ANY($2) LIMIT $3`,
    values: [secretBox.currentKeyId, secretBox.keyIds, limit],
  });
  return resealEach(rows, async (row) => {
    const context = contextOf(row.environment_id, row.digest);
    await database.query({
      text: `UPDATE entered_secrets SET sealed = $4 WHERE environment_id = $1 AND digest = $2 AND sealed = $3`,
      values: [
        row.environment_id,
        row.digest,
        row.sealed,
        secretBox.seal(secretBox.open(row.sealed, context), context),
      ],
    });
  });
}

function contextOf(environmentId: string, digest: string): [string, string, string] {
  return [environmentId, 'entered', digest];
}
