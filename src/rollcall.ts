import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { IdempotencyStore } from '#api';
import { installedConnectors, SourceRecheck, type ConnectorRegistry, type SnapshotDoor } from '#connectors';
import { CONTROL_ENTITIES } from '#directory';
import { FailedLogins } from '#kernel';
import { RequestLog, RequestLogMetrics } from '#scim';
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
import { createSftp, type Sftp } from './sftp.js';
import { createServices, type AfterCommit, type Services } from './services.js';
import { snapshotDoor } from './snapshot-door.js';
import { createSync, type Sync } from './sync.js';
import { createWebhooks, type Webhooks } from './webhooks.js';

/** Connections per process and pool: writers wait on their directory's lock, so a few more than cores are enough. */
const POOL_SIZE = 16;

/** A running service. */
export interface Rollcall {
  /** Where it listens. */
  readonly baseUrl: string;
  readonly roles: Roles;
  /** Where files are uploaded by SFTP; null where no such server runs. */
  readonly sftp: Sftp['address'] | null;
  readonly log: Logger;
  /** Set when a first API key was made because none was configured; it can be read here only. */
  readonly generatedApiKey: string | undefined;
  /** Takes no new work, finishes what is under way, closes everything. */
  stop(): Promise<void>;
}

/** What a test puts in the place of what is built in. */
export interface Replacements {
  readonly connectors?: ConnectorRegistry;
  readonly door?: SnapshotDoor;
}

/**
 * Starts the roles that the environment asks for; resolves when ready.
 * @throws ConfigError, DatabaseError, EmbeddedPostgresError, or the listen error; each message is for the operator.
 */
export async function startRollcall(
  env: NodeJS.ProcessEnv,
  replacements: Replacements = {},
): Promise<Rollcall> {
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
    return await startServices({ config, log, secretKeys, database, replacements });
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
  readonly replacements: Replacements;
}

async function startServices(parts: Parts): Promise<Rollcall> {
  const { config, log, database } = parts;
  const wired = wire(parts);
  const { services, metrics, webhooks, sync, health } = wired;
  for (const pool of [database.pool, database.writePool])
    pool.on('error', (error) => {
      // At the end the server may be gone before the last connection has said goodbye.
      if (!health.isDraining) log.warn({ reason: error.message }, 'a database connection broke');
    });
  const { generatedApiKey } = await bootstrap(services.environments, config.bootstrapApiKey);
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const sftp = await createSftp({ config, log, ...wired });
  const app = await createApp({ config, log, ...wired, publicUrl: publicUrlOf(config, port), sftp });
  await webhooks.start();
  await sync.start();
  const housekeeping = [startStatistics({ log, services })];
  const idempotency = app.get(IdempotencyStore);
  if (config.roles !== 'api')
    housekeeping.push(
      startMaintenance({ log, services, sync, webhooks, database, config, idempotency, metrics }),
    );
  try {
    await app.listen(port, config.host);
    await sftp?.start();
  } catch (error) {
    await closeServer(app);
    await sync.stop();
    await webhooks.stop();
    await Promise.all(housekeeping.map((stop) => stop()));
    throw error;
  }
  return {
    baseUrl: listenAddress(config.host, port),
    roles: config.roles,
    sftp: sftp?.address ?? null,
    log,
    generatedApiKey,
    stop: () => stopAll({ app, sftp, ...wired, housekeeping, database }),
  };
}

interface Wired {
  readonly services: Services;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly webhooks: Webhooks;
  readonly sync: Sync;
  /** One for all who take credentials of directories. */
  readonly failedLogins: FailedLogins;
  readonly requestLog: RequestLog;
}

/** The parts of a process, made of each other; none of them has started anything. */
function wire({ config, log, secretKeys, database, replacements }: Parts): Wired {
  const registry = replacements.connectors ?? installedConnectors;
  // The services wake the dispatcher, and the dispatcher is made of the services.
  const dispatch: { to?: Webhooks } = {};
  const afterCommit: AfterCommit = (environmentId, streamId) => dispatch.to?.wake(environmentId, streamId);
  const { appDataSource: dataSource, pool, writePool } = database;
  const services = createServices(
    { dataSource, pool, writePool },
    {
      secretKeys,
      eventDays: config.eventDays,
      afterCommit,
      takesUploads: ({ provider, config: answers }) =>
        registry.find(provider)?.uploads?.isOn(answers) === true,
      wasReadSince: (shared) => {
        const recheck = new SourceRecheck(shared, registry);
        return (ref, since) => recheck.wasReadSince(ref, since);
      },
    },
  );
  const metrics = new Metrics({ general: pool, writes: writePool });
  observeHolds(metrics.registry, services.holds);
  const webhooks = createWebhooks({ config, log, services, metrics, databaseUrl: database.url });
  dispatch.to = webhooks;
  const door = replacements.door ?? snapshotDoor(services.snapshots);
  const sync = createSync({ config, log, services, metrics, registry, door, afterCommit });
  const requestLog = createRequestLog(services, metrics, log);
  const failedLogins = new FailedLogins(config.failedLogins);
  return { services, metrics, health: new Health(pool), webhooks, sync, failedLogins, requestLog };
}

function createRequestLog(services: Services, metrics: Metrics, log: Logger): RequestLog {
  return new RequestLog({
    database: services.database,
    metrics: new RequestLogMetrics(metrics.registry),
    log,
  });
}

interface Running extends Wired {
  readonly app: NestFastifyApplication;
  readonly sftp: Sftp | undefined;
  readonly housekeeping: readonly (() => Promise<void>)[];
  readonly database: OpenDatabase;
}

/** First no new requests and no new runs, then no new deliveries, the database last. */
async function stopAll({
  app,
  sftp,
  health,
  webhooks,
  sync,
  requestLog,
  housekeeping,
  database,
}: Running): Promise<void> {
  health.startDraining();
  await Promise.all([closeServer(app), sftp?.stop(), sync.stop()]);
  await Promise.all([webhooks.stop(), requestLog.stop()]);
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
