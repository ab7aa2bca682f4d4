import { NotFoundError, type JsonObject, type Queryable } from '#kernel';
import { EMPTY_WINDOW, type RemovalWindow } from '../guard/window.js';

/** Which directory a change is for; both come from the credential, never from the request alone. */
export interface DirectoryRef {
  readonly environmentId: string;
  readonly directoryId: string;
  /** Whether a member may be named by an external id, where the directory does not say so itself. */
  readonly matchExternalIds?: boolean;
}

/** The directory as it stands at the start of a batch, read under its lock. */
export interface Head extends DirectoryRef {
  readonly organizationId: string;
  /** Last sequence number given out. */
  readonly sequence: number;
  readonly hasPendingMemberships: boolean;
  /** Some group is a member of another. */
  readonly hasNestedGroups: boolean;
  /** Two live groups may not have the same name (`config.unique_group_names`, default true). */
  readonly uniqueGroupNames: boolean;
  /** A member value may also be an external id (`config.match_external_ids`, else what the dialect says). */
  readonly matchExternalIds: boolean;
  readonly config: JsonObject;
  /** What push removed within the last hour, and the hold that is open for it. */
  readonly removals: { readonly window: RemovalWindow; readonly holdId: string | null };
}

interface HeadRow {
  readonly organization_id: string;
  readonly config: JsonObject;
  readonly sequence: number;
  readonly has_pending: boolean;
  readonly has_nested: boolean;
  readonly window: RemovalWindow | null;
  readonly hold_id: string | null;
}

/** @throws NotFoundError when the directory is unknown or deleted. */
export async function loadHead(tx: Queryable, ref: DirectoryRef): Promise<Head> {
  const rows = await tx.query<HeadRow>({
    name: 'directory_head',
    text: `SELECT d.organization_id, d.config, s.sequence, w.state AS "window", w.hold_id,
        EXISTS (SELECT FROM pending_memberships p WHERE p.environment_id = $1 AND p.directory_id = $2) AS has_pending,
        EXISTS (SELECT FROM nested_groups n WHERE n.environment_id = $1 AND n.directory_id = $2) AS has_nested
      FROM directories d JOIN streams s ON s.environment_id = d.environment_id AND s.stream_id = d.id
        LEFT JOIN guard_windows w ON w.environment_id = d.environment_id AND w.directory_id = d.id
      WHERE d.environment_id = $1 AND d.id = $2 AND d.deleted_at IS NULL`,
    values: [ref.environmentId, ref.directoryId],
  });
  const row = rows[0];
  if (!row)
    throw new NotFoundError(`Directory not found: '${ref.directoryId}'.`, { entityId: ref.directoryId });
  return {
    ...ref,
    organizationId: row.organization_id,
    sequence: row.sequence,
    hasPendingMemberships: row.has_pending,
    hasNestedGroups: row.has_nested,
    uniqueGroupNames: row.config['unique_group_names'] !== false,
    matchExternalIds: (row.config['match_external_ids'] ?? ref.matchExternalIds) === true,
    config: row.config,
    removals: { window: row.window ?? EMPTY_WINDOW, holdId: row.hold_id },
  };
}
