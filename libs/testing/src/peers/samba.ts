import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Attribute, Change, Client } from 'ldapts';
import { LOOPBACK_CERTIFICATE } from '../fake-source/loopback-certificate.js';
import type { Peer } from './describe-with-peer.js';
import { startPeer } from './peer-process.js';

export const SAMBA: Peer = {
  name: 'Samba AD DC',
  paths: ['/usr/sbin/samba'],
  packages: ['samba-ad-dc', 'samba-ad-provision'],
  // Its ports are 389 and 636, and its database belongs to root.
  needsRoot: true,
};

/** An account of the domain, as a connector signs in. */
export interface SambaAccount {
  readonly dn: string;
  readonly password: string;
}

export interface Samba {
  /** An address of its own in 127.0.0.0/8, for the ports cannot be chosen. */
  readonly host: string;
  readonly domain: string;
  /** Sees everything, deleted objects included. */
  readonly administrator: SambaAccount;
  /** Has "Replicating Directory Changes", and sees no deleted object. */
  readonly replicator: SambaAccount;
  /** An account without special rights. */
  readonly plain: SambaAccount;
  /** Signed in as administrator. */
  readonly admin: Client;
  close(): Promise<void>;
}

const DOMAIN = 'DC=corp,DC=example,DC=test';
const PASSWORD = 'Peer-Admin-Password-1';
const READER_PASSWORD = 'Peer-Reader-Password-1';
const PROVISION_WITHIN_MS = 120_000;
/** DS-Replication-Get-Changes on the domain, for the builtin group Replicator. */
const MAY_REPLICATE = '(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;RE)';

/** A domain controller of its own in a temporary folder. Making the domain takes ten seconds and more. */
export async function startSamba(program: string): Promise<Samba> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-samba-'));
  const host = `127.${randomInt(64, 250)}.${randomInt(1, 250)}.${randomInt(1, 250)}`;
  const path = await provision(folder, host);
  const args = ['-s', path, '-F', '--no-process-group', '-M', 'single'];
  const server = await startPeer(program, args, { host, port: 636, folder });
  const admin = new Client({
    url: `ldaps://${host}`,
    tlsOptions: { ca: LOOPBACK_CERTIFICATE.cert, servername: 'localhost' },
  });
  const close = async (): Promise<void> => {
    await admin.unbind();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const administrator = { dn: 'Administrator@corp.example.test', password: PASSWORD };
    await admin.bind(administrator.dn, administrator.password);
    const replicator = await addReader(admin, 'rollcall-replicator');
    const plain = await addReader(admin, 'rollcall-plain');
    await addToGroup(admin, `CN=Replicator,CN=Builtin,${DOMAIN}`, replicator.dn);
    return { host, domain: DOMAIN, administrator, replicator, plain, admin, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @returns the path of the configuration */
async function provision(folder: string, host: string): Promise<string> {
  const run = promisify(execFile);
  const options = { cwd: folder, timeout: PROVISION_WITHIN_MS };
  const domain = ['--realm=CORP.EXAMPLE.TEST', '--domain=CORP', '--server-role=dc', '--dns-backend=NONE'];
  const own = [`--adminpass=${PASSWORD}`, `--targetdir=${folder}`, '--host-name=dc1', '--host-ip=127.0.0.1'];
  const network = [`--option=interfaces=${host}/8`, '--option=bind interfaces only=yes'];
  await run('samba-tool', ['domain', 'provision', ...domain, ...own, ...network], options);
  const path = join(folder, 'etc', 'smb.conf');
  await writeFile(join(folder, 'server.crt'), LOOPBACK_CERTIFICATE.cert);
  await writeFile(join(folder, 'server.key'), LOOPBACK_CERTIFICATE.key, { mode: 0o600 });
  await mkdir(join(folder, 'run'));
  const made = await readFile(path, 'utf8');
  await writeFile(path, configuration(made, folder));
  const right = [`--objectdn=${DOMAIN}`, `--sddl=${MAY_REPLICATE}`];
  const database = ['-s', path, '-H', join(folder, 'private', 'sam.ldb')];
  await run('samba-tool', ['dsacl', 'set', ...right, ...database], options);
  return path;
}

/** Nothing but LDAP, and no file outside of the folder. */
function configuration(made: string, folder: string): string {
  const own = `
	server services = ldap
	log file = ${folder}/log.%m
	pid directory = ${folder}/run
	ncalrpc dir = ${folder}/run/ncalrpc
	tls certfile = ${folder}/server.crt
	tls keyfile = ${folder}/server.key
	tls cafile =
`;
  const [global = ''] = made.replaceAll(/^\s*(server services|log file) = .*$/gm, '').split(/^\[homes\]/m);
  return global.trimEnd() + own;
}

async function addReader(admin: Client, name: string): Promise<SambaAccount> {
  const dn = `CN=${name},CN=Users,${DOMAIN}`;
  await admin.add(dn, {
    objectClass: 'user',
    sAMAccountName: name,
    userPrincipalName: `${name}@corp.example.test`,
    userAccountControl: '512',
    // As UTF-16LE between quotation marks, which is UTF-8, too (MS-ADTS 3.1.1.3.1.5.1).
    unicodePwd: Buffer.from(`"${READER_PASSWORD}"`, 'utf16le').toString('utf8'),
  });
  return { dn, password: READER_PASSWORD };
}

async function addToGroup(admin: Client, group: string, member: string): Promise<void> {
  await admin.modify(
    group,
    new Change({ operation: 'add', modification: new Attribute({ type: 'member', values: [member] }) }),
  );
}
