import type { DataSource } from 'typeorm';
import { Database, SecretBox, systemClock } from '#kernel';
import {
  Directories,
  DirectoryAccess,
  DirectoryLists,
  DirectoryReader,
  DirectoryStore,
  DirectoryTokens,
  Environments,
  GuardPolicies,
  Holds,
  Organizations,
  Restores,
} from '#directory';
import { EventFeed } from '#events';
import type { Pool } from 'pg';

/** What is told after a commit that appended events. */
export type AfterCommit = (environmentId: string, streamId: string) => void;

/** Everything that works on the database, wired once per process. */
export interface Services {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly environments: Environments;
  readonly organizations: Organizations;
  readonly directories: Directories;
  readonly directoryTokens: DirectoryTokens;
  readonly access: DirectoryAccess;
  readonly store: DirectoryStore;
  readonly reader: DirectoryReader;
  readonly lists: DirectoryLists;
  readonly holds: Holds;
  readonly restores: Restores;
  readonly guardPolicies: GuardPolicies;
  readonly feed: EventFeed;
}

export function createServices(
  source: { readonly dataSource: DataSource; readonly pool: Pool },
  options: { readonly secretKeys: string; readonly afterCommit: AfterCommit },
): Services {
  const { dataSource, pool } = source;
  const { afterCommit } = options;
  const database = new Database(pool);
  const clock = systemClock;
  return {
    database,
    secretBox: new SecretBox(options.secretKeys),
    environments: new Environments(dataSource, clock),
    organizations: new Organizations(dataSource, clock, { afterCommit }),
    directories: new Directories(dataSource, clock, { afterCommit }),
    directoryTokens: new DirectoryTokens(dataSource, clock, { afterCommit }),
    access: new DirectoryAccess(dataSource, clock, { afterCommit }),
    store: new DirectoryStore({ database, clock, afterCommit }),
    reader: new DirectoryReader(database),
    lists: new DirectoryLists(database),
    holds: new Holds({ database, clock, afterCommit }),
    restores: new Restores({ database, clock, afterCommit }),
    guardPolicies: new GuardPolicies(database, clock),
    feed: new EventFeed(database),
  };
}
