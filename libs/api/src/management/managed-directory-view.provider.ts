import { Injectable } from '@nestjs/common';
import { Directories, DirectoryTokens, OAuthClients } from '#directory';
import { systemClock, type JsonObject } from '#kernel';
import { directoryWire, type Directory } from '#model';
import { ApiSettings } from '../edge/api-settings.js';
import { clientWire, tokenWire } from './credential.wire.js';
import { PolledDirectoryView } from './polled-directory-view.provider.js';

/** A directory as its developer manages it: what REST shows, and how its IdP gets in. */
@Injectable()
export class ManagedDirectoryView {
  constructor(
    private readonly directories: Directories,
    private readonly tokens: DirectoryTokens,
    private readonly oauthClients: OAuthClients,
    private readonly settings: ApiSettings,
    /** What only polled directories have. */
    readonly polled: PolledDirectoryView,
  ) {}

  async show(directory: Directory): Promise<JsonObject> {
    const { environmentId, id, organizationId, config, pause } = directory;
    const now = systemClock.now();
    const [domains, tokens, clients, authorization] = await Promise.all([
      this.directories.firstDomains(environmentId, [organizationId]),
      this.tokens.list(environmentId, id),
      this.oauthClients.list(environmentId, id),
      this.polled.authorization(directory),
    ]);
    return {
      ...directoryWire(directory, domains.get(organizationId)),
      pause: pause && { paused_at: pause.at, paused_by: pause.by, reason: pause.reason },
      config,
      scim_rate_limit: config['scim_rate_limit'] ?? null,
      scim_rate_burst: config['scim_rate_burst'] ?? null,
      scim: directory.dialect === null ? null : this.#addresses(directory),
      uploads: this.polled.uploads(directory),
      authorization,
      tokens: tokens.map((token) => tokenWire(id, token, now)),
      oauth_clients: clients.map((client) => clientWire(id, client, now)),
    };
  }

  #addresses({ externalKey }: Directory): JsonObject {
    const { publicUrl } = this.settings;
    return {
      endpoint: `${publicUrl}/scim/v2.0/${externalKey}`,
      endpoint_1_1: `${publicUrl}/scim/v1.1/${externalKey}`,
      token_endpoint: tokenEndpointOf(publicUrl, externalKey),
    };
  }
}

/** Where the IdP of a directory fetches access tokens. */
export function tokenEndpointOf(publicUrl: string, externalKey: string): string {
  return `${publicUrl}/scim/oauth/${externalKey}/token`;
}
