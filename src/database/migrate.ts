import { Client } from 'pg';

import { poolOptions } from '#kernel';

import { ensureAppRole, ensureGrants } from './app-role.js';
import { createDataSource } from './create-data-source.js';
import { connectError, DatabaseError } from './database.errors.js';
import { MIGRATION_NAMES } from './migrations.js';

/** Session lock that whoever migrates holds. Any constant would do; nothing else of ours may use it. */
const MIGRATION_LOCK = 7_265_742_001;
const OLDEST_SERVER = 150_000;

/**
 * Brings the database behind `url` (the owner's) up to date and resolves to the names of the migrations that ran.
 * Several processes may call it at once: one works, the others wait for it and find nothing to do.
 * @throws DatabaseError with one line for the operator.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new Client(poolOptions(url, { role: 'owner', applicationName: 'rollcall-migrate' }));
  await client.connect().catch((error: unknown) => {
    throw connectError(url, error);
  });
  client.on('error', () => undefined);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await checkServer(client);
    const pending = await pendingMigrations(client);
    await ensureAppRole(client);
    if (pending.length > 0) await runMigrations(url, client);
    await ensureGrants(client);
    return pending;
  } finally {
    // Ends the session, and with it the lock.
    await client.end().catch(() => undefined);
  }
}

/** Names of the migrations that have not run. */
async function pendingMigrations(client: Pick<Client, 'query'>): Promise<string[]> {
  const recorded = await recordedMigrations(client);
  const unknown = recorded.find((name) => !MIGRATION_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new DatabaseError(
      'newer',
      `The database was migrated by a newer Rollcall (this one does not know the migration ${unknown}). Start that release or a newer one.`,
    );
  }
  const [first] = MIGRATION_NAMES;
  if (first !== undefined && !recorded.includes(first)) await refuseForeignTables(client, first);
  return MIGRATION_NAMES.filter((name) => !recorded.includes(name));
}

async function recordedMigrations(client: Pick<Client, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (rows[0]?.exists !== true) return [];
  const records = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY id');
  return records.rows.map(({ name }) => name);
}

async function refuseForeignTables(client: Pick<Client, 'query'>, first: string): Promise<void> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT table_name AS table FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_name IN ('environments', 'streams', 'events', 'directories')
      LIMIT 1`,
  );
  if (rows[0] === undefined) return;
  throw new DatabaseError(
    'half_migrated',
    `The database has a table "${rows[0].table}", but no record that the migration ${first} made it: it was restored in part or belongs to something else. Restore the whole dump, or use an empty database.`,
  );
}

async function checkServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: string; name: string }>(
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS name`,
  );
  if (Number(rows[0]?.number) >= OLDEST_SERVER) return;
  throw new DatabaseError(
    'unsupported',
    `The server is PostgreSQL ${rows[0]?.name}; Rollcall needs 15 or newer.`,
  );
}

async function runMigrations(url: string, client: Client): Promise<void> {
  const dataSource = createDataSource(url, {
    role: 'owner',
    poolSize: 1,
    applicationName: 'rollcall-migrate',
  });
  try {
    await dataSource.initialize();
    await dataSource.runMigrations();
  } catch (error) {
    throw await migrationError(client, error as Error & { code?: string });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

async function migrationError(client: Client, error: Error & { code?: string }): Promise<DatabaseError> {
  const recorded = await recordedMigrations(client).catch((): string[] => []);
  const failed = MIGRATION_NAMES.find((name) => !recorded.includes(name)) ?? 'unknown';
  if (error.code === '42501') {
    return new DatabaseError(
      'privilege',
      `The migration ${failed} may not do its work (${error.message}). Make the user of DATABASE_URL the owner of the database.`,
      { cause: error },
    );
  }
  return new DatabaseError(
    'migration_failed',
    `The migration ${failed} failed: ${error.message}. Nothing of it was kept; remove the cause and start again.`,
    { cause: error },
  );
}
