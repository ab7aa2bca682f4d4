import { USER_COLUMNS, type UserRow } from '../rows/user-row.js';
import { THE_DIRECTORY } from './the-directory.js';

/* Statements about the users of a directory: $1 is the environment, $2 the directory. */

/** A row as `selectUsers` gives it. */
export type VersionedRow = UserRow & { readonly row_version: string };

/**
 * Tells apart all that a row ever was, whoever wrote it: no transaction writes two versions of a row to one place, and
 * `version` goes on when the numbers of transactions begin anew.
 */
const ROW_VERSION = `u.xmin::text || u.ctid::text || u.version`;

/** Places of those among $3 that are in the version $4 still. */
export const UNCHANGED = `SELECT wanted.place::integer AS place
  FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS wanted (id, row_version, place)
  CROSS JOIN LATERAL (SELECT FROM directory_users u WHERE u.environment_id = $1 AND u.directory_id = $2
    AND u.id = wanted.id AND u.asserted_deleted_at IS NULL AND ${ROW_VERSION} = wanted.row_version OFFSET 0) u`;

/** @param isVersioned only who is remembered from one transaction to the next needs the version of the row */
export function selectUsers(condition: string, isVersioned: boolean): string {
  return `SELECT ${USER_COLUMNS}, ${isVersioned ? ROW_VERSION : `''`} AS row_version ${condition}`;
}

/** Removed ones, too. */
export const ANY_BY_ID = `FROM unnest($3::text[]) AS wanted (id)
  CROSS JOIN LATERAL (SELECT u.*, u.xmin, u.ctid FROM directory_users u
    WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.id = wanted.id OFFSET 0) u
  ${THE_DIRECTORY}`;

/*
 * LATERAL over unnest instead of = ANY($n), and OFFSET 0, which keeps it from becoming a join: a plan prepared while the
 * table was empty stays good when it has grown.
 */
export const BY_ID = `FROM unnest($3::text[]) AS wanted (id)
  CROSS JOIN LATERAL (SELECT u.*, u.xmin, u.ctid FROM directory_users u
    WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.id = wanted.id AND u.asserted_deleted_at IS NULL OFFSET 0) u
  ${THE_DIRECTORY}`;

export const BY_EXTERNAL_ID = `FROM unnest($3::text[]) AS wanted (external_id)
  CROSS JOIN LATERAL (SELECT u.*, u.xmin, u.ctid FROM directory_users u
    WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.external_id = wanted.external_id
      AND u.asserted_deleted_at IS NULL OFFSET 0) u
  ${THE_DIRECTORY}`;

/** Whoever holds the names $3, and who was removed within $5 days and may come back by name or external id $4. */
export const BY_KEY = `FROM (
    SELECT live.id FROM unnest($3::text[]) AS wanted (key)
      CROSS JOIN LATERAL (SELECT t.id FROM directory_users t
        WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.user_name_key = wanted.key
          AND t.asserted_deleted_at IS NULL OFFSET 0) live
    UNION
    SELECT gone.id FROM unnest($3::text[]) AS wanted (key)
      CROSS JOIN LATERAL (SELECT t.id FROM directory_users t
        WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.user_name_key = wanted.key
          AND t.asserted_deleted_at IS NOT NULL
          AND (t.deleted_at IS NULL OR t.asserted_deleted_at > now() - make_interval(days => $5))
        ORDER BY t.asserted_deleted_at DESC LIMIT 5) gone
    UNION
    SELECT gone.id FROM unnest($4::text[]) AS wanted (external_id)
      CROSS JOIN LATERAL (SELECT t.id FROM directory_users t
        WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.external_id = wanted.external_id
          AND t.asserted_deleted_at IS NOT NULL
          AND (t.deleted_at IS NULL OR t.asserted_deleted_at > now() - make_interval(days => $5))
        ORDER BY t.asserted_deleted_at DESC LIMIT 5) gone
  ) AS found
  CROSS JOIN LATERAL (SELECT u.*, u.xmin, u.ctid FROM directory_users u
    WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.id = found.id OFFSET 0) u
  ${THE_DIRECTORY}`;
