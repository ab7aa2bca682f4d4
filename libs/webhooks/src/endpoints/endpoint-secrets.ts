import { resealEach, type Database, type SealContext, type SecretBox } from '#kernel';
import { headersContext, secretContext } from './endpoint-row.js';

interface SealedRow {
  readonly environment_id: string;
  readonly endpoint_id: string;
  readonly id: string;
  readonly sealed: string;
}

const OLDER = `split_part(sealed, '.', 1) <> $1 AND split_part(sealed, '.', 1) = ANY($2) LIMIT $3`;

/** Signing secrets and custom headers of all environments, when the keys change that they are sealed with. */
export class EndpointSecrets {
  readonly #database: Database;
  readonly #secretBox: SecretBox;

  constructor(database: Database, secretBox: SecretBox) {
    this.#database = database;
    this.#secretBox = secretBox;
  }

  /**
   * Seals again, with the first key, what an older one has sealed; whoever replaces a value meanwhile wins. Call it until
   * it returns 0: then nothing of webhooks needs the older keys any more.
   */
  async reseal(limit: number): Promise<number> {
    const secrets = await this.#older(
      `SELECT environment_id, endpoint_id, id, sealed FROM webhook_secrets WHERE ${OLDER}`,
      limit,
    );
    const headers = await this.#older(
      `SELECT * FROM (SELECT environment_id, id AS endpoint_id, '' AS id, custom_headers AS sealed FROM webhook_endpoints) w
        WHERE ${OLDER}`,
      limit,
    );
    return resealEach([...secrets, ...headers], (row) =>
      row.id === '' ? this.#headers(row) : this.#secret(row),
    );
  }

  /** Ids of keys that are needed and not configured. */
  async missingKeys(): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>({
      text: `SELECT DISTINCT split_part(sealed, '.', 1) AS id
        FROM (SELECT sealed FROM webhook_secrets WHERE expires_at IS NULL OR expires_at > now()
          UNION ALL SELECT custom_headers FROM webhook_endpoints WHERE custom_headers IS NOT NULL) s
        WHERE split_part(sealed, '.', 1) <> ALL($1) ORDER BY 1`,
      values: [this.#secretBox.keyIds],
    });
    return rows.map((row) => row.id);
  }

  #older(text: string, limit: number): Promise<SealedRow[]> {
    return this.#database.query<SealedRow & Record<string, unknown>>({
      text,
      values: [this.#secretBox.currentKeyId, this.#secretBox.keyIds, limit],
    });
  }

  async #secret(row: SealedRow): Promise<void> {
    const { environment_id: environmentId, endpoint_id: endpointId, id, sealed } = row;
    await this.#database.query({
      text: `UPDATE webhook_secrets SET sealed = $5
        WHERE environment_id = $1 AND endpoint_id = $2 AND id = $3 AND sealed = $4`,
      values: [
        environmentId,
        endpointId,
        id,
        sealed,
        this.#again(sealed, secretContext(environmentId, endpointId, id)),
      ],
    });
  }

  async #headers(row: SealedRow): Promise<void> {
    const { environment_id: environmentId, endpoint_id: endpointId, sealed } = row;
    await this.#database.query({
      text: `UPDATE webhook_endpoints SET custom_headers = $4
        WHERE environment_id = $1 AND id = $2 AND custom_headers = $3`,
      values: [
        environmentId,
        endpointId,
        sealed,
        this.#again(sealed, headersContext(environmentId, endpointId)),
      ],
    });
  }

  #again(sealed: string, context: SealContext): string {
    return this.#secretBox.seal(this.#secretBox.open(sealed, context), context);
  }
}
