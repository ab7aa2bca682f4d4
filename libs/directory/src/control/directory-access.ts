import { IsNull, type DataSource } from 'typeorm';
import { AuthenticationError, hashSecret, NotFoundError, type Clock } from '#kernel';
import type { CredentialKind, Directory } from '#model';
import { DirectoryEntity, DirectoryTokenEntity, EnvironmentEntity } from '../entities/index.js';
import { looksLikeJwt, type AccessTokens, type IssuedAccessToken } from './access-tokens.js';
import { isExpired, isStorable, notFound } from './checks.js';
import type { ControlOptions } from './control-log.js';
import { CredentialCache } from './credential-cache.js';
import { receivesScim } from './credentials.js';
import { Directories } from './directories.js';
import { toDirectory } from './directory-store.js';
import { UsageRecorder } from './usage-recorder.js';

/** A directory as its IdP gets to it. */
export interface AccessedDirectory extends Directory {
  /** SCIM requests per second of all directories of its environment together; null is no limit. */
  readonly environmentScimRateLimit: number | null;
  /** The credential that the request came with. */
  readonly tokenId: string;
}

/** What `DirectoryAccess` needs besides a database and a clock. */
export interface AccessOptions extends ControlOptions {
  /** Issues and verifies the tokens of OAuth clients; without it none are accepted. */
  readonly accessTokens?: AccessTokens;
}

interface Session {
  readonly directory: AccessedDirectory;
  readonly credentialId: string;
  readonly expiresAt: string | null;
}

/** Keys in addresses are 16 characters; whatever is much longer is none, and not worth remembering. */
const KEY_LENGTH = 64;

/** Decides for each SCIM request which directory it may write to. */
export class DirectoryAccess {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #directories: Directories;
  readonly #accessTokens: AccessTokens | undefined;
  readonly #cache: CredentialCache<Session>;
  readonly #usage: UsageRecorder;
  readonly #connecting = new Map<string, Promise<Directory>>();

  constructor(dataSource: DataSource, clock: Clock, options: AccessOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#directories = new Directories(dataSource, clock, options);
    this.#accessTokens = options.accessTokens;
    this.#cache = new CredentialCache(clock);
    this.#usage = new UsageRecorder(clock);
  }

  /**
   * `token` is a token of the directory, or an access token of one of its OAuth clients. A removal, revocation, pause or
   * change of the directory takes effect here within 3 s, in every process.
   * @throws NotFoundError for the key of no directory or a deleted one.
   * @throws AuthenticationError for a token that is not this directory's, expired or revoked.
   */
  async authenticate(externalKey: string, token: string): Promise<AccessedDirectory> {
    const session = await this.#session('bearer', externalKey, token);
    // Whoever may upload files may not write people.
    if (!receivesScim(session.directory)) throw unknownKey(externalKey);
    return this.#opened(session);
  }

  /**
   * The directory that files are uploaded for with this token.
   * @throws AuthenticationError for an unknown directory as well: only who has the token learns that there is something.
   */
  async authenticateUpload(externalKey: string, token: string): Promise<AccessedDirectory> {
    const session = await this.#session('bearer', externalKey, token).catch((error: unknown) => {
      throw error instanceof NotFoundError ? refusedToken() : error;
    });
    if (receivesScim(session.directory)) throw refusedToken();
    return this.#opened(session);
  }

  /** The polled directory at this address, for who proves in another way to belong to it; undefined: there is none. */
  async findPolled(externalKey: string): Promise<Directory | undefined> {
    if (externalKey.length > KEY_LENGTH || !isStorable(externalKey)) return undefined;
    const found = await this.#findDirectory(externalKey);
    return found === null || found.dialect !== null ? undefined : toDirectory(found);
  }

  #opened(session: Session): AccessedDirectory {
    if (isExpired(session.expiresAt, this.#clock.now())) throw refusedToken();
    this.#recordUse(session);
    return session.directory;
  }

  /**
   * An access token for an OAuth client.
   * @throws AuthenticationError for an unknown client and a wrong secret, and likewise for an unknown directory: only
   *   who has the secret learns that there is something at this address.
   */
  async issueAccessToken(
    externalKey: string,
    client: { readonly id: string; readonly secret: string },
  ): Promise<IssuedAccessToken> {
    const session = await this.#session('oauth_client', externalKey, client.secret).catch(asRefusedClient);
    const isKnown = session.credentialId === client.id && !isExpired(session.expiresAt, this.#clock.now());
    if (!isKnown || !this.#accessTokens) throw refusedClient();
    this.#recordUse(session);
    return this.#accessTokens.issue({
      directoryId: session.directory.id,
      clientId: client.id,
      clientExpiresAt: session.expiresAt,
    });
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

  /** Writes at most once a minute for each directory, and never in the way of a request. */
  noteDialect({ environmentId, id }: Directory, detectedDialect: string): void {
    this.#usage.record(id, () =>
      this.#dataSource.manager.update(DirectoryEntity, { environmentId, id }, { detectedDialect }),
    );
  }

  async #connect(directory: Directory): Promise<Directory> {
    const connected = await this.#directories.markConnected(directory);
    this.#cache.forget((key) => key.endsWith(`:${directory.externalKey}`));
    return connected;
  }

  async #session(kind: CredentialKind, externalKey: string, secret: string): Promise<Session> {
    if (externalKey.length > KEY_LENGTH || !isStorable(externalKey)) throw unknownKey(externalKey);
    const secretHash = hashSecret(secret);
    return this.#cache.fetch(`${kind}:${secretHash.toString('base64')}:${externalKey}`, () =>
      kind === 'bearer' && this.#accessTokens && looksLikeJwt(secret)
        ? this.#loadByAccessToken(this.#accessTokens, externalKey, secret)
        : this.#loadBySecret(kind, externalKey, secret === '' ? undefined : secretHash),
    );
  }

  /** Both are looked up whatever the other finds: an unknown address takes as long as a wrong token. */
  async #loadBySecret(
    kind: CredentialKind,
    externalKey: string,
    secretHash: Buffer | undefined,
  ): Promise<Session> {
    const { manager } = this.#dataSource;
    const [directory, credential] = await Promise.all([
      this.#findDirectory(externalKey),
      secretHash && manager.findOneBy(DirectoryTokenEntity, { secretHash, kind, revokedAt: IsNull() }),
    ]);
    return this.#open(externalKey, directory, credential);
  }

  async #loadByAccessToken(tokens: AccessTokens, externalKey: string, token: string): Promise<Session> {
    const directory = await this.#findDirectory(externalKey);
    if (!directory) throw unknownKey(externalKey);
    const { clientId, expiresAt } = await tokens.verify(token, directory.id);
    const { environmentId, id: directoryId } = directory;
    const client = await this.#dataSource.manager.findOneBy(DirectoryTokenEntity, {
      environmentId,
      directoryId,
      id: clientId,
      kind: 'oauth_client',
      revokedAt: IsNull(),
    });
    return { ...(await this.#open(externalKey, directory, client)), expiresAt };
  }

  #findDirectory(externalKey: string): Promise<DirectoryEntity | null> {
    return this.#dataSource.manager.findOneBy(DirectoryEntity, { externalKey, deletedAt: IsNull() });
  }

  async #open(
    externalKey: string,
    directory: DirectoryEntity | null,
    credential: DirectoryTokenEntity | null | undefined,
  ): Promise<Session> {
    if (!directory) throw unknownKey(externalKey);
    const { environmentId, id } = directory;
    if (credential?.environmentId !== environmentId || credential.directoryId !== id) throw refusedToken();
    const environment = await this.#dataSource.manager.findOneBy(EnvironmentEntity, { id: environmentId });
    const environmentScimRateLimit = environment?.scimRateLimit ?? null;
    return {
      directory: { ...toDirectory(directory), environmentScimRateLimit, tokenId: credential.id },
      credentialId: credential.id,
      expiresAt: credential.expiresAt,
    };
  }

  #recordUse({ directory, credentialId }: Session): void {
    const key = { environmentId: directory.environmentId, directoryId: directory.id, id: credentialId };
    this.#usage.record(credentialId, (lastUsedAt) =>
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

function asRefusedClient(error: unknown): never {
  const isRefusal = error instanceof AuthenticationError || error instanceof NotFoundError;
  throw isRefusal ? refusedClient() : error;
}

function refusedClient(): AuthenticationError {
  return new AuthenticationError(
    'The client is not known at this address: the client id or secret is wrong, expired or revoked, or the directory was deleted.',
    { code: 'invalid_client' },
  );
}
