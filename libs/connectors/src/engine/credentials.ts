import { resealEach, type Database, type Queryable, type SecretBox } from '#kernel';
import type { FormField } from '../sdk/manifest.js';
import { sealContext, type DirectoryKey } from './connection-settings.js';
import { digestOf, resealEntered, takeReplacement } from './entered-secrets.js';

/** That a secret is stored, and since when; never the secret. */
export interface StoredCredential {
  readonly field: string;
  readonly updatedAt: string;
}

/** Secrets in clear, by their field of the form. */
export type Secrets = Readonly<Record<string, string>>;

interface SealedRow {
  readonly environment_id: string;
  readonly directory_id: string;
  readonly field: string;
  readonly sealed: string;
}

/** Secrets of polled sources: sealed field by field, written and opened, never shown. */
export class Credentials {
  readonly #database: Database;
  readonly #secretBox: SecretBox;

  constructor(parts: { readonly database: Database; readonly secretBox: SecretBox }) {
    this.#database = parts.database;
    this.#secretBox = parts.secretBox;
  }

  /** Stores or replaces what was entered, others stay. Of one that rotates, what has replaced it by now. */
  async write(
    tx: Queryable,
    key: DirectoryKey,
    { secrets, form }: { readonly secrets: Secrets; readonly form: readonly FormField[] },
  ): Promise<void> {
    const rotating = form.filter((field) => field.rotates === true).map((field) => field.key);
    const known = rotating.length === 0 ? new Map() : await this.origins(tx, key);
    const rows: { field: string; sealed: string; entered: string | null }[] = [];
    for (const [field, entered] of Object.entries(secrets)) {
      const origin = rotating.includes(field) ? digestOf(entered) : null;
      // What was entered before is used up by now; what came of it is stored.
      if (origin !== null && known.get(field) === origin) continue;
      const { environmentId } = key;
      const newer =
        origin === null ? null : await takeReplacement(tx, this.#secretBox, { environmentId, entered });
      const sealed = this.#secretBox.seal(newer ?? entered, sealContext(key, field));
      rows.push({ field, sealed, entered: origin });
    }
    if (rows.length === 0) return;
    await tx.query({
      text: `INSERT INTO directory_credentials (environment_id, directory_id, field, sealed, entered, updated_at)
        SELECT $1, $2, s.field, s.sealed, s.entered, now()
        FROM unnest($3::text[], $4::text[], $5::text[]) AS s (field, sealed, entered)
        ON CONFLICT (environment_id, directory_id, field)
          DO UPDATE SET sealed = excluded.sealed, entered = excluded.entered, updated_at = excluded.updated_at`,
      values: [
        key.environmentId,
        key.directoryId,
        rows.map((row) => row.field),
        rows.map((row) => row.sealed),
        rows.map((row) => row.entered),
      ],
    });
  }

  /** What rotating secrets came from: field → digest of what was entered. */
  async origins(database: Queryable, key: DirectoryKey): Promise<ReadonlyMap<string, string>> {
    const rows = await database.query<{ field: string; entered: string }>({
      text: `SELECT field, entered FROM directory_credentials
        WHERE environment_id = $1 AND directory_id = $2 AND entered IS NOT NULL FOR UPDATE`,
      values: [key.environmentId, key.directoryId],
    });
    return new Map(rows.map((row) => [row.field, row.entered]));
  }

  async list(key: DirectoryKey): Promise<StoredCredential[]> {
    const rows = await this.#database.query<{ field: string; updated_at: string }>({
      text: `SELECT field, updated_at FROM directory_credentials
        WHERE environment_id = $1 AND directory_id = $2 ORDER BY field`,
      values: [key.environmentId, key.directoryId],
    });
    return rows.map((row) => ({ field: row.field, updatedAt: row.updated_at }));
  }

  /** The secrets in clear, for a check that is made with settings not yet stored. */
  async open(key: DirectoryKey): Promise<Record<string, string>> {
    const rows = await this.#database.query<SealedRow>({
      text: `SELECT environment_id, directory_id, field, sealed FROM directory_credentials
        WHERE environment_id = $1 AND directory_id = $2`,
      values: [key.environmentId, key.directoryId],
    });
    return Object.fromEntries(
      rows.map(({ field, sealed }) => [field, this.#secretBox.open(sealed, sealContext(key, field))]),
    );
  }

  /**
   * Seals again, with the first key, what an older one has sealed; whoever replaces a secret meanwhile wins. Call it until
   * it returns 0: then the older keys can be taken out of ROLLCALL_SECRET_KEYS.
   */
  async reseal(limit: number): Promise<number> {
    const rows = await this.#database.query<SealedRow>({
      text: `SELECT environment_id, directory_id, field, sealed FROM directory_credentials
        WHERE split_part(sealed, '.', 1) <> $1 AND split_part(sealed, '.', 1) = ANY($2) LIMIT $3`,
      values: [this.#secretBox.currentKeyId, this.#secretBox.keyIds, limit],
    });
    const entered = await resealEntered(this.#database, this.#secretBox, limit);
    return entered + (await resealEach(rows, (row) => this.#reseal(row)));
  }

  async #reseal(row: SealedRow): Promise<void> {
    const key = { environmentId: row.environment_id, directoryId: row.directory_id };
    const context = sealContext(key, row.field);
    const sealed = this.#secretBox.seal(this.#secretBox.open(row.sealed, context), context);
    await this.#database.query({
      text: `UPDATE directory_credentials SET sealed = $5
        WHERE environment_id = $1 AND directory_id = $2 AND field = $3 AND sealed = $4`,
      values: [row.environment_id, row.directory_id, row.field, row.sealed, sealed],
    });
  }

  /** Ids of keys that are needed and not configured. */
  async missingKeys(): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>({
      text: `SELECT DISTINCT split_part(sealed, '.', 1) AS id
        FROM (SELECT sealed FROM directory_credentials UNION ALL SELECT sealed FROM entered_secrets) s
        WHERE split_part(sealed, '.', 1) <> ALL($1) ORDER BY 1`,
      values: [this.#secretBox.keyIds],
    });
    return rows.map((row) => row.id);
  }
}
