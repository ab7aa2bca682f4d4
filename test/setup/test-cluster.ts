import { chmod, mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

import { Client } from 'pg';

import { poolOptions, startEmbeddedPostgres, systemClock, type EmbeddedPostgres } from '#kernel';

import { createDataSource } from '../../src/database/create-data-source.js';
import { ensureEpoch } from '../../src/database/ensure-epoch.js';
import { ensurePartitions } from '../../src/database/ensure-partitions.js';
import { migrate } from '../../src/database/migrate.js';

/** What the tests have in common: one PostgreSQL with a migrated template database. */
export interface TestCluster {
  stop(): Promise<void>;
}

const FOLDER = /^rollcall-test-(\d+)-/;

const SYSTEM_DIR = '/var/lib/rollcall-embedded';
const MEMORY = '/dev/shm';
const MEMORY_NEEDED = 6 * 1024 ** 3;

// Nothing of a test run needs to survive it.
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '300',
};

/**
 * Starts the cluster (or takes the one of ROLLCALL_TEST_DATABASE_URL) and publishes it to the test processes in
 * ROLLCALL_TEST_ADMIN_URL and ROLLCALL_TEST_TEMPLATE.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const given = process.env['ROLLCALL_TEST_DATABASE_URL'];
  const own = given === undefined ? await startOwn() : undefined;
  const adminUrl = own?.url ?? given ?? '';
  // On a shared server several runs may be under way.
  const template = own === undefined ? `rollcall_template_${process.pid}` : 'rollcall_template';
  await makeTemplate(adminUrl, template);
  process.env['ROLLCALL_TEST_ADMIN_URL'] = adminUrl;
  process.env['ROLLCALL_TEST_TEMPLATE'] = template;
  return {
    stop: () =>
      own === undefined ? admin(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`) : own.stop(),
  };
}

async function startOwn(): Promise<EmbeddedPostgres> {
  await removeAbandoned(tmpdir());
  await removeAbandoned(MEMORY);
  const parent = (await isMemoryUsable()) ? MEMORY : tmpdir();
  const folder = await mkdtemp(join(parent, `rollcall-test-${process.pid}-`));
  // Started by root, PostgreSQL's own user has to pass through.
  await chmod(folder, 0o711);
  const postgres = await startIn(folder);
  // What tests put into temporary files goes the same way, also when they are killed.
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  await chmod(temporary, 0o1777);
  process.env['TMPDIR'] = temporary;
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      await remove(folder);
    },
  };
}

/** Copying a database is hundreds of small files: on a busy disk a second, in memory a twentieth of it. */
async function isMemoryUsable(): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n');
    // A clone that only root may enter gets its binaries copied beside the data.
    const isExecutable = mounts.some((line) => line.split(' ')[1] === MEMORY && !line.includes('noexec'));
    return isExecutable && bavail * bsize > MEMORY_NEEDED;
  } catch {
    return false;
  }
}

function startIn(folder: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: join(folder, 'data'),
    systemDir: join(folder, 'system'),
    settings: SETTINGS,
  });
}

/** Runs that were killed left a folder, and perhaps a server. Starting there again takes the server over. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch((): string[] => [])) {
    const pid = Number(FOLDER.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    const folder = join(parent, name);
    await startIn(folder)
      .then((postgres) => postgres.stop())
      .catch(() => undefined);
    await remove(folder);
  }
}

/** Services that tests had root start keep their databases elsewhere; each says which data folder it belongs to. */
async function remove(folder: string): Promise<void> {
  for (const name of await readdir(SYSTEM_DIR).catch((): string[] => [])) {
    const home = join(SYSTEM_DIR, name);
    const dataFolder = await readFile(join(home, 'data-folder'), 'utf8').catch(() => '');
    if (dataFolder.startsWith(folder + sep)) await rm(home, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function makeTemplate(adminUrl: string, template: string): Promise<void> {
  await admin(adminUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await admin(adminUrl, `CREATE DATABASE ${template}`);
  const url = new URL(adminUrl);
  url.pathname = `/${template}`;
  await migrate(url.href);
  const owner = await createDataSource(url.href, { role: 'owner', poolSize: 1 }).initialize();
  await ensurePartitions(owner, systemClock);
  await ensureEpoch(owner);
  await owner.destroy();
}

async function admin(url: string, sql: string): Promise<void> {
  const client = new Client(poolOptions(url, { role: 'owner' }));
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
