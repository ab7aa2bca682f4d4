import type { DataSource } from 'typeorm';
import { Database, SecretBox, systemClock } from '#kernel';
import {
  AccessTokens,
  Directories,
  DirectoryAccess,
  DirectoryLists,
  DirectoryReader,
  DirectoryStore,
  DirectoryTokens,
  Environments,
  ExpiryNotices,
  OAuthClients,
  GuardPolicies,
  Holds,
  type HoldsOptions,
  Organizations,
  Restores,
  Snapshots,
  createRunGuard,
} from '#directory';
import { EventFeed } from '#events';
import type { Directory } from '#model';
import { RequestLogReader } from '#scim';
import type { Pool } from 'pg';

/** What is told after a commit that appended events. */
export type AfterCommit = (environmentId: string, streamId: string) => void;

/** Everything that works on the database, wired once per process. */
export interface Services {
  readonly dataSource: DataSource;
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly environments: Environments;
  readonly organizations: Organizations;
  readonly directories: Directories;
  readonly directoryTokens: DirectoryTokens;
  readonly oauthClients: OAuthClients;
  readonly expiryNotices: ExpiryNotices;
  readonly access: DirectoryAccess;
  readonly store: DirectoryStore;
  readonly reader: DirectoryReader;
  readonly lists: DirectoryLists;
  readonly holds: Holds;
  readonly restores: Restores;
  readonly guardPolicies: GuardPolicies;
  readonly snapshots: Snapshots;
  readonly feed: EventFeed;
  readonly requestLogReader: RequestLogReader;
}

export function createServices(
  source: { readonly dataSource: DataSource; readonly pool: Pool; readonly writePool: Pool },
  options: {
    readonly secretKeys: string;
    readonly eventDays: number;
    readonly afterCommit: AfterCommit;
    /** Whether files are uploaded for a directory. */
    readonly takesUploads: (directory: Directory) => boolean;
    /** Has a polled source read again before removals that were approved take effect. */
    readonly wasReadSince: (database: Database) => NonNullable<HoldsOptions['wasReadSince']>;
  },
): Services {
  const { dataSource, pool, writePool } = source;
  const { afterCommit } = options;
  const database = new Database(pool);
  const clock = systemClock;
  const secretBox = new SecretBox(options.secretKeys);
  const accessTokens = new AccessTokens(secretBox, clock);
  const pipeline = new Database(writePool);
  const store = new DirectoryStore({ database: pipeline, clock, afterCommit });
  const holds = new Holds({ database, clock, afterCommit, wasReadSince: options.wasReadSince(database) });
  return {
    dataSource,
    database,
    secretBox,
    environments: new Environments(dataSource, clock),
    organizations: new Organizations(dataSource, clock, { afterCommit }),
    directories: new Directories(dataSource, clock, { afterCommit }),
    directoryTokens: new DirectoryTokens(dataSource, clock, {
      afterCommit,
      takesCredentials: (directory) => directory.dialect !== null || options.takesUploads(directory),
    }),
    oauthClients: new OAuthClients(dataSource, clock, { afterCommit }),
    expiryNotices: new ExpiryNotices(dataSource, clock, { afterCommit }),
    access: new DirectoryAccess(dataSource, clock, { afterCommit, accessTokens }),
    store,
    reader: new DirectoryReader(database),
    lists: new DirectoryLists(database),
    feed: new EventFeed(database, options.eventDays),
    requestLogReader: new RequestLogReader(database),
    holds,
    restores: new Restores({ database, clock, afterCommit }),
    guardPolicies: new GuardPolicies(database, clock),
    snapshots: new Snapshots({
      database,
      pipeline,
      store,
      guard: createRunGuard({ database, holds, clock }),
    }),
  };
}
