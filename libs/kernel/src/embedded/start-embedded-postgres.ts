import { areReadableByOthers, copyBinaries, installedBinaries, type Binaries } from './binaries.js';
import { initialiseCluster, SUPERUSER } from './initialise-cluster.js';
import { clearFormerServer } from './lock-file.js';
import { claimFolder, type Ownership } from './owner-file.js';
import { preparePlacement, type EmbeddedPostgresOptions, type Placement } from './placement.js';
import { Postmaster } from './postmaster.js';

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** Connection string of its superuser; contains the password. */
  readonly url: string;
  /** Fast shutdown; resolves when the server is gone and the data folder free. */
  stop(): Promise<void>;
}

/**
 * Starts the real PostgreSQL that npm installed, in the data folder, for this process alone: on loopback only, behind
 * a generated password, with full durability. It recovers by itself from every way in which it, or the process that
 * started it, may have died. Started by root it runs as a system user of its own, and its files lie where that user
 * can reach them.
 * @throws EmbeddedPostgresError with one line that says why it cannot be, and what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const installed = await installedBinaries();
  const placement = await preparePlacement(options);
  const ownership = claimFolder(placement.dataDir, placement.ownerFile);
  try {
    return await startOwned(options, placement, { installed, ownership });
  } catch (error) {
    ownership.release();
    throw error;
  }
}

async function startOwned(
  options: EmbeddedPostgresOptions,
  placement: Placement,
  { installed, ownership }: { installed: Binaries; ownership: Ownership },
): Promise<EmbeddedPostgres> {
  const settings = options.settings ?? {};
  await clearFormerServer(placement.cluster, ownership.wasAbandoned);
  const binaries = await reachableBinaries(installed, placement);
  const password = await initialiseCluster(placement, binaries, settings['fsync'] !== 'off');
  const log = options.log ?? ((): void => undefined);
  const postmaster = new Postmaster({ placement, binaries, port: options.port, settings, log });
  const port = await postmaster.start();
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`,
    stop: () => (stopped ??= postmaster.stop().finally(() => ownership.release())),
  };
}

/** A clone below /root is closed to the system user; then it gets a copy of the binaries. */
async function reachableBinaries(installed: Binaries, placement: Placement): Promise<Binaries> {
  if (placement.account === undefined || (await areReadableByOthers(installed))) return installed;
  return copyBinaries(installed, placement.home);
}
