import { foldKey, type JsonObject } from '#kernel';
import type { DirectoryGroup, GroupInput } from '#model';
import { checkKeyLength, keyProblem } from './user-row.js';

/** Columns of directory_groups that make a DirectoryGroup, for a table alias `g` and directories alias `d`. */
export const GROUP_COLUMNS = `g.id, g.environment_id, g.directory_id, d.organization_id, g.external_id, g.name, g.raw,
  g.version, g.created_at, g.updated_at, g.last_modified, g.asserted_deleted_at, g.deleted_at`;

/** A row as GROUP_COLUMNS selects it. */
export interface GroupRow {
  readonly id: string;
  readonly environment_id: string;
  readonly directory_id: string;
  readonly organization_id: string;
  readonly external_id: string | null;
  readonly name: string;
  readonly raw: JsonObject;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_modified: string;
  readonly asserted_deleted_at: string | null;
  readonly deleted_at: string | null;
}

export function groupFromRow(row: GroupRow): DirectoryGroup {
  return {
    id: row.id,
    environmentId: row.environment_id,
    organizationId: row.organization_id,
    directoryId: row.directory_id,
    externalId: row.external_id,
    idpId: row.external_id ?? row.id,
    name: row.name,
    raw: row.raw,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastModified: row.last_modified,
    pendingRemoval: row.deleted_at === null && row.asserted_deleted_at !== null,
  };
}

/** @throws InvalidInputError naming the attribute when a key is empty or too long to be indexed. */
export function checkGroupKeys(input: GroupInput): void {
  if (input.name.trim() === '') throw keyProblem('displayName', 'must not be empty');
  checkKeyLength('displayName', input.name);
  if (input.externalId !== null) checkKeyLength('externalId', input.externalId);
}

/** A group and the folded document that is stored beside it; undefined when `raw` did not change. */
export interface GroupToWrite {
  readonly group: DirectoryGroup;
  readonly folded: JsonObject | undefined;
  /** When the source removed the group. */
  readonly deletedAt: string | null;
  /** False when the removal took effect. */
  readonly inEffect: boolean;
}

/** JSON that the write statements unpack; names are the columns. */
export function groupToRow({ group, folded, deletedAt, inEffect }: GroupToWrite): JsonObject {
  return {
    id: group.id,
    external_id: group.externalId,
    name: group.name,
    name_key: foldKey(group.name),
    raw: group.raw,
    folded: folded ?? null,
    version: group.version,
    created_at: group.createdAt,
    updated_at: group.updatedAt,
    last_modified: group.lastModified,
    deleted_at: inEffect ? null : deletedAt,
    asserted_deleted_at: deletedAt,
  };
}
