import { daysLeft, type DirectoryToken, type OAuthClient } from '#directory';
import type { JsonObject } from '#kernel';

/** A SCIM token as REST shows it, without its secret. */
export function tokenWire(directoryId: string, token: DirectoryToken, now: Date): JsonObject {
  return {
    object: 'directory_token',
    ...credentialWire(directoryId, token, now),
    replaced_by: token.replacedBy,
  };
}

/** An OAuth client as REST shows it, without its secret. */
export function clientWire(directoryId: string, client: OAuthClient, now: Date): JsonObject {
  return {
    object: 'oauth_client',
    ...credentialWire(directoryId, client, now),
    client_id: client.id,
  };
}

function credentialWire(directoryId: string, credential: OAuthClient, now: Date): JsonObject {
  const { expiresAt } = credential;
  return {
    id: credential.id,
    directory_id: directoryId,
    name: credential.name,
    token_suffix: credential.suffix,
    created_at: credential.createdAt,
    expires_at: expiresAt,
    expires_in_days: daysLeft(expiresAt, now),
    expired: expiresAt !== null && Date.parse(expiresAt) <= now.getTime(),
    last_used_at: credential.lastUsedAt,
  };
}
