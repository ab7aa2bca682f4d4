import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Attribute, Change, Client } from 'ldapts';
import type { Peer } from './describe-with-peer.js';
import { freePort, startPeer, type PeerPlace } from './peer-process.js';

export const DIRECTORY_SERVER_389: Peer = {
  name: '389 Directory Server',
  paths: ['/usr/sbin/ns-slapd'],
  packages: ['389-ds-base'],
  // The instance belongs to an account of the package, which only root can become.
  needsRoot: true,
};

export interface DirectoryServer389Options {
  /** Whether the retro changelog records the ids that content synchronization needs. */
  readonly recordsIds: boolean;
}

export interface DirectoryServer389 {
  readonly port: number;
  readonly suffix: string;
  readonly readerDn: string;
  readonly readerPassword: string;
  /** Signed in as Directory Manager. */
  readonly admin: Client;
  close(): Promise<void>;
}

const SUFFIX = 'dc=example,dc=test';
const MANAGER = 'cn=Directory Manager';
const PASSWORD = 'peer-admin-password';
const READER = `uid=reader,${SUFFIX}`;
const READER_PASSWORD = 'peer-reader-password';
const INSTANCE = 'peer';
const MAKE_WITHIN_MS = 120_000;

type User = NonNullable<PeerPlace['user']>;

/** An ns-slapd of its own in a temporary folder, on loopback, without TLS; one reader, no people. */
export async function startDirectoryServer389(
  program: string,
  options: DirectoryServer389Options,
): Promise<DirectoryServer389> {
  const user = await accountOf('dirsrv');
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-389ds-'));
  await chmod(folder, 0o755);
  await chown(folder, user.uid, user.gid);
  const port = await freePort();
  const instance = await makeInstance(folder, { port, user });
  const dse = join(instance, 'dse.ldif');
  await writeFile(dse, withPlugins(await readFile(dse, 'utf8'), options));
  const args = ['-D', instance, '-i', join(folder, 'peer.pid'), '-d', '0'];
  const server = await startPeer(program, args, { port, folder, user });
  const admin = new Client({ url: `ldap://127.0.0.1:${port}` });
  const close = async (): Promise<void> => {
    await admin.unbind();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await admin.bind(MANAGER, PASSWORD);
    await addReader(admin);
    return { port, suffix: SUFFIX, readerDn: READER, readerPassword: READER_PASSWORD, admin, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @returns the folder of its configuration */
async function makeInstance(
  folder: string,
  { port, user }: { readonly port: number; readonly user: User },
): Promise<string> {
  const [root, bin] = [join(folder, 'root'), join(folder, 'bin')];
  await mkdir(bin);
  await chown(bin, user.uid, user.gid);
  const run = promisify(execFile);
  const env = { HOME: folder, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const options = { cwd: folder, timeout: MAKE_WITHIN_MS, env, ...user };
  await run('dscreate', ['ds-root', root, bin], options);
  await replaceIn(join(root, 'share/dirsrv/inf/defaults.inf'), /^with_systemd = .*$/m, 'with_systemd = 0');
  // It would listen everywhere.
  const template = join(root, 'share/dirsrv/data/template-dse.ldif');
  await replaceIn(template, /^dn: cn=config$/m, 'dn: cn=config\nnsslapd-listenhost: 127.0.0.1');
  const inf = join(folder, 'peer.inf');
  await writeFile(inf, instanceInf(port));
  await run(join(bin, 'dscreate'), ['from-file', inf], options);
  return join(root, 'etc/dirsrv', `slapd-${INSTANCE}`);
}

function instanceInf(port: number): string {
  return `[general]
full_machine_name = localhost
strict_host_checking = False
selinux = False
start = False
[slapd]
instance_name = ${INSTANCE}
port = ${port}
root_dn = ${MANAGER}
root_password = ${PASSWORD}
self_sign_cert = False
[backend-userroot]
suffix = ${SUFFIX}
create_suffix_entry = True
sample_entries = no
`;
}

function withPlugins(dse: string, { recordsIds }: DirectoryServer389Options): string {
  const plugins = ['Retro Changelog Plugin', 'Content Synchronization', 'MemberOf Plugin'];
  const ids = 'nsslapd-attribute: nsuniqueid:targetUniqueId\nnsslapd-attribute: entryuuid:targetEntryUUID\n';
  return dse
    .split('\n\n')
    .map((entry) => {
      const name = plugins.find((plugin) => entry.includes(`dn: cn=${plugin},cn=plugins,cn=config\n`));
      if (name === undefined) return entry;
      const enabled = entry.replace('nsslapd-pluginEnabled: off', 'nsslapd-pluginEnabled: on');
      return recordsIds && name === plugins[0] ? `${enabled}\n${ids.trimEnd()}` : enabled;
    })
    .join('\n\n');
}

async function addReader(admin: Client): Promise<void> {
  const aciFor = (attributes: string): string =>
    `(targetattr${attributes})(version 3.0; acl "reader"; allow (read,search,compare) userdn="ldap:///${READER}";)`;
  await admin.add(READER, {
    objectClass: ['account', 'simpleSecurityObject'],
    uid: 'reader',
    userPassword: READER_PASSWORD,
  });
  // Of the changelog no more than the guide tells admins to allow.
  const rights = [
    [SUFFIX, '="*"'],
    ['cn=changelog', '!="changes"'],
  ] as const;
  for (const [base, attributes] of rights) {
    const modification = new Attribute({ type: 'aci', values: [aciFor(attributes)] });
    await admin.modify(base, new Change({ operation: 'add', modification }));
  }
}

async function replaceIn(path: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!from.test(text)) throw new Error(`${path} does not have ${from.source}`);
  await writeFile(path, text.replace(from, to));
}

/** Ids of an account of this machine. */
async function accountOf(name: string): Promise<User> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const [, , uid, gid] =
    passwd
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`There is no account ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}
