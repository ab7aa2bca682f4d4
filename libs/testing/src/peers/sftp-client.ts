import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from './describe-with-peer.js';

export const SFTP_CLIENT: Peer = {
  name: 'OpenSSH sftp',
  paths: ['/usr/bin/sftp'],
  packages: ['openssh-client'],
};

export interface SftpUser {
  readonly port: number;
  readonly username: string;
  readonly credential: { readonly password: string } | { readonly privateKey: string };
}

export interface SftpOutcome {
  readonly code: number | null;
  readonly output: string;
}

/** OpenSSH's own clients, as an admin runs them, in a folder of their own. */
export class SftpClient {
  readonly folder: string;
  readonly #user: SftpUser;

  private constructor(folder: string, user: SftpUser) {
    this.folder = folder;
    this.#user = user;
  }

  static async create(user: SftpUser): Promise<SftpClient> {
    const client = new SftpClient(await mkdtemp(join(tmpdir(), 'rollcall-sftp-')), user);
    await client.#prepare();
    return client;
  }

  /** Runs commands as `sftp -b` does: the first that fails ends it. */
  sftp(commands: readonly string[]): Promise<SftpOutcome> {
    return outcomeOf(this.start(commands));
  }

  /** The same without waiting for its end. */
  start(commands: readonly string[], options: readonly string[] = []): ChildProcess {
    const { port, username } = this.#user;
    // Not "-b": batch mode never asks for a password.
    const child = this.#run('sftp', [...options, '-P', String(port), `${username}@127.0.0.1`]);
    child.stdin?.end(`${commands.join('\n')}\n`);
    return child;
  }

  scp(file: string, to: string): Promise<SftpOutcome> {
    const { port, username } = this.#user;
    return outcomeOf(this.#run('scp', ['-P', String(port), file, `${username}@127.0.0.1:${to}`]));
  }

  ssh(args: readonly string[]): Promise<SftpOutcome> {
    const { port, username } = this.#user;
    const child = this.#run('ssh', ['-p', String(port), `${username}@127.0.0.1`, ...args]);
    child.stdin?.end();
    return outcomeOf(child);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    const { credential } = this.#user;
    if ('privateKey' in credential)
      return writeFile(join(this.folder, 'key'), credential.privateKey, { mode: 0o600 });
    const script = join(this.folder, 'askpass');
    await writeFile(script, `#!/bin/sh\nprintf '%s\\n' "$ROLLCALL_TEST_PASSWORD"\n`);
    return chmod(script, 0o700);
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const { credential } = this.#user;
    const isKey = 'privateKey' in credential;
    const options = [
      'StrictHostKeyChecking=no',
      `UserKnownHostsFile=${join(this.folder, 'known_hosts')}`,
      'LogLevel=ERROR',
      'IdentitiesOnly=yes',
      ...(isKey ? [`IdentityFile=${join(this.folder, 'key')}`] : ['PubkeyAuthentication=no']),
    ].flatMap((option) => ['-o', option]);
    return spawn(`/usr/bin/${program}`, ['-F', 'none', ...options, ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        SSH_ASKPASS: join(this.folder, 'askpass'),
        SSH_ASKPASS_REQUIRE: 'force',
        ROLLCALL_TEST_PASSWORD: isKey ? '' : credential.password,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
}

function outcomeOf(child: ChildProcess): Promise<SftpOutcome> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
