import { IsNull, type DataSource } from 'typeorm';
import { AuthenticationError, hashSecret, type Clock } from '#kernel';
import type { Directory } from '#model';
import { DirectoryEntity, DirectoryTokenEntity } from '../entities/index.js';
import { isExpired, isStorable, notFound } from './checks.js';
import type { ControlOptions } from './control-log.js';
import { CredentialCache } from './credential-cache.js';
import { Directories } from './directories.js';
import { toDirectory } from './directory-store.js';
import { UsageRecorder } from './usage-recorder.js';

/** A directory, and the token that a request to it came with. */
export interface AuthenticatedDirectory extends Directory {
  readonly tokenId: string;
}

interface Session {
  readonly directory: AuthenticatedDirectory;
  readonly expiresAt: string | null;
}

/** Keys in addresses are 16 characters; whatever is much longer is none, and not worth remembering. */
const KEY_LENGTH = 64;

/** Decides for each SCIM request which directory it may write to. */
export class DirectoryAccess {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #directories: Directories;
  readonly #cache: CredentialCache<Session>;
  readonly #usage: UsageRecorder;
  readonly #connecting = new Map<string, Promise<Directory>>();

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#directories = new Directories(dataSource, clock, options);
    this.#cache = new CredentialCache(clock);
    this.#usage = new UsageRecorder(clock);
  }

  /**
   * A removal, revocation or change of the directory takes effect here within 3 s.
   * @throws NotFoundError for the key of no directory or a deleted one.
   * @throws AuthenticationError for a token that is not this directory's, expired or revoked.
   */
  async authenticate(externalKey: string, token: string): Promise<AuthenticatedDirectory> {
    if (externalKey.length > KEY_LENGTH || !isStorable(externalKey)) throw unknownKey(externalKey);
    const secretHash = hashSecret(token);
    const session = await this.#cache.fetch(`${secretHash.toString('base64')}:${externalKey}`, () =>
      this.#load(externalKey, token === '' ? undefined : secretHash),
    );
    if (isExpired(session.expiresAt, this.#clock.now())) throw refusedToken();
    this.#recordUse(session);
    return session.directory;
  }

  /** Costs nothing for a directory that is linked; of concurrent calls one does the work. */
  async markConnected(directory: Directory): Promise<Directory> {
    if (directory.state !== 'unlinked') return directory;
    const running = this.#connecting.get(directory.id);
    if (running) return running;
    const work = this.#connect(directory);
    this.#connecting.set(directory.id, work);
    try {
      return await work;
    } finally {
      this.#connecting.delete(directory.id);
    }
  }

  async #connect(directory: Directory): Promise<Directory> {
    const connected = await this.#directories.markConnected(directory);
    this.#cache.forget((key) => key.endsWith(`:${directory.externalKey}`));
    return connected;
  }

  async #load(externalKey: string, secretHash: Buffer | undefined): Promise<Session> {
    const { manager } = this.#dataSource;
    const found = await manager.findOneBy(DirectoryEntity, { externalKey, deletedAt: IsNull() });
    if (!found) throw unknownKey(externalKey);
    const { environmentId, id: directoryId } = found;
    const token =
      secretHash &&
      (await manager.findOneBy(DirectoryTokenEntity, {
        environmentId,
        directoryId,
        secretHash,
        revokedAt: IsNull(),
      }));
    if (!token) throw refusedToken();
    const directory = { ...toDirectory(found), tokenId: token.id };
    return { directory, expiresAt: token.expiresAt };
  }

  #recordUse({ directory }: Session): void {
    const { tokenId } = directory;
    const key = { environmentId: directory.environmentId, directoryId: directory.id, id: tokenId };
    this.#usage.record(tokenId, (lastUsedAt) =>
      this.#dataSource.manager.update(DirectoryTokenEntity, key, { lastUsedAt }),
    );
  }
}

function unknownKey(externalKey: string): Error {
  return notFound('Directory', externalKey.slice(0, KEY_LENGTH));
}

function refusedToken(): AuthenticationError {
  return new AuthenticationError(
    'The bearer token is not valid for this directory: it is missing, unknown, expired or revoked.',
  );
}
