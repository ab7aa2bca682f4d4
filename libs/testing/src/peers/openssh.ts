import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { newSshKey } from '../fake-source/sftp-server.js';
import type { Peer } from './describe-with-peer.js';
import { freePort, startPeer } from './peer-process.js';

export const OPENSSH: Peer = {
  name: 'OpenSSH server',
  paths: ['/usr/sbin/sshd'],
  packages: ['openssh-server'],
};

export interface OpenSsh {
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
  /** Fingerprint of the server's key. */
  readonly hostKey: string;
  /** A folder of the account. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Where the privileged part of sshd waits; the package's service makes it, and nothing else does. */
const PRIVILEGE_FOLDER = '/run/sshd';

/** An sshd of its own with SFTP only, for the user of this process, on a free loopback port. */
export async function startOpenSsh(program: string): Promise<OpenSsh> {
  const base = await mkdtemp(join(tmpdir(), 'rollcall-sshd-'));
  const folder = join(base, 'files');
  await mkdir(folder);
  if (process.getuid?.() === 0) await mkdir(PRIVILEGE_FOLDER, { recursive: true, mode: 0o755 });
  const [host, client] = [newSshKey(), newSshKey()];
  const port = await freePort();
  await writeFile(join(base, 'host_key'), host.privateKey, { mode: 0o600 });
  await writeFile(join(base, 'authorized_keys'), `${client.publicKey}\n`, { mode: 0o600 });
  await writeFile(join(base, 'sshd_config'), configuration(base, port));
  const server = await startPeer(program, ['-D', '-e', '-f', join(base, 'sshd_config')], {
    port,
    folder: base,
  });
  return {
    port,
    username: userInfo().username,
    privateKey: client.privateKey,
    hostKey: host.fingerprint,
    folder,
    close: async () => {
      await server.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}

function configuration(base: string, port: number): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${base}/host_key
AuthorizedKeysFile ${base}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
`;
}
