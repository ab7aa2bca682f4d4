import { randomBytes } from 'node:crypto';

import { Client, type Pool } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { Database, dataSourceOptions, poolOf, poolOptions } from '#kernel';

/** A migrated database of one test file, with connections that are the application's role as in production. */
export interface TestDatabase {
  /** The owner's connection string: what DATABASE_URL would be. */
  readonly url: string;
  readonly pool: Pool;
  readonly database: Database;
  /** The same pool by TypeORM. */
  readonly dataSource: DataSource;
  /** Runs one statement as the owner of the tables, past what the application may do. */
  asOwner(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** What a test may want to be different. */
export interface TestDatabaseOptions {
  readonly entities?: DataSourceOptions['entities'];
  /** Connections at most; 10 when absent. */
  readonly poolSize?: number;
  /** The database (its `url`) that is copied with all that it holds, instead of an empty one. Nobody may be connected to it. */
  readonly copyOf?: string;
}

/** A database without any table, for tests of what makes them. */
export type EmptyDatabase = Pick<TestDatabase, 'url' | 'asOwner' | 'drop'>;

/** Makes an empty database; `drop()` removes it. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  return create('template0');
}

/** Copies the migrated template into a new database; call it in `beforeAll`, and `drop()` in `afterAll`. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { copyOf, ...settings } = options;
  const template =
    copyOf === undefined ? fromEnvironment('ROLLCALL_TEST_TEMPLATE') : new URL(copyOf).pathname.slice(1);
  const empty = await create(template);
  const dataSource = await new DataSource({
    ...dataSourceOptions(empty.url, { role: 'app', ...settings }),
    ...(options.entities === undefined ? {} : { entities: options.entities }),
  }).initialize();
  const pool = poolOf(dataSource);
  return {
    ...empty,
    pool,
    database: new Database(pool),
    dataSource,
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await empty.drop();
    },
  };
}

async function create(template: string): Promise<EmptyDatabase> {
  const admin = fromEnvironment('ROLLCALL_TEST_ADMIN_URL');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runAs(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    asOwner: (sql, values) => runAs(url.href, sql, values),
    drop: async () => void (await runAs(admin, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(
      'There is no test database: only *.int-spec.ts and *.e2e-spec.ts have one, run by "npm run test:jest"',
    );
  }
  return value;
}

async function runAs(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client(poolOptions(url, { role: 'owner' }));
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, values);
    return rows;
  } finally {
    await client.end();
  }
}
