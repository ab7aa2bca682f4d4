import { IsNull, type DataSource, type Repository } from 'typeorm';
import { AuthenticationError, ConflictError, hashSecret, newId, randomSecret, type Clock } from '#kernel';
import { ApiKeyEntity } from '../entities/index.js';
import { API_SCOPES, type ApiScope } from './api-scopes.js';
import { badField, checkExpiry, checkName, isExpired, isStorable, notFound } from './checks.js';
import { CredentialCache } from './credential-cache.js';
import { UsageRecorder } from './usage-recorder.js';

/** Who calls the API. */
export interface ApiKeyIdentity {
  readonly environmentId: string;
  readonly apiKeyId: string;
  readonly scopes: readonly ApiScope[];
}

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | null;
  /** Text of the key when it comes from outside (the bootstrap key); otherwise one is made. */
  readonly secret?: string;
}

/** An API key as lists show it. Times are ISO 8601 in UTC with milliseconds. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

/** An API key at its creation, the only moment at which its text can be seen. */
export interface CreatedApiKey extends Pick<ApiKey, 'id' | 'name' | 'scopes' | 'createdAt'> {
  readonly key: string;
}

interface Session extends ApiKeyIdentity {
  readonly expiresAt: string | null;
}

/** The credentials of API callers. Only the SHA-256 of a key is stored. */
export class ApiKeys {
  readonly #keys: Repository<ApiKeyEntity>;
  readonly #clock: Clock;
  readonly #cache: CredentialCache<Session>;
  readonly #usage: UsageRecorder;

  constructor(dataSource: DataSource, clock: Clock) {
    this.#keys = dataSource.getRepository(ApiKeyEntity);
    this.#clock = clock;
    this.#cache = new CredentialCache(clock);
    this.#usage = new UsageRecorder(clock);
  }

  /** Creating a key again from the same given secret answers with the one that exists. */
  async create(environmentId: string, input: NewApiKey): Promise<CreatedApiKey> {
    const now = this.#clock.now();
    const key = input.secret ?? `sk_${randomSecret()}`;
    if (key.trim() === '') throw badField('secret', 'The secret of an API key must not be empty.');
    const secretHash = hashSecret(key);
    await this.#keys
      .createQueryBuilder()
      .insert()
      .values({
        environmentId,
        id: newId('api_key'),
        name: checkName(input.name),
        secretHash,
        scopes: checkScopes(input.scopes),
        createdAt: now.toISOString(),
        expiresAt: checkExpiry(input.expiresAt, now),
      })
      .orIgnore()
      .execute();
    const stored = await this.#keys.findOneByOrFail({ secretHash });
    if (stored.environmentId !== environmentId)
      throw new ConflictError('This API key belongs to another environment. Use another key text.');
    // The key may have been refused a moment ago, before it existed.
    this.#cache.clear();
    const { id, name, scopes, createdAt } = toApiKey(stored);
    return { id, name, key, scopes, createdAt };
  }

  /** The keys that were not revoked, oldest first. */
  async list(environmentId: string): Promise<ApiKey[]> {
    const found = await this.#keys.find({
      where: { environmentId, revokedAt: IsNull() },
      order: { id: 'ASC' },
    });
    return found.map(toApiKey);
  }

  async revoke(environmentId: string, id: string): Promise<void> {
    if (!isStorable(id)) throw notFound('API key', id);
    const revokedAt = this.#clock.now().toISOString();
    const result = await this.#keys.update({ environmentId, id, revokedAt: IsNull() }, { revokedAt });
    if (result.affected === 0) throw notFound('API key', id);
    this.#cache.clear();
  }

  /** @throws AuthenticationError for a key that is unknown, expired or revoked (other processes: 3 s later). */
  async authenticate(key: string): Promise<ApiKeyIdentity> {
    const secretHash = hashSecret(key);
    const session = await this.#cache.fetch(secretHash.toString('base64'), () => this.#load(key, secretHash));
    if (isExpired(session.expiresAt, this.#clock.now())) throw refusedKey();
    const { environmentId, apiKeyId, scopes } = session;
    this.#usage.record(apiKeyId, (lastUsedAt) =>
      this.#keys.update({ environmentId, id: apiKeyId }, { lastUsedAt }),
    );
    return { environmentId, apiKeyId, scopes };
  }

  async #load(key: string, secretHash: Buffer): Promise<Session> {
    const found = key === '' ? null : await this.#keys.findOneBy({ secretHash, revokedAt: IsNull() });
    if (!found) throw refusedKey();
    const { environmentId, id: apiKeyId, expiresAt } = found;
    return { environmentId, apiKeyId, expiresAt, scopes: found.scopes as ApiScope[] };
  }
}

function checkScopes(scopes: readonly string[]): ApiScope[] {
  const unknown = scopes.find((scope) => !API_SCOPES.includes(scope as ApiScope));
  if (unknown !== undefined)
    throw badField('scopes', `"${unknown}" is no scope. The scopes are ${API_SCOPES.join(', ')}.`);
  return [...new Set(scopes)] as ApiScope[];
}

function refusedKey(): AuthenticationError {
  return new AuthenticationError('The API key is not valid: it is unknown, expired or revoked.');
}

function toApiKey(entity: ApiKeyEntity): ApiKey {
  const { id, name, createdAt, expiresAt, lastUsedAt } = entity;
  return { id, name, scopes: entity.scopes as ApiScope[], createdAt, expiresAt, lastUsedAt };
}
