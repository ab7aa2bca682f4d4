import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { areReadableByOthers, copyBinaries, installedBinaries, program } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { isAlive } from './process-table.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start-embedded-postgres.js';

const FAST = { fsync: 'off', full_page_writes: 'off' };
const ROOT = new URL('../../../../', import.meta.url).href;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const itAsRoot = (name: string, test: () => Promise<void>): void =>
  // oxlint-disable-next-line jest/expect-expect -- the test is handed on
  isRoot ? it(name, test) : it.skip(`${name} (skipped: only root can test this)`, test);

/** Starts an embedded PostgreSQL from a process of its own, which prints the url and then waits to be killed. */
const PROGRAM = `
  const { allowTypeScript } = await import('${ROOT}scripts/typescript.mjs');
  allowTypeScript();
  const { startEmbeddedPostgres } = await import('${ROOT}libs/kernel/src/embedded/index.ts');
  try {
    const { url } = await startEmbeddedPostgres(JSON.parse(process.argv[1]));
    console.log(url);
    setInterval(() => undefined, 1000);
  } catch (error) {
    console.log(error.code + ' ' + error.message);
  }`;

describe('startEmbeddedPostgres', () => {
  let folder = '';
  let dataDir = '';
  let systemDir = '';
  let running: EmbeddedPostgres[] = [];
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-embedded-'));
    await chmod(folder, 0o711);
    dataDir = join(folder, 'data');
    systemDir = join(folder, 'system');
  });

  afterEach(async () => {
    await Promise.all(running.map((postgres) => postgres.stop()));
    children.forEach((child) => child.kill('SIGKILL'));
    // Whatever a killed process left behind is taken over once more, and stopped.
    if (children.length > 0)
      await (await startEmbeddedPostgres({ dataDir, systemDir }).catch(() => undefined))?.stop();
    running = [];
    children = [];
    await rm(folder, { recursive: true, force: true });
  });

  async function start(
    options: { port?: number; log?: (line: string) => void } = {},
  ): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ dataDir, systemDir, settings: FAST, ...options });
    running.push(postgres);
    return postgres;
  }

  function spawnStarter(account: { uid?: number; gid?: number } = {}) {
    const options = JSON.stringify({ dataDir, systemDir, settings: FAST });
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, options], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: '/',
      ...account,
    });
    children.push(child);
    return child;
  }

  /** Resolves to the child and the first line it prints. */
  async function startInChild(account: { uid?: number; gid?: number } = {}): Promise<[ChildProcess, string]> {
    const child = spawnStarter(account);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return [child, line.toString().trim()];
  }

  async function clusterFolder(): Promise<string> {
    return isRoot ? readlink(join(dataDir, 'postgres')) : join(dataDir, 'postgres');
  }

  async function postmasterPid(): Promise<number> {
    const text = await readFile(join(await clusterFolder(), 'postmaster.pid'), 'utf8');
    return Number(text.split('\n')[0]);
  }

  it('starts a durable server that only this machine and only the password gets into', async () => {
    const postgres = await startEmbeddedPostgres({ dataDir, systemDir });
    running.push(postgres);
    const settings = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'listen_addresses',
      'server_encoding',
    ];
    const values = await Promise.all(settings.map((name) => ask(postgres.url, `SHOW ${name}`)));
    expect(values).toEqual(['on', 'on', 'on', '127.0.0.1', 'UTF8']);
    const withoutPassword = new URL(postgres.url);
    withoutPassword.password = 'wrong';
    await expect(ask(withoutPassword.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(await clusterFolder())).mode & 0o077).toBe(0);
  });

  it('keeps data and password over a restart', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start();
    expect(await ask(second.url, 'SELECT answer FROM kept')).toBe(42);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('stops twice without complaint and leaves the folder free', async () => {
    const postgres = await start();
    const pid = await postmasterPid();
    await Promise.all([postgres.stop(), postgres.stop()]);
    expect(isAlive(pid)).toBe(false);
  });

  it('refuses a data folder in use by a living process, naming it', async () => {
    const [child] = await startInChild();
    const refusal = await start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(EmbeddedPostgresError);
    expect(refusal).toMatchObject({ code: 'in_use', processId: child.pid });
    expect((refusal as Error).message).toContain(`in use by the running process ${child.pid}.`);
    expect((refusal as Error).message).not.toContain('\n');
  });

  it('lets one of two starters have the folder', async () => {
    const results = await Promise.all([startInChild(), startInChild()]);
    const lines = results.map(([, line]) => line.split(/[ :]/)[0] ?? '');
    expect(lines.sort()).toEqual(['in_use', 'postgres']);
  });

  it('takes over the server of a process that was killed', async () => {
    const [child, url] = await startInChild();
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    const orphan = await postmasterPid();
    await kill(child);
    expect(isAlive(orphan)).toBe(true);
    const postgres = await start();
    expect(await ask(postgres.url, 'SELECT answer FROM kept')).toBe(7);
    expect(isAlive(orphan)).toBe(false);
  });

  it('recovers when server and process were killed', async () => {
    const [child, url] = await startInChild();
    await ask(url, 'CREATE TABLE kept AS SELECT 8 AS answer');
    process.kill(await postmasterPid(), 'SIGKILL');
    await kill(child);
    const postgres = await start();
    expect(await ask(postgres.url, 'SELECT answer FROM kept')).toBe(8);
  });

  it('starts a server that was killed again, on the same port', async () => {
    const said: string[] = [];
    const postgres = await start({ log: (line) => said.push(line) });
    await ask(postgres.url, 'CREATE TABLE kept AS SELECT 9 AS answer');
    const before = await postmasterPid();
    process.kill(before, 'SIGKILL');
    await until(() => ask(postgres.url, 'SELECT answer FROM kept').then((answer) => answer === 9));
    expect(await postmasterPid()).not.toBe(before);
    expect(said).toContain('PostgreSQL ended unexpectedly and is started again');
  });

  it('is not held up by a lock file whose process id belongs to somebody else by now', async () => {
    await (await start()).stop();
    await writeFile(join(await clusterFolder(), 'postmaster.pid'), `${process.pid}\n/elsewhere\n`);
    await writeFile(
      join(isRoot ? join(await clusterFolder(), '..') : dataDir, 'postgres-owner.json'),
      '{"pid":1,"startTime":"never"}',
    );
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1);
  });

  it('does not stop a server that somebody started by hand', async () => {
    const [child] = await startInChild();
    const pid = await postmasterPid();
    await kill(child);
    await rm(join(isRoot ? join(await clusterFolder(), '..') : dataDir, 'postgres-owner.json'));
    await expect(start()).rejects.toMatchObject({ code: 'in_use', processId: pid });
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGINT');
    await until(() => Promise.resolve(!isAlive(pid)));
  });

  it('begins anew where making the cluster was cut off', async () => {
    const child = spawnStarter();
    const parent = async (): Promise<string> => {
      if (!isRoot) return dataDir;
      const [home = ''] = await readdir(systemDir);
      return join(systemDir, home);
    };
    await until(async () => (await readdir(await parent())).some((name) => name.includes('.partial-')));
    await kill(child);
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1);
    await running[0]?.stop();
    expect(await ask((await start()).url, 'SELECT 1')).toBe(1);
  });

  it('says in one line when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const refusal = (await start({ port }).catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code: 'start' });
    expect(refusal.message).toMatch(/^PostgreSQL does not start: .+$/);
    server.close();
  });

  it('says which file is missing when the password is gone', async () => {
    await (await start()).stop();
    await rm(join(dataDir, 'postgres-password'));
    await expect(start()).rejects.toThrow(`put the file ${dataDir}/postgres-password back`);
  });

  itAsRoot('runs as a system user, in a folder that only that user enters', async () => {
    const postgres = await start();
    const cluster = await clusterFolder();
    const { uid } = await stat(cluster);
    expect(uid).toBeGreaterThan(0);
    expect((await stat(join(cluster, '..'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(cluster, '..', 'data-folder'), 'utf8')).toBe(`${dataDir}\n`);
    const status = await readFile(`/proc/${await postmasterPid()}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t`, 'm'));
    expect(await ask(postgres.url, 'SELECT 1')).toBe(1);
  });

  itAsRoot(
    'makes a new database when root removed the data folder, and keeps the old one aside',
    async () => {
      await ask((await start()).url, 'CREATE TABLE old ()');
      await running[0]?.stop();
      const cluster = await clusterFolder();
      await rm(dataDir, { recursive: true });
      const postgres = await start();
      expect(await ask(postgres.url, `SELECT to_regclass('old') IS NULL`)).toBe(true);
      expect((await stat(`${cluster}.replaced`)).isDirectory()).toBe(true);
    },
  );

  itAsRoot('works in the data folder itself when started by another user, also after a crash', async () => {
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, NOBODY, NOBODY);
    const [child, url] = await startInChild({ uid: NOBODY, gid: NOBODY });
    await ask(url, 'CREATE TABLE kept AS SELECT 5 AS answer');
    expect((await lstat(join(dataDir, 'postgres'))).isDirectory()).toBe(true);
    await kill(child);
    const [, again] = await startInChild({ uid: NOBODY, gid: NOBODY });
    expect(await ask(again, 'SELECT answer FROM kept')).toBe(5);
    await kill(children[1] as ChildProcess);
    await expect(start()).rejects.toThrow(`belongs to the user with id ${NOBODY}`);
    const [third] = await startInChild({ uid: NOBODY, gid: NOBODY });
    process.kill(
      Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]),
      'SIGKILL',
    );
    await kill(third);
  });

  itAsRoot(
    'copies binaries that lie where only root may enter, links as links, and anew for a new version',
    async () => {
      const installed = await installedBinaries();
      const home = join(folder, 'home');
      await mkdir(home);
      const closed = join(folder, 'closed');
      await mkdir(closed, { mode: 0o700 });
      await mkdir(join(closed, 'native'), { mode: 0o755 });
      expect(await areReadableByOthers({ ...installed, root: join(closed, 'native') })).toBe(false);
      const copy = await copyBinaries(installed, home);
      expect((await lstat(join(copy.root, 'lib', 'libpq.so.5'))).isSymbolicLink()).toBe(true);
      expect(await areReadableByOthers(copy)).toBe(true);
      const child = spawn(program(copy, 'postgres'), ['--version'], { uid: NOBODY, gid: NOBODY, cwd: '/' });
      expect((await once(child, 'exit'))[0]).toBe(0);
      const newer = await copyBinaries({ ...installed, version: '99.0.0' }, home);
      await expect(lstat(copy.root)).rejects.toThrow('ENOENT');
      expect(newer.root).toBe(join(home, 'binaries-99.0.0'));
    },
  );
});

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isDone().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('It did not happen');
}
