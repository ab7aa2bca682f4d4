import { Injectable } from '@nestjs/common';
import { Authorizations, Uploads } from '#connectors';
import { isJsonObject, type JsonObject } from '#kernel';
import type { Directory } from '#model';
import { consentRedirectUri } from '../connections/redirect-uri.js';
import { ApiSettings } from '../edge/api-settings.js';

/** How long a link to a consent page is good, seconds. */
export const LINK_SECONDS = { min: 900, max: 3_600 } as const;

/** What a customer needs to let a polled directory be read: where files are sent, or where an admin consents. */
@Injectable()
export class PolledDirectoryView {
  constructor(
    private readonly settings: ApiSettings,
    private readonly uploadBox: Uploads,
    private readonly authorizations: Authorizations,
  ) {}

  /** Null where no files are sent. */
  uploads(directory: Directory): JsonObject | null {
    const { externalKey } = directory;
    const { publicUrl, sftp } = this.settings;
    if (!this.uploadBox.takes(directory)) return null;
    return {
      endpoint: `${publicUrl}/uploads/${externalKey}`,
      sftp: sftp && {
        host: sftp.host,
        port: sftp.port,
        username: externalKey,
        host_keys: [...sftp.hostKeys],
      },
    };
  }

  /** The same with the token, at its creation only. */
  newUploads(directory: Directory, token: string): JsonObject | null {
    const uploads = this.uploads(directory);
    const sftp = uploads?.['sftp'];
    if (!uploads) return null;
    return {
      ...uploads,
      bearer_token: token,
      sftp: isJsonObject(sftp) ? { ...sftp, password: token } : null,
    };
  }

  /** Null where nobody has to consent. */
  async authorization(directory: Directory): Promise<JsonObject | null> {
    const found = await this.authorizations.status(directory);
    if (found === null) return null;
    const { status, message, linkExpiresAt, problem } = found;
    return {
      status,
      message,
      link_expires_at: linkExpiresAt,
      problem,
      redirect_uri: consentRedirectUri(this.settings.publicUrl),
    };
  }

  /** A new link to the vendor's consent page; null where nobody has to consent. */
  async firstAuthorization(directory: Directory, apiKeyId: string): Promise<JsonObject | null> {
    const found = await this.authorizations.status(directory);
    return found?.status === 'waiting_for_consent' ? this.newAuthorization(directory, { apiKeyId }) : null;
  }

  async newAuthorization(
    { environmentId, id }: Pick<Directory, 'environmentId' | 'id'>,
    { apiKeyId, seconds = LINK_SECONDS.max }: { readonly apiKeyId: string; readonly seconds?: number },
  ): Promise<JsonObject> {
    const redirectUri = consentRedirectUri(this.settings.publicUrl);
    const key = { environmentId, directoryId: id };
    const link = await this.authorizations.begin(key, { redirectUri, seconds, apiKeyId });
    return {
      object: 'directory_authorization',
      directory_id: id,
      authorization_url: link.authorizationUrl,
      redirect_uri: link.redirectUri,
      scopes: [...link.scopes],
      expires_at: link.expiresAt,
    };
  }
}
