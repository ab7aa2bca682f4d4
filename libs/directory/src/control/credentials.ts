import { IsNull, type DataSource, type EntityManager } from 'typeorm';
import { ConflictError, InvalidInputError, type Clock } from '#kernel';
import type { CredentialKind, Directory } from '#model';
import { DirectoryTokenEntity } from '../entities/index.js';
import { isExpired, isStorable, notFound } from './checks.js';
import { ControlLog, type ControlOptions } from './control-log.js';
import { loadDirectory } from './directory-store.js';
import { insertToken, revocationOf, type CreatedDirectoryToken } from './issue-token.js';

/** Live credentials of a directory, tokens and OAuth clients together. */
export const LIVE_LIMIT = 3;

/** Name and end of a new credential; without `expiresAt` it lives until it is revoked. */
export interface CredentialInput {
  readonly name?: string;
  readonly expiresAt?: string | null;
}

/** What credentials need to know of their directories. */
export interface CredentialOptions extends ControlOptions {
  /** Whether somebody writes to the directory with a credential of ours; those that receive SCIM unless told. */
  readonly takesCredentials?: (directory: Directory) => boolean;
}

/** Which credential is meant. */
export interface CredentialKey {
  readonly environmentId: string;
  readonly directoryId: string;
  readonly id: string;
}

const NOUNS: Readonly<Record<CredentialKind, string>> = {
  bearer: 'Directory token',
  oauth_client: 'OAuth client',
};

/** What tokens and OAuth clients have in common: only the SHA-256 of a secret is stored, and few are live at once. */
export class Credentials {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;
  readonly #kind: CredentialKind;
  readonly #takes: (directory: Directory) => boolean;

  constructor(
    kind: CredentialKind,
    dataSource: DataSource,
    source: { clock: Clock; options: CredentialOptions },
  ) {
    this.#kind = kind;
    this.#dataSource = dataSource;
    this.#clock = source.clock;
    this.#log = new ControlLog(dataSource, source.options);
    this.#takes = source.options.takesCredentials ?? receivesScim;
  }

  create(environmentId: string, directoryId: string, input: CredentialInput): Promise<CreatedDirectoryToken> {
    return this.#log.write({ environmentId, directoryId }, async (manager) => {
      const now = this.#clock.now();
      const directory = await loadDirectory(manager, environmentId, directoryId);
      if (!this.#takes(directory)) throw polled();
      await refuseMore(manager, directory, now);
      const { token, event } = await insertToken(manager, directory, { ...input, kind: this.#kind, now });
      return { result: token, organizationId: directory.organizationId, events: [event] };
    });
  }

  /** Those that were not revoked, oldest first; among them expired ones. */
  async list(environmentId: string, directoryId: string): Promise<DirectoryTokenEntity[]> {
    const { manager } = this.#dataSource;
    await loadDirectory(manager, environmentId, directoryId);
    return manager.find(DirectoryTokenEntity, {
      where: { environmentId, directoryId, kind: this.#kind, revokedAt: IsNull() },
      order: { id: 'ASC' },
    });
  }

  async revoke(key: CredentialKey): Promise<void> {
    const { environmentId, directoryId } = key;
    await this.#log.write({ environmentId, directoryId }, async (manager) => {
      const directory = await loadDirectory(manager, environmentId, directoryId);
      const token = await findCredential(manager, this.#kind, key);
      await manager.update(DirectoryTokenEntity, { ...key }, { revokedAt: this.#clock.now().toISOString() });
      return {
        result: undefined,
        organizationId: directory.organizationId,
        events: [revocationOf(directory, token)],
      };
    });
  }
}

/** @throws NotFoundError for one that is unknown, revoked or of the other kind. */
export async function findCredential(
  manager: EntityManager,
  kind: CredentialKind,
  key: CredentialKey,
): Promise<DirectoryTokenEntity> {
  const found = isStorable(key.id)
    ? await manager.findOneBy(DirectoryTokenEntity, { ...key, kind, revokedAt: IsNull() })
    : null;
  if (!found) throw notFound(NOUNS[kind], key.id);
  return found;
}

/** @throws InvalidInputError code `too_many_credentials`; the caller holds the lock of the directory's stream. */
export async function refuseMore(manager: EntityManager, directory: Directory, now: Date): Promise<void> {
  const { environmentId, id: directoryId } = directory;
  const unrevoked = { environmentId, directoryId, revokedAt: IsNull() };
  const known = await manager.findBy(DirectoryTokenEntity, unrevoked);
  if (known.filter((token) => !isExpired(token.expiresAt, now)).length < LIVE_LIMIT) return;
  throw new InvalidInputError(
    `A directory has at most ${LIVE_LIMIT} live credentials, tokens and OAuth clients together. Revoke one that is no longer used, then create the new one.`,
    { code: 'too_many_credentials' },
  );
}

export function receivesScim({ dialect }: Pick<Directory, 'dialect'>): boolean {
  return dialect !== null;
}

function polled(): ConflictError {
  return new ConflictError(
    'This directory is read from its source and takes no SCIM requests, so it has no credentials of its own.',
    { reason: 'state' },
  );
}
