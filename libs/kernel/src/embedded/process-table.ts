import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** True while a process of that id exists, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When the process started, as text that is only good for comparing; undefined where the system does not tell. With
 * it a recycled process id is told apart from the process that had it before.
 */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const ticks = statFields(pid)?.[19];
    const boot = read('/proc/sys/kernel/random/boot_id')?.trim();
    return ticks === undefined ? undefined : `${boot ?? ''}:${ticks}`;
  }
  return process.platform === 'win32' ? undefined : ps(pid, 'lstart=');
}

/** True when the process is the PostgreSQL server of exactly that data folder (given as real path). */
export function isPostmasterOf(pid: number, dataFolder: string): boolean {
  if (process.platform === 'linux') {
    return linkOf(`/proc/${pid}/cwd`) === dataFolder && (statName(pid) ?? '').startsWith('postgres');
  }
  // Windows tells us neither; there the pid in the lock file has to do.
  if (process.platform === 'win32') return true;
  const command = ps(pid, 'command=') ?? '';
  return command.includes('postgres') && command.includes(dataFolder);
}

function isZombie(pid: number): boolean {
  return process.platform === 'linux' && statFields(pid)?.[0] === 'Z';
}

/** The fields of /proc/<pid>/stat from the third (state) on; the second may contain blanks and parentheses. */
function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function statName(pid: number): string | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function ps(pid: number, format: string): string | undefined {
  try {
    return execFileSync('ps', ['-o', format, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
