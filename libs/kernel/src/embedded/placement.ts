import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { postgresAccount, type Account } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/** How to start the embedded PostgreSQL. */
export interface EmbeddedPostgresOptions {
  /** Data folder of the service; made when absent. Two data folders are two databases. */
  readonly dataDir: string;
  /** Port on 127.0.0.1; a free one when absent. */
  readonly port?: number;
  /** Gets every line that PostgreSQL says. */
  readonly log?: (line: string) => void;
  /** PostgreSQL settings on top of ours. Tests turn durability off here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where the clusters of a service started by root go. */
  readonly systemDir?: string;
}

/** Where everything of one embedded PostgreSQL is. */
export interface Placement {
  /** Undefined: it runs as ourselves. */
  readonly account: Account | undefined;
  readonly dataDir: string;
  /** Folder that the account can enter: the data folder, or for root one of its own below `systemDir`. */
  readonly home: string;
  /** PostgreSQL's own data folder (PGDATA). */
  readonly cluster: string;
  readonly ownerFile: string;
  readonly passwordFile: string;
  /** Name below the data folder that leads to the cluster; a link when the cluster is elsewhere. */
  readonly link: string;
}

const SYSTEM_DIR = '/var/lib/rollcall-embedded';

/** Decides who PostgreSQL runs as and where its files are, and makes the folders. */
export async function preparePlacement(options: EmbeddedPostgresOptions): Promise<Placement> {
  const account = await postgresAccount();
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const link = join(dataDir, 'postgres');
  await checkFormerAccount(link, account);
  const home =
    account === undefined ? dataDir : await systemHome(options.systemDir ?? SYSTEM_DIR, link, account);
  return {
    account,
    dataDir,
    home,
    cluster: account === undefined ? link : join(home, 'data'),
    ownerFile: join(home, 'postgres-owner.json'),
    passwordFile: join(dataDir, 'postgres-password'),
    link,
  };
}

/** True when the data folder already leads to a cluster. */
export async function isLinked(placement: Placement): Promise<boolean> {
  return (await linkKind(placement.link)) !== 'absent';
}

/**
 * Leaves in the data folder where its cluster is: the link, not the folder's path, is what later starts go by. And
 * beside the cluster whose it is, for whoever cleans up.
 */
export async function linkCluster(placement: Placement): Promise<void> {
  if (placement.account === undefined) return;
  await writeFile(join(placement.home, 'data-folder'), `${placement.dataDir}\n`);
  await symlink(placement.cluster, placement.link);
}

/** The same folder used once as root and once not would silently be two databases. */
async function checkFormerAccount(link: string, account: Account | undefined): Promise<void> {
  const kind = await linkKind(link);
  if (account !== undefined && kind === 'folder') {
    const { uid } = await lstat(link);
    throw new EmbeddedPostgresError(
      'data',
      `The database in ${link} belongs to the user with id ${uid}. Start Rollcall as that user, or set ROLLCALL_DATA_DIR to another folder.`,
    );
  }
  if (account === undefined && kind === 'link') {
    throw new EmbeddedPostgresError(
      'data',
      `The database behind ${link} was made by root. Start Rollcall as root, or set ROLLCALL_DATA_DIR to another folder.`,
    );
  }
}

/** A data folder that was moved keeps its cluster: its link still leads there. */
async function systemHome(systemDir: string, link: string, account: Account): Promise<string> {
  const linked = await realpath(link).catch(() => undefined);
  const hash = createHash('sha256').update(dirname(link)).digest('hex').slice(0, 16);
  const home = linked === undefined ? join(systemDir, hash) : dirname(linked);
  await mkdir(systemDir, { recursive: true });
  await chmod(systemDir, 0o755);
  await mkdir(home, { recursive: true });
  await chown(home, account.uid, account.gid);
  await chmod(home, 0o700);
  return home;
}

async function linkKind(path: string): Promise<'absent' | 'link' | 'folder'> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'absent';
  return found.isSymbolicLink() ? 'link' : 'folder';
}
