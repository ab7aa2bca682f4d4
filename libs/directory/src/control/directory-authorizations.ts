import type { DataSource } from 'typeorm';
import type { Clock, JsonObject, Queryable } from '#kernel';
import { ApiKeyEntity, DirectoryEntity } from '../entities/index.js';
import { asQueryable, ControlLog, type ControlOptions } from './control-log.js';
import { connectionWire } from './directory-connections.js';
import { lockDirectory, withKeys } from './directory-store.js';

interface Key {
  readonly environmentId: string;
  readonly directoryId: string;
}

/** Who asked for an admin's consent, and until when it can be given (ISO 8601). */
export interface ConsentRequested {
  readonly apiKeyId: string;
  readonly expiresAt: string;
}

/** That consent to a polled source is asked for and given: each is an event of the environment. */
export class DirectoryAuthorizations {
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  /** @param alongside runs in the same transaction, after the directory was locked. @throws NotFoundError */
  async requested(
    { environmentId, directoryId }: Key,
    alongside: (tx: Queryable) => Promise<ConsentRequested>,
  ): Promise<void> {
    await this.#log.write({ environmentId }, async (manager) => {
      const directory = await lockDirectory(manager, environmentId, directoryId);
      const { apiKeyId, expiresAt } = await alongside(asQueryable(manager));
      const by = (await manager.findOneBy(ApiKeyEntity, { environmentId, id: apiKeyId }))?.name;
      const data = {
        ...connectionWire(directory),
        requested_by: by ?? 'an API key',
        expires_at: expiresAt,
      };
      return {
        result: undefined,
        organizationId: directory.organizationId,
        events: [{ type: 'directory.authorization_requested', data }],
      };
    });
  }

  /**
   * An admin has consented; the first run may begin.
   * @param change `config`: keys of the configuration to replace; `alongside` stores what was granted, in the same
   *   transaction, after the directory was locked. @throws NotFoundError when it was deleted meanwhile
   */
  async authorized(
    { environmentId, directoryId }: Key,
    change: { readonly config: JsonObject; readonly alongside: (tx: Queryable) => Promise<void> },
  ): Promise<void> {
    await this.#log.write({ environmentId }, async (manager) => {
      const directory = await lockDirectory(manager, environmentId, directoryId);
      await change.alongside(asQueryable(manager));
      const values = {
        state: directory.state === 'unlinked' ? ('validating' as const) : directory.state,
        config: withKeys(directory.config, change.config),
        updatedAt: this.#clock.now().toISOString(),
      };
      await manager.update(DirectoryEntity, { environmentId, id: directoryId }, values);
      return {
        result: undefined,
        organizationId: directory.organizationId,
        events: [{ type: 'directory.authorized', data: connectionWire({ ...directory, ...values }) }],
      };
    });
  }
}
