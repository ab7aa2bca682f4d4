import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'ldapts';
import { LOOPBACK_CERTIFICATE } from '../fake-source/loopback-certificate.js';
import type { Peer } from './describe-with-peer.js';
import { freePort, startPeer, type PeerProcess } from './peer-process.js';

export const SLAPD: Peer = {
  name: 'OpenLDAP slapd',
  paths: ['/usr/sbin/slapd', '/usr/libexec/slapd', '/usr/lib/openldap/slapd'],
  packages: ['slapd', 'ldap-utils'],
};

export interface SlapdOptions {
  readonly people: number;
  readonly groups: number;
  readonly membersPerGroup: number;
  /** The directive's value, for readers other than the administrator: `500`, `size.soft=500 size.prtotal=unlimited`. */
  readonly sizeLimit: string;
}

export interface Slapd {
  readonly port: number;
  readonly tlsPort: number;
  readonly suffix: string;
  readonly readerDn: string;
  readonly readerPassword: string;
  /** Signed in as administrator. */
  readonly admin: Client;
  /** Ends it and starts it again: its log of changes is lost. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const SUFFIX = 'dc=example,dc=test';
const ADMIN = `cn=admin,${SUFFIX}`;
const PASSWORD = 'peer-admin-password';
const READER = `uid=reader,ou=services,${SUFFIX}`;
const READER_PASSWORD = 'peer-reader-password';

/** A slapd of its own in a temporary folder, on loopback, with invented people. */
export async function startSlapd(program: string, options: SlapdOptions): Promise<Slapd> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-slapd-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'server.crt'), LOOPBACK_CERTIFICATE.cert);
  await writeFile(join(folder, 'server.key'), LOOPBACK_CERTIFICATE.key, { mode: 0o600 });
  await writeFile(join(folder, 'slapd.conf'), configuration(options.sizeLimit));
  await writeFile(join(folder, 'seed.ldif'), [...seed(options)].join('\n'));
  const slapadd = join(dirname(program), 'slapadd');
  await promisify(execFile)(slapadd, ['-q', '-f', 'slapd.conf', '-b', SUFFIX, '-l', 'seed.ldif'], {
    cwd: folder,
  });
  const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
  const start = (): Promise<PeerProcess> =>
    startPeer(program, ['-d', '0', '-f', 'slapd.conf', '-h', urls], { port, folder });
  let server = await start();
  const admin = new Client({ url: `ldap://127.0.0.1:${port}` });
  await admin.bind(ADMIN, PASSWORD);
  return {
    port,
    tlsPort,
    suffix: SUFFIX,
    readerDn: READER,
    readerPassword: READER_PASSWORD,
    admin,
    restart: async () => {
      await admin.unbind();
      await server.stop();
      server = await start();
      await admin.bind(ADMIN, PASSWORD);
    },
    close: async () => {
      await admin.unbind();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(sizeLimit: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb.so
moduleload syncprov.so
pidfile ./slapd.pid
argsfile ./slapd.args
sizelimit ${sizeLimit}
TLSCertificateFile ./server.crt
TLSCertificateKeyFile ./server.key
database mdb
suffix "${SUFFIX}"
rootdn "${ADMIN}"
rootpw ${PASSWORD}
directory ./data
maxsize 1073741824
index objectClass,entryUUID,entryCSN,modifyTimestamp eq
index uid,cn,mail,member eq
access to * by dn.exact="${READER}" read by * auth
overlay syncprov
syncprov-sessionlog 1000
`;
}

function* seed({ people, groups, membersPerGroup }: SlapdOptions): Generator<string> {
  yield `dn: ${SUFFIX}\nobjectClass: organization\nobjectClass: dcObject\no: Example\ndc: example\n`;
  for (const unit of ['people', 'groups', 'services'])
    yield `dn: ou=${unit},${SUFFIX}\nobjectClass: organizationalUnit\nou: ${unit}\n`;
  yield `dn: ${READER}\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: reader\nuserPassword: ${READER_PASSWORD}\n`;
  for (let index = 0; index < people; index++) yield personLdif(index);
  for (let group = 0; group < groups; group++) {
    const members = Array.from({ length: membersPerGroup }, (_, i) => (group * 7 + i) % people);
    const lines = members.map((index) => `member: ${personDn(index)}`);
    yield [
      `dn: cn=Group ${group},ou=groups,${SUFFIX}`,
      'objectClass: groupOfNames',
      `cn: Group ${group}`,
      ...lines,
      '',
    ].join('\n');
  }
}

function personDn(index: number): string {
  return `uid=person${index},ou=people,${SUFFIX}`;
}

function personLdif(index: number): string {
  return [
    `dn: ${personDn(index)}`,
    'objectClass: inetOrgPerson',
    `uid: person${index}`,
    `cn: Person ${index}`,
    'givenName: Person',
    `sn: Number ${index}`,
    `mail: person${index}@example.com`,
    `title: Engineer ${index % 7}`,
    `departmentNumber: ${index % 5}`,
    'userPassword: never-to-be-read',
    '',
  ].join('\n');
}
