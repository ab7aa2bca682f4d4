import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

const run = promisify(execFile);

/** Name of the system user that PostgreSQL runs as when we were started by root. */
export const SYSTEM_USER = 'rollcall-pg';

/** Who PostgreSQL runs as, when that is not who we are. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined: PostgreSQL runs as ourselves. Started by root it refuses to, so then it is the system user. */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await findUser();
  if (existing !== undefined) return existing;
  const reason = await createUser();
  const created = await findUser();
  if (created !== undefined) return created;
  throw new EmbeddedPostgresError(
    'account',
    `PostgreSQL does not run as root, and its system user "${SYSTEM_USER}" could not be created (${reason}). Run "useradd --system ${SYSTEM_USER}", start Rollcall as another user than root, or set DATABASE_URL.`,
  );
}

async function findUser(): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', SYSTEM_USER]), run('id', ['-g', SYSTEM_USER])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** Resolves to why it did not work; the caller looks whether it did. */
async function createUser(): Promise<string> {
  const reasons: string[] = [];
  const home = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', ...home, SYSTEM_USER]],
    // BusyBox, as in Alpine.
    ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', '-s', '/sbin/nologin', SYSTEM_USER]],
  ];
  for (const [command, args] of attempts) {
    try {
      await run(command, args);
      return '';
    } catch (error) {
      reasons.push(reasonOf(command, error as NodeJS.ErrnoException & { stderr?: string }));
    }
  }
  return reasons.join('; ');
}

function reasonOf(command: string, error: NodeJS.ErrnoException & { stderr?: string }): string {
  if (error.code === 'ENOENT') return `${command}: not found`;
  const lines = (error.stderr ?? '').trim().split('\n');
  return lines.at(-1) === '' ? error.message : (lines.at(-1) ?? error.message);
}
