import type { DataSource } from 'typeorm';
import type { Clock } from '#kernel';
import type { ControlOptions } from './control-log.js';
import { Credentials, type CredentialInput } from './credentials.js';
import type { CreatedDirectoryToken } from './issue-token.js';

/** An OAuth client as lists show it. `suffix` is the end of its secret. */
export interface OAuthClient extends Omit<CreatedDirectoryToken, 'secret'> {
  readonly lastUsedAt: string | null;
}

/** Clients with which an IdP fetches short-lived access tokens for one directory (RFC 6749 4.4). */
export class OAuthClients {
  readonly #credentials: Credentials;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#credentials = new Credentials('oauth_client', dataSource, { clock, options });
  }

  /** @throws InvalidInputError code `too_many_credentials` when the directory has as many live ones as it may. */
  create(
    environmentId: string,
    directoryId: string,
    input: CredentialInput = {},
  ): Promise<CreatedDirectoryToken> {
    return this.#credentials.create(environmentId, directoryId, input);
  }

  /** The clients that were not revoked, oldest first; among them expired ones. */
  async list(environmentId: string, directoryId: string): Promise<OAuthClient[]> {
    const found = await this.#credentials.list(environmentId, directoryId);
    return found.map(({ id, name, suffix, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      name,
      suffix,
      createdAt,
      expiresAt,
      lastUsedAt,
    }));
  }

  /** Its access tokens end with it, within 3 s. */
  async revoke(environmentId: string, directoryId: string, clientId: string): Promise<void> {
    await this.#credentials.revoke({ environmentId, directoryId, id: clientId });
  }
}
