import type { UserRow } from '../rows/user-row.js';

/** A group as one of those that a user belongs to. */
export interface UserGroup {
  readonly id: string;
  readonly name: string;
  /** False for a group that only a group in it connects with the user. */
  readonly direct: boolean;
}

/** A user's row with their groups, null for none; `groups` is missing where it was not asked for. */
export interface UserGroupsRow extends UserRow {
  readonly groups?: readonly UserGroup[] | null;
}

/** The groups of the user `u` that the source asserts. */
export const GROUPS_COLUMN = `(
  SELECT json_agg(json_build_object('id', o.id, 'name', o.name, 'direct', m.direct) ORDER BY o.id)
  FROM memberships m JOIN directory_groups o
    ON o.environment_id = m.environment_id AND o.directory_id = m.directory_id AND o.id = m.group_id
  WHERE m.environment_id = u.environment_id AND m.directory_id = u.directory_id AND m.user_id = u.id AND m.asserted
) AS groups`;
