import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, parse, relative } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/** The programs of one PostgreSQL release on this machine. */
export interface Binaries {
  /** Folder with bin, lib and share. */
  readonly root: string;
  /** Version of the npm package, `18.4.0-beta.17`. */
  readonly version: string;
}

/** Path of one program. */
export function program(binaries: Binaries, name: 'postgres' | 'initdb'): string {
  return join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/** Finds the binaries that npm installed for this platform. */
export async function installedBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const postgres = await postgresPath(name);
  const root = dirname(dirname(postgres));
  const manifest = JSON.parse(await readFile(join(root, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  await completeSymlinks(join(root, '..'));
  return { root, version: manifest.version };
}

/** True when the account `others` (not the owner, not the group) may run the binaries where they lie. */
export async function areReadableByOthers(binaries: Binaries): Promise<boolean> {
  for (let folder = dirname(binaries.root); folder !== parse(folder).root; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
  }
  return isTreeReadable(binaries.root);
}

/**
 * Copies the binaries into `folder` unless this version is there already, and removes copies of other versions. A
 * copy cut off by a crash leaves only a `.partial` folder behind.
 */
export async function copyBinaries(binaries: Binaries, folder: string): Promise<Binaries> {
  const name = `binaries-${binaries.version}`;
  const target = join(folder, name);
  for (const entry of await readdir(folder)) {
    if (entry.startsWith('binaries-') && entry !== name) await rm(join(folder, entry), { recursive: true });
  }
  if (await exists(target)) return { ...binaries, root: target };
  const partial = `${target}.partial`;
  await mkdir(partial);
  // The libraries find each other by relative links; following them would make three copies of each.
  await cp(binaries.root, partial, { recursive: true, verbatimSymlinks: true });
  await openForReading(partial);
  await rename(partial, target);
  return { ...binaries, root: target };
}

async function postgresPath(packageName: string): Promise<string> {
  try {
    const module = (await import(packageName)) as { postgres: string };
    return module.postgres;
  } catch (cause) {
    const platform = `${process.platform} on ${process.arch}`;
    throw new EmbeddedPostgresError(
      'platform',
      `No embedded PostgreSQL for ${platform}: the package ${packageName} is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

/** npm packages cannot hold links; a script of the package makes them, unless npm was told to run no scripts. */
async function completeSymlinks(packageFolder: string): Promise<void> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!(await exists(list))) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    if (!(await exists(path))) await symlink(relative(dirname(target), source), path).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function isTreeReadable(folder: string): Promise<boolean> {
  if (((await stat(folder)).mode & 0o005) !== 0o005) return false;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() ? !(await isTreeReadable(path)) : !(await isFileReadable(path))) return false;
  }
  return true;
}

async function isFileReadable(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const isProgram = (mode & 0o100) !== 0;
  return (mode & 0o004) !== 0 && (!isProgram || (mode & 0o001) !== 0);
}

/** The copy belongs to root; its folder alone decides who gets in. */
async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openForReading(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}
