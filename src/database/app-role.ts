import type { Client } from 'pg';

import { DatabaseError } from './database.errors.js';

/*
 * A dump of one database holds no roles: after a restore into another cluster the role, our membership and every
 * grant can be missing although all migrations are recorded. That is why this is not left to the migrations alone.
 */
const GRANTS = `
GRANT USAGE ON SCHEMA public TO rollcall_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rollcall_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rollcall_app;
REVOKE UPDATE, DELETE ON events, log_epochs FROM rollcall_app;
REVOKE DELETE ON streams FROM rollcall_app;
`;

/** Makes the role that the service runs as, and makes us a member of it, where that is missing. */
export async function ensureAppRole(client: Client): Promise<void> {
  const { rows } = await client.query<{ user: string; has_role: boolean }>(
    `SELECT current_user AS "user", EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollcall_app') AS has_role`,
  );
  const [{ user, has_role: hasRole } = { user: '', has_role: false }] = rows;
  try {
    if (!hasRole)
      await client.query('CREATE ROLE rollcall_app NOLOGIN NOSUPERUSER NOBYPASSRLS').catch(ignoreTwin);
    if (!(await maySetRole(client)))
      await client.query('GRANT rollcall_app TO CURRENT_USER').catch(ignoreTwin);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new DatabaseError(
      'privilege',
      `The user "${user}" may not set up the role "rollcall_app" that Rollcall runs as. Let a superuser run: ${hasRole ? '' : 'CREATE ROLE rollcall_app NOLOGIN; '}GRANT rollcall_app TO "${user}";`,
      { cause: error },
    );
  }
}

/** Gives the role its rights on the tables where a restore has lost them, and keeps it from our own records. */
export async function ensureGrants(client: Client): Promise<void> {
  const { rows } = await client.query<{ granted: boolean }>(
    `SELECT has_table_privilege('rollcall_app', 'environments', 'SELECT, INSERT, UPDATE, DELETE')
        AND has_table_privilege('rollcall_app', 'events', 'SELECT, INSERT') AS granted`,
  );
  if (rows[0]?.granted !== true) await client.query(GRANTS);
  await client.query('REVOKE INSERT, UPDATE, DELETE ON migrations FROM rollcall_app');
}

/** From PostgreSQL 16 on whoever creates a role may grant it, but not yet become it. */
async function maySetRole(client: Client): Promise<boolean> {
  try {
    await client.query('SET ROLE rollcall_app');
    await client.query('RESET ROLE');
    return true;
  } catch {
    return false;
  }
}

/** Another database of the same cluster did the same at the same moment. */
function ignoreTwin(error: Error & { code?: string }): void {
  // 42710 duplicate_object, 23505 unique_violation in the catalogue, XX000 "tuple concurrently updated".
  if (!['42710', '23505', 'XX000'].includes(error.code ?? '')) throw error;
}
