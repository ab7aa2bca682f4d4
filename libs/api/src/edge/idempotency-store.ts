import { createHash } from 'node:crypto';
import type { Database, SecretBox } from '#kernel';
import type { ApiKeyIdentity } from '#directory';

/** One use of an idempotency key: who, which request, which body. */
export interface KeyUse {
  readonly caller: ApiKeyIdentity;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: Uint8Array | string;
}

/** `claimed`: do the work. `done`: it was done, here is the answer. `busy`: another request is at it. */
export type Claim =
  | { readonly kind: 'claimed'; readonly since: string }
  | { readonly kind: 'done'; readonly body: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'different' };

interface KeyRow {
  readonly same: boolean;
  readonly status: number | null;
  readonly body: string | null;
}

/** Remembers the first answer given under an idempotency key for 24 hours. */
export class IdempotencyStore {
  readonly #database: Database;
  readonly #box: SecretBox;

  constructor(database: Database, box: SecretBox) {
    this.#database = database;
    this.#box = box;
  }

  async claim(use: KeyUse): Promise<Claim> {
    const values = [...slot(use), sha256(use.body)];
    const claimed = await this.#database.query<{ since: string }>({ text: CLAIM, values });
    if (claimed[0]) return { kind: 'claimed', since: claimed[0].since };
    const rows = await this.#database.query<KeyRow>({ text: READ, values });
    const row = rows[0];
    // No row: the request that held the key has failed in this moment and gave it back.
    if (!row) return { kind: 'busy' };
    if (!row.same) return { kind: 'different' };
    if (row.status === null) return { kind: 'busy' };
    return { kind: 'done', body: this.#box.open(row.body as string, slot(use)) };
  }

  /** Keeps the answer. It may hold a secret that is shown once (a new API key), so it is sealed. */
  async complete(
    use: KeyUse,
    since: string,
    answer: { readonly status: number; readonly body: string },
  ): Promise<void> {
    const sealed = this.#box.seal(answer.body, slot(use));
    await this.#database.query({ text: COMPLETE, values: [...slot(use), since, answer.status, sealed] });
  }

  /** Gives the key back after a failure: nothing was changed, a repetition may work. */
  async release(use: KeyUse, since: string): Promise<void> {
    await this.#database.query({ text: RELEASE, values: [...slot(use), since] });
  }

  /** Forgets keys older than 24 hours, of all environments. Call it now and then. */
  async removeExpired(): Promise<void> {
    await this.#database.query({ text: REMOVE_EXPIRED });
  }
}

/** Table key of a use. Method, path and key are hashed together because keys are free text of any length. */
function slot(use: KeyUse): [string, string, string] {
  const key = sha256(JSON.stringify([use.method, use.path, use.key])).toString('base64url');
  return [use.caller.environmentId, use.caller.apiKeyId, key];
}

function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

const SLOT = 'environment_id = $1 AND api_key_id = $2 AND key = $3';

// A claim without an answer after a minute belongs to a process that died.
const CLAIM = `
INSERT INTO idempotency_keys AS k (environment_id, api_key_id, key, request_hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, api_key_id, key) DO UPDATE
SET request_hash = EXCLUDED.request_hash, status = NULL, body = NULL, created_at = now()
WHERE k.created_at < now() - interval '24 hours'
  OR (k.status IS NULL AND k.created_at < now() - interval '1 minute')
RETURNING created_at::text AS since`;

const READ = `SELECT request_hash = $4 AS same, status, body FROM idempotency_keys WHERE ${SLOT}`;

const COMPLETE = `
UPDATE idempotency_keys SET status = $5, body = $6 WHERE ${SLOT} AND created_at = $4::timestamptz`;

const RELEASE = `DELETE FROM idempotency_keys WHERE ${SLOT} AND created_at = $4::timestamptz`;

const REMOVE_EXPIRED = `DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'`;
