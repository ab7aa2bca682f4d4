import type { Database } from '#kernel';
import type { OpenDatabase } from '../database/index.js';

/** Tables that an onboarding fills within a minute. */
const TABLES = ['directory_users', 'directory_groups', 'memberships', 'pending_memberships', 'nested_groups'];

/**
 * Analyses tables that have grown much since they were last analysed. While PostgreSQL has no statistics it takes every
 * index that begins with the tenant for as good as the right one, and walks the first directories from end to end for each
 * look-up: several times slower, in the very minute of an onboarding. Autovacuum would come by once a minute.
 */
export async function refreshStatistics(
  database: Database,
  owner: Pick<OpenDatabase, 'asOwner'>,
): Promise<void> {
  const grown = await database.query<{ relname: string }>({
    name: 'maintenance_grown_tables',
    text: `SELECT relname FROM pg_stat_user_tables
      WHERE relname = ANY($1::text[]) AND n_mod_since_analyze > 100 + n_live_tup / 3`,
    values: [TABLES],
  });
  if (grown.length === 0) return;
  await owner.asOwner((dataSource) =>
    dataSource.query(`ANALYZE ${grown.map(({ relname }) => relname).join(', ')}`),
  );
}
