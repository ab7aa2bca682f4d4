import { Pool } from 'pg';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { poolOf, poolOptions, startEmbeddedPostgres, systemClock, type Clock } from '#kernel';

import { createDataSource } from './create-data-source.js';
import { connectError } from './database.errors.js';
import { ensureEpoch } from './ensure-epoch.js';
import { ensurePartitions } from './ensure-partitions.js';
import { migrate } from './migrate.js';

/** Which database, and what for. */
export interface DatabaseSettings {
  /** Absent: the embedded PostgreSQL in the data folder. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  /** Where the embedded PostgreSQL of a service started by root goes; a default when absent. */
  readonly systemDir?: string;
  readonly entities?: DataSourceOptions['entities'];
  readonly poolSize?: number;
  readonly clock?: Clock;
  /** Gets what the embedded PostgreSQL says. */
  readonly log?: (line: string) => void;
}

/** A migrated database with connections that are the application's role. */
export interface OpenDatabase {
  readonly appDataSource: DataSource;
  readonly pool: Pool;
  /** Connections that pipeline, for the directory store: writes wait for nobody's list request. */
  readonly writePool: Pool;
  /** The owner's connection string, with its password: for LISTEN and for child processes, not for the log. */
  readonly url: string;
  readonly epoch: number;
  /** Runs `work` as the owner of the tables: partitions, retention. */
  asOwner<T>(work: (owner: DataSource) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL when no other is named, migrates, sees to partitions and epoch, and connects.
 * @throws DatabaseError or EmbeddedPostgresError with one line for the operator.
 */
export async function openDatabase(settings: DatabaseSettings): Promise<OpenDatabase> {
  const server = await startServer(settings);
  try {
    return await openServer(server, settings);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

async function startServer(settings: DatabaseSettings): Promise<Server> {
  if (settings.databaseUrl !== undefined) {
    return { url: settings.databaseUrl, stop: () => Promise.resolve() };
  }
  const { dataDir, systemDir, log } = settings;
  return startEmbeddedPostgres({
    dataDir,
    ...(systemDir === undefined ? {} : { systemDir }),
    ...(log === undefined ? {} : { log }),
  });
}

async function openServer(server: Server, settings: DatabaseSettings): Promise<OpenDatabase> {
  const { url } = server;
  await migrate(url);
  const epoch = await asOwner(url, async (owner) => {
    await ensurePartitions(owner, settings.clock ?? systemClock);
    return ensureEpoch(owner);
  });
  const appDataSource = await connect(url, { role: 'app', ...settings });
  const writePool = new Pool(
    poolOptions(url, {
      role: 'app',
      poolSize: settings.poolSize,
      applicationName: 'rollcall writes',
      pipeline: true,
    }),
  );
  return {
    appDataSource,
    pool: poolOf(appDataSource),
    writePool,
    url,
    epoch,
    asOwner: (work) => asOwner(url, work),
    close: async () => {
      if (!writePool.ended) await writePool.end();
      if (appDataSource.isInitialized) await appDataSource.destroy();
      await server.stop();
    },
  };
}

/** The owner's connection is opened for the moment: nothing that serves requests can come by it. */
async function asOwner<T>(url: string, work: (owner: DataSource) => Promise<T>): Promise<T> {
  const owner = await connect(url, { role: 'owner', poolSize: 1 });
  try {
    return await work(owner);
  } finally {
    await owner.destroy();
  }
}

async function connect(url: string, settings: Parameters<typeof createDataSource>[1]): Promise<DataSource> {
  const dataSource = createDataSource(url, settings);
  return dataSource.initialize().catch((error: unknown) => {
    throw connectError(url, error);
  });
}
