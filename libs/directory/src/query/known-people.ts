import type { Database } from '#kernel';

/** Somebody whom an organization has already, in whichever of its directories. */
export interface KnownPerson {
  readonly directoryId: string;
  readonly id: string;
  readonly externalId: string | null;
  /** In the form that e-mail addresses are compared in. */
  readonly emailKey: string | null;
}

/**
 * People of an organization with one of these ids (in the named directory) or one of these addresses (in any of its
 * directories): what a new source would meet. At most a hundred.
 */
export async function findKnownPeople(
  database: Database,
  where: {
    readonly environmentId: string;
    readonly organizationId: string;
    /** Null while the directory does not exist. */
    readonly directoryId: string | null;
    readonly externalIds: readonly string[];
    /** Folded with `foldKey`. */
    readonly emailKeys: readonly string[];
  },
): Promise<KnownPerson[]> {
  const rows = await database.query<{
    directory_id: string;
    id: string;
    external_id: string | null;
    email_key: string | null;
  }>({
    name: 'known_people',
    text: `SELECT u.directory_id, u.id, u.external_id, u.email_key
      FROM directories d
      JOIN directory_users u ON u.environment_id = d.environment_id AND u.directory_id = d.id
      WHERE d.environment_id = $1 AND d.organization_id = $2 AND d.deleted_at IS NULL AND u.deleted_at IS NULL
        AND (u.email_key = ANY($5) OR (u.directory_id = $3 AND u.external_id = ANY($4)))
      ORDER BY u.id LIMIT 100`,
    values: [
      where.environmentId,
      where.organizationId,
      where.directoryId,
      where.externalIds,
      where.emailKeys,
    ],
  });
  return rows.map((row) => ({
    directoryId: row.directory_id,
    id: row.id,
    externalId: row.external_id,
    emailKey: row.email_key,
  }));
}
