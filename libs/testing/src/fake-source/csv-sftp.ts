import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import type { FakeServer } from './fake-server.js';
import { itemsOf, type FakePerson, type FakeTenant } from './fake-tenant.js';
import { FaultPlan, type FaultKind } from './fault.js';
import { newSshKey, startFakeSftp, type FakeFile, type Opening } from './sftp-server.js';

const USERNAME = 'export';
const PASSWORD = 'fake-sftp-password';
const OLD_PASSWORD = 'fake-sftp-old-password';
const { NO_SUCH_FILE, PERMISSION_DENIED, FAILURE } = ssh2.utils.sftp.STATUS_CODE;

const HOST_KEY = newSshKey();

const userId = (index: number): string => `e-${String(index).padStart(6, '0')}`;
const groupId = (index: number): string => `g-${index}`;

/** What specs have to know of the fake. */
export const FAKE_CSV = { username: USERNAME, password: PASSWORD, hostKey: HOST_KEY.fingerprint };

export interface FakeCsvOptions {
  /** Other files than those of the tenant. */
  readonly files?: () => ReadonlyMap<string, FakeFile>;
  /** The server has been replaced. */
  readonly hasNewHostKey?: boolean;
  /** The server asks for the password in a dialogue only. */
  readonly isInteractive?: boolean;
}

/** An HR system's nightly export on an SFTP server: people, groups, memberships, and a manifest that counts them. */
export const fakeCsvSftp: ConformanceFake = {
  start: (tenant) => startFakeCsv(tenant),
  answers: (url) => answers(url, PASSWORD),
  wrongAnswers: (url) => answers(url, OLD_PASSWORD),
  secrets: [PASSWORD, OLD_PASSWORD],
  userId,
  groupId,
  calls: { users: 'users', groups: 'groups', members: 'memberships', lookUp: 'users' },
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'terminated' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
  hasConnections: true,
  hasPages: false,
  forgetsPages: false,
  refusesEmpty: true,
};

function answers(url: string, password: string): JsonObject {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port) || 22,
    host_keys: [FAKE_CSV.hostKey],
    username: USERNAME,
    sign_in: 'password',
    password,
  };
}

export async function startFakeCsv(tenant: FakeTenant, options: FakeCsvOptions = {}): Promise<FakeServer> {
  const plan = new FaultPlan();
  let isLocked = false;
  const sftp = await startFakeSftp({
    username: USERNAME,
    password: PASSWORD,
    hostKey: (options.hasNewHostKey === true ? newSshKey() : HOST_KEY).privateKey,
    ...(options.isInteractive === true && { isInteractive: true }),
    files: options.files ?? (() => filesOf(tenant)),
    admits: () => !isLocked,
    open: (name, file) => {
      const fault = plan.meet({ call: name.replace(/\.csv$/, ''), of: null, token: null });
      // Who signs in anew is not let in: the account was locked meanwhile.
      if (fault?.kind === 'status' && fault.status === 401) isLocked = true;
      return openingOf(fault, file.content);
    },
  });
  return {
    url: `sftp://127.0.0.1:${sftp.port}`,
    calls: plan.calls,
    fail: (fault) => plan.add(fault),
    calm: () => {
      isLocked = false;
      plan.clear();
    },
    close: () => sftp.close(),
  };
}

function openingOf(fault: FaultKind | undefined, content: Buffer): Opening {
  switch (fault?.kind) {
    case undefined:
      return { kind: 'content', content };
    case 'status':
      if (fault.status === 401) return { kind: 'hang_up' };
      return { kind: 'status', code: STATUS[fault.status] ?? FAILURE };
    case 'hang_up':
      return { kind: 'hang_up' };
    case 'cut_body':
      return { kind: 'content', content: content.subarray(0, content.length / 2) };
    case 'no_list':
      return { kind: 'content', content: Buffer.from('{}') };
    case 'nothing':
      return { kind: 'content', content: Buffer.alloc(0) };
    default:
      return { kind: 'content', content: Buffer.from('<html><body>Sign in</body></html>') };
  }
}

/** Of SFTP, by the HTTP status that means the same. */
const STATUS: Readonly<Record<number, number>> = { 403: PERMISSION_DENIED, 404: NO_SUCH_FILE };

const STATE: Readonly<Record<FakePerson['state'], string>> = {
  active: 'Active',
  suspended: 'inactive',
  pending: 'Pre-hire',
  archived: 'Terminated',
};

/** The export of now: three tables and what says that they are whole. */
export function filesOf(tenant: FakeTenant): ReadonlyMap<string, FakeFile> {
  const people = [...itemsOf(tenant.users)];
  const groups = [...itemsOf(tenant.groups)];
  const tables = new Map([
    [
      'users.csv',
      table('Employee ID,Login,Work E-Mail,First Name,Last Name,Title,Status', people.map(personLine)),
    ],
    [
      'groups.csv',
      table(
        'group_id,group_name',
        groups.map(({ index, name }) => [groupId(index), name]),
      ),
    ],
    [
      'memberships.csv',
      table(
        'group_id,idp_id',
        groups.flatMap(({ index }) =>
          [...itemsOf(tenant.members(index))].map((member) => [groupId(index), userId(member.index)]),
        ),
      ),
    ],
  ]);
  const modifiedAt = new Date(Math.max(tenant.startedAt, ...tenant.changes.map(({ at }) => at)) - 3_600_000);
  const manifest = {
    format: '1',
    complete: true,
    files: [...tables].map(([name, { content, rows }]) => ({
      name,
      rows,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  };
  const contents = [...tables].map(([name, { content }]) => [name, content] as const);
  return new Map(
    [...contents, ['manifest.json', Buffer.from(JSON.stringify(manifest))] as const].map(
      ([name, content]) => [name, { content, modifiedAt }],
    ),
  );
}

function table(header: string, lines: readonly (readonly string[])[]): { content: Buffer; rows: number } {
  const text = [header, ...lines.map((cells) => cells.map(quoted).join(','))].join('\r\n');
  return { content: Buffer.from(`${text}\r\n`), rows: lines.length };
}

function personLine(person: FakePerson): readonly string[] {
  return [
    userId(person.index),
    person.login,
    person.email,
    person.firstName,
    person.lastName,
    person.title,
    person.broken ? 'retired?' : STATE[person.state],
  ];
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
