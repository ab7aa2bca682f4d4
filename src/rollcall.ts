import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { IdempotencyStore } from '#api';
import { CONTROL_ENTITIES } from '#directory';
import { bootstrap } from './bootstrap.js';
import { loadSecretKeys, publicUrlOf, readConfig, type Config, type Roles } from './config/index.js';
import { openDatabase, type OpenDatabase } from './database/index.js';
import { Health } from './health/health.js';
import { createApp } from './http/create-app.js';
import { freePort } from './http/free-port.js';
import { createLog } from './logging/create-log.js';
import { startMaintenance, startStatistics } from './maintenance/start-maintenance.js';
import { Metrics } from './metrics/metrics.js';
import { observeHolds } from './metrics/observe-holds.js';
import { createServices } from './services.js';
import { createWebhooks, type Webhooks } from './webhooks.js';

/** Connections per process: writers wait on their directory's lock, so a few more than cores are enough. */
const POOL_SIZE = 16;

/** A running service. */
export interface Rollcall {
  /** Where it listens. */
  readonly baseUrl: string;
  readonly roles: Roles;
  readonly log: Logger;
  /** Set when a first API key was made because none was configured; it can be read here only. */
  readonly generatedApiKey: string | undefined;
  /** Takes no new work, finishes what is under way, closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts the roles that the environment asks for; resolves when ready.
 * @throws ConfigError, DatabaseError, EmbeddedPostgresError, or the listen error; each message is for the operator.
 */
export async function startRollcall(env: NodeJS.ProcessEnv): Promise<Rollcall> {
  const config = readConfig(env);
  const log = createLog({ level: config.logLevel, format: config.logFormat });
  const secretKeys = await loadSecretKeys(config);
  const database = await openDatabase({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    entities: CONTROL_ENTITIES,
    poolSize: POOL_SIZE,
    log: (line) => log.debug({ source: 'postgres' }, line),
  });
  try {
    return await startServices({ config, log, secretKeys, database });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly secretKeys: string;
  readonly database: OpenDatabase;
}

async function startServices({ config, log, secretKeys, database }: Parts): Promise<Rollcall> {
  database.pool.on('error', (error) => log.warn({ reason: error.message }, 'a database connection broke'));
  const isWorker = config.roles !== 'api';
  // The services wake the dispatcher, and the dispatcher is made of the services.
  const dispatch: { to?: Webhooks } = {};
  const services = createServices(
    { dataSource: database.appDataSource, pool: database.pool },
    { secretKeys, afterCommit: (environmentId, streamId) => dispatch.to?.wake(environmentId, streamId) },
  );
  const metrics = new Metrics(database.pool);
  observeHolds(metrics.registry, services.holds);
  const health = new Health(database.pool);
  const webhooks = createWebhooks({ config, log, services, metrics, databaseUrl: database.url });
  dispatch.to = webhooks;
  const { generatedApiKey } = await bootstrap(services.environments, config.bootstrapApiKey);
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const app = await createApp({
    config,
    log,
    services,
    metrics,
    health,
    webhooks,
    publicUrl: publicUrlOf(config, port),
  });
  await webhooks.start();
  const housekeeping = [startStatistics({ log, services, database })];
  if (isWorker)
    housekeeping.push(startMaintenance({ log, services, database, idempotency: app.get(IdempotencyStore) }));
  try {
    await app.listen(port, config.host);
  } catch (error) {
    await webhooks.stop();
    await Promise.all(housekeeping.map((stop) => stop()));
    throw error;
  }
  return {
    baseUrl: listenAddress(config.host, port),
    roles: config.roles,
    log,
    generatedApiKey,
    stop: () => stopAll({ app, health, webhooks, housekeeping, database }),
  };
}

interface Running {
  readonly app: NestFastifyApplication;
  readonly health: Health;
  readonly webhooks: Webhooks;
  readonly housekeeping: readonly (() => Promise<void>)[];
  readonly database: OpenDatabase;
}

/** First no new requests, then no new deliveries, the database last. */
async function stopAll({ app, health, webhooks, housekeeping, database }: Running): Promise<void> {
  health.startDraining();
  await closeServer(app);
  await webhooks.stop();
  await Promise.all(housekeeping.map((stop) => stop()));
  await database.close();
}

/**
 * Node closes idle connections once, when it stops listening; those that were busy at that moment and are kept open by
 * their clients afterwards have to be closed by us.
 */
async function closeServer(app: NestFastifyApplication): Promise<void> {
  const server: Server = app.getHttpServer();
  const timer = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await app.close();
  } finally {
    clearInterval(timer);
  }
}

function listenAddress(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
