import { hostname } from 'node:os';
import type { Logger } from 'pino';
import {
  Authorizations,
  ConnectionCheck,
  Connections,
  createPortsFactory,
  createSourceHttp,
  Credentials,
  executeRun,
  LeaseStore,
  observeSyncBacklog,
  RunStore,
  Schedules,
  SyncMetrics,
  SyncRuns,
  SyncWorker,
  UploadBox,
  Uploads,
  type ConnectorRegistry,
  type HttpFactory,
  type SnapshotDoor,
  type SourceHttpPorts,
} from '#connectors';
import { DirectoryAuthorizations, DirectoryConnections } from '#directory';
import { systemClock } from '#kernel';
import { CachingNameResolver, createAddressPolicy, type AddressGuard } from '#outbound';
import { refuseMissingKeys, type Config } from './config/index.js';
import type { Metrics } from './metrics/metrics.js';
import type { AfterCommit, Services } from './services.js';

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly metrics: Metrics;
  readonly registry: ConnectorRegistry;
  /** Where snapshots are applied; without it this process runs nothing, and leaves it to others. */
  readonly door: SnapshotDoor | undefined;
  readonly afterCommit: AfterCommit;
}

/** The polling side of a process: settings and runs for the API, the engine in workers. */
export interface Sync {
  readonly registry: ConnectorRegistry;
  readonly connections: Connections;
  readonly authorizations: Authorizations;
  readonly connectionCheck: ConnectionCheck;
  readonly schedules: Schedules;
  readonly runs: SyncRuns;
  readonly uploads: Uploads;
  /** @throws ConfigError when a key is missing that credentials are sealed with. */
  start(): Promise<void>;
  /** Lets pages that are being read end, and gives the leases back. */
  stop(): Promise<void>;
  /** Applies dated states that have come due. */
  applyDueTransitions(): Promise<void>;
  /** Seals credentials of older keys with the first one. */
  resealCredentials(): Promise<void>;
}

/** Rows of one step of housekeeping. */
const CHUNK = 500;
/** A person waits for the answer of a connection test. */
const CHECK_TRIES = 2;

export function createSync(parts: Parts): Sync {
  const { config, services, registry, door } = parts;
  const { database, secretBox, directories } = services;
  const guard: AddressGuard = {
    policy: createAddressPolicy(config.outboundAllow.join(',')),
    resolver: new CachingNameResolver(),
  };
  observeSyncBacklog(parts.metrics.registry, database);
  const credentials = new Credentials({ database, secretBox });
  const box = new UploadBox(database);
  const onDue = (): void => worker?.wake();
  const worker =
    config.roles === 'api' || door === undefined ? undefined : createWorker(parts, door, { guard, box });
  const http = httpFactory({ guard, origins: config.sourceOrigins, tries: CHECK_TRIES });
  return {
    registry,
    authorizations: createAuthorizations(parts, { guard, credentials, onDue }),
    connections: new Connections({ registry, directories, credentials }),
    connectionCheck: new ConnectionCheck({
      database,
      secretBox,
      clock: systemClock,
      guard,
      http,
      log: parts.log,
      uploads: (key) => box.filesOf(key),
    }),
    schedules: new Schedules(database, registry),
    runs: new SyncRuns({ database, registry, onDue }),
    uploads: new Uploads({ box, registry, onDue }),
    start: async () => {
      refuseMissingKeys(await credentials.missingKeys(), 'credentials of polled directories');
      worker?.start();
    },
    stop: async () => worker?.stop(),
    applyDueTransitions: async () => {
      if (door === undefined) return;
      while ((await door.applyDueTransitions(CHUNK)) >= CHUNK) await breathe();
    },
    resealCredentials: async () => {
      while ((await credentials.reseal(CHUNK)) > 0) await breathe();
    },
  };
}

function createAuthorizations(
  { config, log, services, registry, afterCommit }: Parts,
  ways: { readonly guard: AddressGuard; readonly credentials: Credentials; readonly onDue: () => void },
): Authorizations {
  const { guard, ...rest } = ways;
  return new Authorizations({
    ...services,
    ...rest,
    registry,
    journal: new DirectoryAuthorizations(services.dataSource, systemClock, { afterCommit }),
    http: httpFactory({ guard, origins: config.sourceOrigins, tries: 1 }),
    log,
  });
}

function createWorker(
  parts: Parts,
  door: SnapshotDoor,
  { guard, box }: { readonly guard: AddressGuard; readonly box: UploadBox },
): SyncWorker {
  const { config, log, services, metrics, registry, afterCommit } = parts;
  const { database, secretBox, dataSource } = services;
  const clock = systemClock;
  const executor = {
    registry,
    store: new RunStore(database),
    door,
    health: new DirectoryConnections(dataSource, clock, { afterCommit }),
    ports: createPortsFactory({
      guard,
      http: httpFactory({ guard, origins: config.sourceOrigins }),
      uploads: (key) => box.filesOf(key),
    }),
    database,
    secretBox,
    log,
    deadlineSeconds: config.syncDeadline,
    random: Math.random,
  };
  return new SyncWorker({
    leases: new LeaseStore(database),
    execute: (claim, control) => executeRun(executor, claim, control),
    log,
    observer: new SyncMetrics(metrics.registry),
    name: `${hostname()} ${process.pid}`,
    options: { concurrency: config.syncConcurrency, perEnvironment: config.syncPerEnvironment },
  });
}

function httpFactory(ways: Pick<SourceHttpPorts, 'guard' | 'origins' | 'tries'>): HttpFactory {
  return (options, { signal, log, clock }) => createSourceHttp(options, { clock, signal, log, ...ways });
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
