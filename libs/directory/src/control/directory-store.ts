import { IsNull, type EntityManager } from 'typeorm';
import type { JsonObject } from '#kernel';
import type { Directory } from '#model';
import { DirectoryEntity } from '../entities/index.js';
import { isStorable, notFound } from './checks.js';

/** @throws NotFoundError for a directory that is unknown or deleted. */
export async function loadDirectory(
  manager: EntityManager,
  environmentId: string,
  id: string,
): Promise<Directory> {
  const found = isStorable(id)
    ? await manager.findOneBy(DirectoryEntity, { environmentId, id, deletedAt: IsNull() })
    : null;
  if (!found) throw notFound('Directory', id);
  return toDirectory(found);
}

/** The same, and nobody else changes its row until the transaction ends. SCIM writes do not wait for it. */
export async function lockDirectory(
  manager: EntityManager,
  environmentId: string,
  id: string,
): Promise<Directory> {
  const found = isStorable(id)
    ? await manager.findOne(DirectoryEntity, {
        where: { environmentId, id, deletedAt: IsNull() },
        lock: { mode: 'for_no_key_update' },
      })
    : null;
  if (!found) throw notFound('Directory', id);
  return toDirectory(found);
}

/** The configuration with some keys replaced; null removes one. */
export function withKeys(config: JsonObject, named: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...config, ...named }).filter(([name]) => named[name] !== null));
}

export function toDirectory(entity: DirectoryEntity): Directory {
  const { id, environmentId, organizationId, name, type, dialect, provider } = entity;
  const { externalKey, state, pausedAt, pausedBy, pauseReason, createdAt, updatedAt } = entity;
  return {
    id,
    environmentId,
    organizationId,
    name,
    type,
    dialect,
    provider,
    externalKey,
    state,
    config: entity.config as JsonObject,
    detectedDialect: entity.detectedDialect,
    pause: pausedAt === null ? null : { at: pausedAt, by: pausedBy ?? '', reason: pauseReason },
    createdAt,
    updatedAt,
  };
}
