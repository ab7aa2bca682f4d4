import { randomBytes } from 'node:crypto';
import { chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { basename, join } from 'node:path';

import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { isLinked, linkCluster, type Placement } from './placement.js';
import { spawnProgram } from './spawn-program.js';

/** Superuser of the embedded cluster. */
export const SUPERUSER = 'rollcall';

/** Makes the cluster unless it is there, and resolves to the superuser's password. */
export async function initialiseCluster(
  placement: Placement,
  binaries: Binaries,
  isDurable: boolean,
): Promise<string> {
  const version = await clusterVersion(placement);
  if (version !== undefined && (await isLinked(placement))) {
    checkVersion(placement, version, binaries);
    return readPassword(placement);
  }
  if (version !== undefined) await setAside(placement);
  return makeCluster(placement, binaries, isDurable);
}

/**
 * initdb works in a folder of another name, so a cluster is either whole or not there. The password is stored first,
 * the link to a cluster elsewhere last: whatever a crash leaves behind, the next start repairs.
 */
async function makeCluster(placement: Placement, binaries: Binaries, isDurable: boolean): Promise<string> {
  await removeDrafts(placement);
  const draft = `${placement.cluster}.partial-${process.pid}`;
  const password = randomBytes(24).toString('base64url');
  await writeFile(placement.passwordFile, `${password}\n`, { mode: 0o600 });
  const passwordDraft = join(placement.home, 'postgres-password.partial');
  await writeFile(passwordDraft, `${password}\n`, { mode: 0o600 });
  try {
    if (placement.account !== undefined)
      await chown(passwordDraft, placement.account.uid, placement.account.gid);
    await runInitdb(placement, binaries, [
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--auth=scram-sha-256',
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordDraft}`,
      `--pgdata=${draft}`,
      ...(isDurable ? [] : ['--no-sync']),
    ]);
  } finally {
    await rm(passwordDraft, { force: true });
  }
  await rename(draft, placement.cluster);
  await linkCluster(placement);
  return password;
}

/** The initdb of a start that was killed may still be at work on its own; whatever stays is for the next start. */
async function removeDrafts(placement: Placement): Promise<void> {
  for (const name of await readdir(placement.home)) {
    if (!name.startsWith(`${basename(placement.cluster)}.partial`)) continue;
    await rm(join(placement.home, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function runInitdb(placement: Placement, binaries: Binaries, args: readonly string[]): Promise<void> {
  const said: string[] = [];
  const call = { binaries, account: placement.account, name: 'initdb', args } as const;
  const child = spawnProgram(call, (line) => said.push(line));
  const reason = await once(child, 'close').then(
    ([code]) => (code === 0 ? undefined : (said.findLast((line) => line.includes('error:')) ?? said.at(-1))),
    (error: Error) => error.message,
  );
  if (reason === undefined && child.exitCode === 0) return;
  throw new EmbeddedPostgresError(
    'start',
    `The database could not be made in ${placement.cluster}: ${reason ?? 'initdb was stopped'}`,
    { detail: said.join('\n') },
  );
}

async function clusterVersion(placement: Placement): Promise<string | undefined> {
  const text = await readFile(join(placement.cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text?.trim();
}

function checkVersion(placement: Placement, version: string, binaries: Binaries): void {
  const [shipped = ''] = binaries.version.split('.');
  if (version === shipped) return;
  throw new EmbeddedPostgresError(
    'data',
    `The database in ${placement.cluster} was made by PostgreSQL ${version}; this release of Rollcall brings PostgreSQL ${shipped}. Dump it with the former release and restore it into a new data folder.`,
  );
}

async function readPassword(placement: Placement): Promise<string> {
  try {
    return (await readFile(placement.passwordFile, 'utf8')).trim();
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'data',
      `The password of the database in ${placement.cluster} is missing: put the file ${placement.passwordFile} back, or set ROLLCALL_DATA_DIR to a new folder.`,
      { cause },
    );
  }
}

/** Root removed the data folder to start anew; the cluster it led to lies elsewhere and is still there. */
async function setAside(placement: Placement): Promise<void> {
  const old = `${placement.cluster}.replaced`;
  await rm(old, { recursive: true, force: true });
  await rename(placement.cluster, old);
}
