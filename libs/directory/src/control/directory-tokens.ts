import { IsNull, type DataSource } from 'typeorm';
import { ConflictError, type Clock } from '#kernel';
import type { Directory } from '#model';
import { DirectoryTokenEntity } from '../entities/index.js';
import { isExpired, isStorable, notFound } from './checks.js';
import { ControlLog, type ControlOptions } from './control-log.js';
import { loadDirectory } from './directory-store.js';
import { insertToken, tokenWire, type CreatedDirectoryToken } from './issue-token.js';

/** A token as lists show it. Times are ISO 8601 in UTC with milliseconds. */
export interface DirectoryToken extends Omit<CreatedDirectoryToken, 'secret'> {
  readonly lastUsedAt: string | null;
}

const LIVE_LIMIT = 3;

/** Bearer tokens with which an IdP writes to a directory. Only the SHA-256 of a token is stored. */
export class DirectoryTokens {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  /** @throws ConflictError reason `state` when the directory has as many live tokens as it may. */
  create(
    environmentId: string,
    directoryId: string,
    input: { readonly name?: string; readonly expiresAt?: string | null } = {},
  ): Promise<CreatedDirectoryToken> {
    return this.#log.write({ environmentId, directoryId }, async (manager) => {
      const now = this.#clock.now();
      const directory = await loadDirectory(manager, environmentId, directoryId);
      refusePolled(directory);
      const unrevoked = { environmentId, directoryId, revokedAt: IsNull() };
      const known = await manager.findBy(DirectoryTokenEntity, unrevoked);
      refuseMore(known.filter((token) => !isExpired(token.expiresAt, now)).length);
      const { token, event } = await insertToken(manager, directory, { ...input, now });
      return { result: token, organizationId: directory.organizationId, events: [event] };
    });
  }

  /** The tokens that were not revoked, oldest first; among them expired ones. */
  async list(environmentId: string, directoryId: string): Promise<DirectoryToken[]> {
    await loadDirectory(this.#dataSource.manager, environmentId, directoryId);
    const found = await this.#dataSource.manager.find(DirectoryTokenEntity, {
      where: { environmentId, directoryId, revokedAt: IsNull() },
      order: { id: 'ASC' },
    });
    return found.map(({ id, name, suffix, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      name,
      suffix,
      createdAt,
      expiresAt,
      lastUsedAt,
    }));
  }

  async revoke(environmentId: string, directoryId: string, tokenId: string): Promise<void> {
    await this.#log.write({ environmentId, directoryId }, async (manager) => {
      const directory = await loadDirectory(manager, environmentId, directoryId);
      const key = { environmentId, directoryId, id: tokenId };
      const token = isStorable(tokenId)
        ? await manager.findOneBy(DirectoryTokenEntity, { ...key, revokedAt: IsNull() })
        : null;
      if (!token) throw notFound('Directory token', tokenId);
      await manager.update(DirectoryTokenEntity, key, { revokedAt: this.#clock.now().toISOString() });
      return {
        result: undefined,
        organizationId: directory.organizationId,
        events: [{ type: 'dsync.token.revoked', data: tokenWire(directory, token) }],
      };
    });
  }
}

function refusePolled(directory: Directory): void {
  if (directory.dialect !== null) return;
  throw new ConflictError(
    'This directory is read from its source and takes no SCIM requests, so it has no tokens.',
    {
      reason: 'state',
    },
  );
}

function refuseMore(live: number): void {
  if (live < LIVE_LIMIT) return;
  throw new ConflictError(
    `A directory has at most ${LIVE_LIMIT} live tokens. Revoke one that is no longer used, then create the new one.`,
    { reason: 'state' },
  );
}
