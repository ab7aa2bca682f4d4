import type { EntityManager } from 'typeorm';
import { hashSecret, newId, randomSecret, type JsonObject } from '#kernel';
import type { Directory, NewEvent } from '#model';
import { DirectoryTokenEntity } from '../entities/index.js';
import { checkExpiry, checkName } from './checks.js';

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

/** Makes and stores a token; the caller holds the lock of the directory's stream. */
export async function insertToken(
  manager: EntityManager,
  directory: Directory,
  input: { readonly name?: string; readonly expiresAt?: string | null; readonly now: Date },
): Promise<{ readonly token: CreatedDirectoryToken; readonly event: NewEvent }> {
  const secret = randomSecret();
  const token = {
    id: newId('directory_token'),
    name: checkName(input.name ?? 'SCIM token'),
    suffix: secret.slice(-4),
    createdAt: input.now.toISOString(),
    expiresAt: checkExpiry(input.expiresAt, input.now),
  };
  await manager.insert(DirectoryTokenEntity, {
    ...token,
    environmentId: directory.environmentId,
    directoryId: directory.id,
    secretHash: hashSecret(secret),
  });
  return {
    token: { ...token, secret },
    event: { type: 'dsync.token.created', data: tokenWire(directory, token) },
  };
}

/** A token as events carry it: never with its secret. */
export function tokenWire(
  directory: Directory,
  token: Pick<CreatedDirectoryToken, 'id' | 'suffix' | 'createdAt'>,
): JsonObject {
  return {
    object: 'directory_token',
    id: token.id,
    directory_id: directory.id,
    organization_id: directory.organizationId,
    token_suffix: token.suffix,
    created_at: token.createdAt,
  };
}
