import type { EntityManager } from 'typeorm';
import { hashSecret, newId, randomSecret, type JsonObject } from '#kernel';
import type { CredentialKind, Directory, NewEvent } from '#model';
import { DirectoryTokenEntity } from '../entities/index.js';
import { checkExpiry, checkName } from './checks.js';
import { noticeFor } from './expiry-stages.js';

/** A token at its creation, the only moment at which its secret can be seen. */
export interface CreatedDirectoryToken {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
  /** Last characters of the secret. */
  readonly suffix: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

interface NewCredential {
  readonly kind: CredentialKind;
  readonly name?: string;
  readonly expiresAt?: string | null;
  readonly now: Date;
}

const KINDS = {
  bearer: {
    prefix: 'directory_token',
    name: 'SCIM token',
    created: 'dsync.token.created',
    revoked: 'dsync.token.revoked',
  },
  oauth_client: {
    prefix: 'oauth_client',
    name: 'OAuth client',
    created: 'directory.oauth_client_created',
    revoked: 'directory.oauth_client_revoked',
  },
} as const;

/** Makes and stores a credential; the caller holds the lock of the directory's stream. */
export async function insertToken(
  manager: EntityManager,
  directory: Directory,
  input: NewCredential,
): Promise<{ readonly token: CreatedDirectoryToken; readonly event: NewEvent }> {
  const { kind, now } = input;
  const secret = randomSecret();
  const expiresAt = checkExpiry(input.expiresAt, now);
  const token = {
    id: newId(KINDS[kind].prefix),
    name: checkName(input.name ?? KINDS[kind].name),
    suffix: secret.slice(-4),
    createdAt: now.toISOString(),
    expiresAt,
  };
  await manager.insert(DirectoryTokenEntity, {
    ...token,
    kind,
    environmentId: directory.environmentId,
    directoryId: directory.id,
    secretHash: hashSecret(secret),
    expiryNotice: noticeFor(expiresAt, now),
  });
  return {
    token: { ...token, secret },
    event: { type: KINDS[kind].created, data: tokenWire(directory, { ...token, kind }) },
  };
}

/** What is told when a credential is revoked. */
export function revocationOf(directory: Directory, token: DirectoryTokenEntity): NewEvent {
  return { type: KINDS[token.kind].revoked, data: tokenWire(directory, token) };
}

/** A credential as events carry it: never with its secret. */
function tokenWire(
  directory: Directory,
  token: Pick<DirectoryTokenEntity, 'id' | 'suffix' | 'createdAt' | 'kind'>,
): JsonObject {
  return {
    object: KINDS[token.kind].prefix,
    id: token.id,
    directory_id: directory.id,
    organization_id: directory.organizationId,
    token_suffix: token.suffix,
    created_at: token.createdAt,
  };
}
