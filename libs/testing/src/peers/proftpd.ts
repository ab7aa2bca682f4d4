import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { newSshKey } from '../fake-source/sftp-server.js';
import type { Peer } from './describe-with-peer.js';
import { freePort, startPeer } from './peer-process.js';
import type { OpenSsh } from './openssh.js';

export const PROFTPD: Peer = {
  name: 'ProFTPD with mod_sftp',
  paths: ['/usr/sbin/proftpd'],
  packages: ['proftpd-core', 'proftpd-mod-crypto'],
};

/** Nobody's, for a server that root has started: it lets nobody in as root. */
const NOBODY = 65_534;

/** An SFTP server that shares no line with OpenSSH, on a free loopback port. The account sees its folder as `/`. */
export async function startProftpd(program: string): Promise<OpenSsh> {
  const base = await mkdtemp(join(tmpdir(), 'rollcall-proftpd-'));
  const files = join(base, 'files');
  await mkdir(files);
  await Promise.all([chmod(base, 0o755), chmod(files, 0o755)]);
  const [host, client] = [newSshKey(), newSshKey()];
  const port = await freePort();
  const { uid, gid } = userInfo();
  const owner = uid === 0 ? [NOBODY, NOBODY] : [uid, gid];
  await writeFile(join(base, 'host_key'), host.privateKey, { mode: 0o600 });
  await writeFile(join(base, 'people'), `sync:!:${owner.join(':')}::${files}:/bin/false\n`, { mode: 0o600 });
  await writeFile(join(base, 'keys'), rfc4716(client.publicKey), { mode: 0o644 });
  await writeFile(join(base, 'proftpd.conf'), configuration(base, port));
  const server = await startPeer(program, ['-n', '-q', '-c', join(base, 'proftpd.conf')], {
    port,
    folder: base,
  });
  return {
    port,
    username: 'sync',
    privateKey: client.privateKey,
    hostKey: host.fingerprint,
    folder: files,
    close: async () => {
      await server.stop();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** The form of public keys that this server reads. */
function rfc4716(publicKey: string): string {
  const blob = publicKey.split(' ')[1] ?? '';
  const lines = blob.match(/.{1,70}/g) ?? [];
  return ['---- BEGIN SSH2 PUBLIC KEY ----', ...lines, '---- END SSH2 PUBLIC KEY ----', ''].join('\n');
}

function configuration(base: string, port: number): string {
  return `ModulePath /usr/lib/proftpd
LoadModule mod_sftp.c
ServerType standalone
ServerName peer
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
Port ${port}
PidFile ${base}/pid
ScoreboardFile ${base}/scoreboard
DelayTable none
WtmpLog off
RequireValidShell off
UseFtpUsers off
AuthOrder mod_auth_file.c
AuthUserFile ${base}/people
DefaultRoot ~
SFTPEngine on
SFTPHostKey ${base}/host_key
SFTPAuthorizedUserKeys file:${base}/keys
SFTPAuthMethods publickey
`;
}
