import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { isAlive, isPostmasterOf } from './process-table.js';

/** What PostgreSQL says about itself in postmaster.pid. */
export interface LockFile {
  readonly pid: number;
  readonly isReady: boolean;
}

const STOP_TIMEOUT_MS = 60_000;

/** Reads postmaster.pid of a cluster; undefined when there is none. */
export function readLockFile(cluster: string): LockFile | undefined {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), isReady: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/**
 * Clears what a former life left on the cluster: a lock file whose server is gone (also when its process id belongs
 * to somebody else by now) is removed; a server that outlived the process that started it is stopped.
 * @throws EmbeddedPostgresError `in_use` when a server runs there that no process of ours had started.
 */
export async function clearFormerServer(cluster: string, isOrphan: boolean): Promise<void> {
  const lock = readLockFile(cluster);
  if (lock === undefined) return;
  if (!isAlive(lock.pid) || !isPostmasterOf(lock.pid, cluster)) {
    rmSync(join(cluster, 'postmaster.pid'), { force: true });
    return;
  }
  if (!isOrphan) {
    throw new EmbeddedPostgresError(
      'in_use',
      `The database in ${cluster} is in use by the running process ${lock.pid} (PostgreSQL). Stop it, or set ROLLCALL_DATA_DIR to another folder.`,
      { processId: lock.pid },
    );
  }
  await stopServer(lock.pid, cluster);
}

/** Fast shutdown: sessions are cut, everything committed is on disk. The second signal is for a server that hangs. */
async function stopServer(pid: number, cluster: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(pid, signal);
    const until = Date.now() + STOP_TIMEOUT_MS;
    while (Date.now() < until) {
      if (!isAlive(pid) || !isPostmasterOf(pid, cluster)) return;
      await sleep(50);
    }
  }
  throw new EmbeddedPostgresError(
    'in_use',
    `The database in ${cluster} is in use by the running process ${pid} (PostgreSQL), left over from a former run, and it does not stop. Stop it by hand.`,
    { processId: pid },
  );
}
