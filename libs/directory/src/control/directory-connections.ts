import type { DataSource, EntityManager } from 'typeorm';
import { readHead } from '#events';
import type { Clock, Queryable } from '#kernel';
import { activatedDirectoryWire, eventDirectoryWire, type Directory, type DirectoryState } from '#model';
import { DirectoryEntity } from '../entities/index.js';
import { asQueryable, ControlLog, type ControlOptions } from './control-log.js';
import { loadDirectory } from './directory-store.js';
import { loadDomains } from './domain-set.js';

/** Why a source cannot be read, for the admin. */
export interface ConnectionFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Throws when the caller may no longer write; called inside the transaction, after the log's lock. */
export type ConnectionFence = (tx: Queryable) => Promise<void>;

/**
 * The state of the connections to polled sources. Each change is told once: an event of the environment for credentials
 * that fail and work again, `dsync.activated` in the directory's own log for the first time that it was read.
 */
export class DirectoryConnections {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  /** The source has refused the credentials. */
  async failed(
    key: { readonly environmentId: string; readonly directoryId: string },
    failure: ConnectionFailure,
    fence: ConnectionFence,
  ): Promise<void> {
    const { environmentId, directoryId } = key;
    await this.#log.write({ environmentId }, async (manager) => {
      await fence(asQueryable(manager));
      const directory = await loadDirectory(manager, environmentId, directoryId);
      const { organizationId } = directory;
      if (directory.state === 'invalid_credentials') return { result: undefined, organizationId, events: [] };
      const data = {
        ...connectionWire(await this.#setState(manager, directory, 'invalid_credentials')),
        error: { ...failure },
      };
      return {
        result: undefined,
        organizationId,
        events: [{ type: 'directory.connection_failed', data }],
      };
    });
  }

  /** The source was read with its credentials. */
  async succeeded(
    key: { readonly environmentId: string; readonly directoryId: string },
    fence: ConnectionFence,
  ): Promise<void> {
    const directory = await loadDirectory(this.#dataSource.manager, key.environmentId, key.directoryId);
    if (directory.state === 'invalid_credentials') await this.#recover(directory, fence);
    if (directory.state !== 'linked') await this.#activate(directory, fence);
  }

  /** To `validating` where it never was linked: its activation is then told by the next step, and by nobody else. */
  async #recover({ environmentId, id }: Directory, fence: ConnectionFence): Promise<void> {
    await this.#log.write({ environmentId }, async (manager) => {
      const tx = asQueryable(manager);
      await fence(tx);
      const current = await loadDirectory(manager, environmentId, id);
      const { organizationId } = current;
      if (current.state !== 'invalid_credentials') return { result: undefined, organizationId, events: [] };
      const isNew = (await readHead(tx, { environmentId, streamId: id })) === 0;
      const data = connectionWire(await this.#setState(manager, current, isNew ? 'validating' : 'linked'));
      return {
        result: undefined,
        organizationId,
        events: [{ type: 'directory.connection_recovered', data }],
      };
    });
  }

  async #activate({ environmentId, id }: Directory, fence: ConnectionFence): Promise<void> {
    await this.#log.write({ environmentId, directoryId: id }, async (manager) => {
      await fence(asQueryable(manager));
      const current = await loadDirectory(manager, environmentId, id);
      const { organizationId } = current;
      if (current.state !== 'validating' && current.state !== 'unlinked')
        return { result: undefined, organizationId, events: [] };
      const linked = await this.#setState(manager, current, 'linked');
      const domains = await loadDomains(manager, environmentId, [organizationId]);
      const data = activatedDirectoryWire(linked, domains);
      return { result: undefined, organizationId, events: [{ type: 'dsync.activated', data }] };
    });
  }

  async #setState(manager: EntityManager, directory: Directory, state: DirectoryState): Promise<Directory> {
    const { environmentId, id } = directory;
    const updatedAt = this.#clock.now().toISOString();
    await manager.update(DirectoryEntity, { environmentId, id }, { state, updatedAt });
    return { ...directory, state, updatedAt };
  }
}

/** A polled directory as events of its connection show it. */
export function connectionWire(directory: Directory): ReturnType<typeof eventDirectoryWire> {
  return { ...eventDirectoryWire(directory), provider: directory.provider };
}
