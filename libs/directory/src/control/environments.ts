import type { DataSource, Repository } from 'typeorm';
import { createStream } from '#events';
import { newId, type Clock } from '#kernel';
import { EnvironmentEntity } from '../entities/index.js';
import { ApiKeys, type ApiKey, type ApiKeyIdentity, type CreatedApiKey, type NewApiKey } from './api-keys.js';
import { checkName, isStorable, notFound } from './checks.js';
import { asQueryable } from './control-log.js';

/** An isolated data set with its own keys. */
export interface Environment {
  readonly id: string;
  readonly name: string;
  /** SCIM requests per second of all its directories together; null is no limit. */
  readonly scimRateLimit: number | null;
  readonly createdAt: string;
}

/** Environments and the API keys that open them. */
export class Environments {
  readonly #dataSource: DataSource;
  readonly #environments: Repository<EnvironmentEntity>;
  readonly #clock: Clock;
  readonly #apiKeys: ApiKeys;

  constructor(dataSource: DataSource, clock: Clock) {
    this.#dataSource = dataSource;
    this.#environments = dataSource.getRepository(EnvironmentEntity);
    this.#clock = clock;
    this.#apiKeys = new ApiKeys(dataSource, clock);
  }

  /** Creates an environment and its own stream. */
  create(name: string): Promise<Environment> {
    return this.ensure(newId('environment'), name);
  }

  /** Creates the environment unless it exists; then its name stays what it is. */
  async ensure(id: string, name: string): Promise<Environment> {
    const values = { id, name: checkName(name), createdAt: this.#clock.now().toISOString() };
    await this.#dataSource.transaction(async (manager) => {
      await manager.createQueryBuilder().insert().into(EnvironmentEntity).values(values).orIgnore().execute();
      await createStream(asQueryable(manager), { environmentId: id, streamId: id });
    });
    return this.get(id);
  }

  /** All of them, oldest first. */
  async list(): Promise<Environment[]> {
    const found = await this.#environments.find({ order: { createdAt: 'ASC', id: 'ASC' } });
    return found.map(toEnvironment);
  }

  async get(id: string): Promise<Environment> {
    const found = isStorable(id) ? await this.#environments.findOneBy({ id }) : null;
    if (!found) throw notFound('Environment', id);
    return toEnvironment(found);
  }

  /** Changes what is named. A new limit holds within 3 s. */
  async update(
    id: string,
    changes: { readonly name?: string; readonly scimRateLimit?: number | null },
  ): Promise<Environment> {
    const values = {
      ...(changes.name === undefined ? {} : { name: checkName(changes.name) }),
      ...(changes.scimRateLimit === undefined ? {} : { scimRateLimit: changes.scimRateLimit }),
    };
    if (Object.keys(values).length > 0 && isStorable(id)) await this.#environments.update({ id }, values);
    return this.get(id);
  }

  /** The text of the key is in the answer and nowhere else. */
  async createApiKey(environmentId: string, input: NewApiKey): Promise<CreatedApiKey> {
    await this.get(environmentId);
    return this.#apiKeys.create(environmentId, input);
  }

  async listApiKeys(environmentId: string): Promise<ApiKey[]> {
    await this.get(environmentId);
    return this.#apiKeys.list(environmentId);
  }

  revokeApiKey(environmentId: string, id: string): Promise<void> {
    return this.#apiKeys.revoke(environmentId, id);
  }

  /** @throws AuthenticationError for a key that is unknown, expired or revoked. */
  authenticate(key: string): Promise<ApiKeyIdentity> {
    return this.#apiKeys.authenticate(key);
  }
}

function toEnvironment({ id, name, scimRateLimit, createdAt }: EnvironmentEntity): Environment {
  return { id, name, scimRateLimit, createdAt };
}
