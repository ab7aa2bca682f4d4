import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { takePage, type FakeServer } from './fake-server.js';
import { itemsOf, type FakeList, type FakeTenant } from './fake-tenant.js';
import { FaultPlan, type FaultKind } from './fault.js';
import { GROUPS, groupId, LdapEntries, PEOPLE, SUFFIX, userId, type FakeLdapKind } from './ldap-entries.js';
import {
  asideMessages,
  entryMessage,
  PAGED,
  readRequest,
  resultMessage,
  type FakeEntry,
  type FakeLdapRequest,
  type FakeLdapSearch,
  type FakeResult,
} from './ldap-wire.js';
import { LOOPBACK_CERTIFICATE } from './loopback-certificate.js';

const BIND_DN = `uid=reader,${SUFFIX}`;
const PASSWORD = 'fake-ldap-password';
const OLD_PASSWORD = 'fake-ldap-old-password';

/** What specs have to know of the fake. */
export const FAKE_LDAP = {
  suffix: SUFFIX,
  people: PEOPLE,
  groups: GROUPS,
  bindDn: BIND_DN,
  password: PASSWORD,
};

export interface FakeLdapOptions {
  readonly pageSize: number;
  readonly kind?: FakeLdapKind;
  /** `ldap` knows StartTLS. */
  readonly transport?: 'ldaps' | 'ldap';
  /** The most values of `member` that one answer holds; the rest is a range of its own. */
  readonly maxValues?: number;
}

/**
 * An LDAP server as slapd and Active Directory were seen to behave: paging, references and intermediate responses in
 * every search, StartTLS, ranges, sub-codes of refused binds.
 */
export const fakeLdap: ConformanceFake = {
  start: (tenant, { pageSize }) => startFakeLdap(tenant, { pageSize }),
  answers: (url) => answers(url, PASSWORD),
  wrongAnswers: (url) => answers(url, OLD_PASSWORD),
  secrets: [PASSWORD, OLD_PASSWORD, 'never-to-be-read'],
  userId,
  groupId,
  calls: { users: 'users', groups: 'groups', members: 'members', lookUp: 'user_names' },
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    pending: { active: true, stateReason: null },
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: false,
  hasConnections: true,
  forgetsCursors: false,
};

function answers(url: string, password: string): JsonObject {
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port) || 389,
    security: 'ldaps',
    ca_certificate: LOOPBACK_CERTIFICATE.cert,
    bind_dn: BIND_DN,
    bind_password: password,
    user_base_dns: [PEOPLE],
    group_base_dns: [GROUPS],
  };
}

export async function startFakeLdap(tenant: FakeTenant, options: FakeLdapOptions): Promise<FakeServer> {
  const plan = new FaultPlan();
  const sockets = new Set<Socket>();
  const parts = { plan, options, entries: new LdapEntries(tenant, options.kind ?? 'openldap') };
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    new Session(parts, socket).start();
  };
  const server: Server =
    options.transport === 'ldap' ? createServer(serve) : createTlsServer(LOOPBACK_CERTIFICATE, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scheme = options.transport === 'ldap' ? 'ldap' : 'ldaps';
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: plan.calls,
    fail: (fault) => plan.add(fault),
    calm: () => plan.clear(),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Parts {
  readonly plan: FaultPlan;
  readonly options: FakeLdapOptions;
  readonly entries: LdapEntries;
}

/** One connection. */
class Session {
  readonly #parts: Parts;
  #socket: Socket;
  #bytes = Buffer.alloc(0);
  #isBound = false;

  constructor(parts: Parts, socket: Socket) {
    this.#parts = parts;
    this.#socket = socket;
  }

  start(): void {
    this.#listen(this.#socket);
  }

  #listen(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      for (let next = readRequest(this.#bytes); next !== undefined; next = readRequest(this.#bytes)) {
        this.#bytes = this.#bytes.subarray(next.length);
        this.#answer(next.request);
      }
    });
  }

  #answer(request: FakeLdapRequest): void {
    switch (request.kind) {
      case 'bind':
        return this.#bind(request);
      case 'extended':
        return this.#startTls(request.id);
      case 'search':
        return this.#search(request.id, request);
      case 'unbind':
        this.#socket.end();
    }
  }

  #bind({ id, dn, password }: Extract<FakeLdapRequest, { kind: 'bind' }>): void {
    const fault = this.#parts.plan.meet({ call: 'bind', of: null, token: null });
    this.#isBound = fault === undefined && dn === BIND_DN && password === PASSWORD;
    const code = this.#isBound ? 0 : fault?.kind === 'status' ? fault.status : 49;
    const text =
      fault?.kind === 'status'
        ? (fault.reason ?? '')
        : '80090308: LdapErr: DSID-0C09042A, AcceptSecurityContext error, data 52e, v4563';
    this.#socket.write(resultMessage(id, { of: 'bind', code, text: code === 0 ? '' : text }));
  }

  #startTls(id: number): void {
    const fault = this.#parts.plan.meet({ call: 'starttls', of: null, token: null });
    if (fault !== undefined) return void this.#socket.write(resultMessage(id, { of: 'extended', code: 2 }));
    const plain = this.#socket;
    plain.write(resultMessage(id, { of: 'extended', code: 0 }));
    plain.removeAllListeners('data');
    this.#socket = new TLSSocket(plain, { isServer: true, ...LOOPBACK_CERTIFICATE });
    this.#listen(this.#socket);
  }

  #search(id: number, search: FakeLdapSearch): void {
    const { base, page } = search;
    const token = page === undefined || page.cookie === '' ? null : page.cookie;
    // Every listing begins with a look at the root DSE; that is no page of anything.
    const fault = base === '' ? undefined : this.#parts.plan.meet({ call: callOf(search), of: null, token });
    this.#send(id, this.#isBound ? this.#find(search, fault) : { entries: [], code: 50 }, fault);
  }

  #find(search: FakeLdapSearch, fault: FaultKind | undefined): Found {
    if (fault?.kind === 'status') return { entries: [], code: codeOf(fault.status) };
    if (search.isBase) return this.#read(search);
    const list = this.#parts.entries.below(search.base, search.filter);
    if (list === undefined) return { entries: [], code: 32, matchedDn: SUFFIX };
    if (search.page === undefined)
      return { entries: [...itemsOf(list)].map((entry) => this.#shown(entry, search.attributes)), code: 0 };
    return this.#page(list, { ...search.page, attributes: search.attributes }, fault);
  }

  #page(list: FakeList<FakeEntry>, asked: AskedPage, fault: FaultKind | undefined): Found {
    const { cookie, attributes } = asked;
    // Pages are smaller than asked for, as a server may make them.
    const size = Math.min(this.#parts.options.pageSize, asked.size);
    if (fault?.kind === 'empty_page') return { entries: [], code: 0, cookie: `e${cookie || 'p0'}` };
    const page = takePage(list, { token: cookie.replace(/^e+/, '') || null, size }, fault);
    if (page === undefined) return { entries: [], code: 53 };
    const entries = page.items.map((entry) => this.#shown(entry, attributes));
    return fault?.kind === 'size_limit'
      ? { entries, code: 4 }
      : { entries, code: 0, cookie: page.next ?? '' };
  }

  #read({ base, attributes }: FakeLdapSearch): Found {
    const { kind = 'openldap' } = this.#parts.options;
    if (base === '') return { entries: [{ dn: '', attributes: rootDse(kind) }], code: 0 };
    const entry = this.#parts.entries.byDn(base);
    return entry === undefined
      ? { entries: [], code: 32, matchedDn: GROUPS }
      : { entries: [this.#shown(entry, attributes)], code: 0 };
  }

  /** The attributes that were asked for; long lists in ranges. */
  #shown(entry: FakeEntry, asked: readonly string[]): FakeEntry {
    const { maxValues = Infinity } = this.#parts.options;
    const shown = Object.entries(entry.attributes).flatMap(([name, values]) => {
      const wanted = name.toLowerCase();
      const range = asked.find((text) => text.startsWith(`${wanted};range=`));
      if (range !== undefined) return [rangeOf(name, values, { from: fromOf(range), maxValues })];
      if (!asked.includes(wanted)) return [];
      return [values.length > maxValues ? rangeOf(name, values, { from: 0, maxValues }) : [name, values]];
    });
    return { dn: entry.dn, attributes: Object.fromEntries(shown) as FakeEntry['attributes'] };
  }

  #send(id: number, found: Found, fault: FaultKind | undefined): void {
    const { entries, ...result } = found;
    const whole = Buffer.concat([
      ...entries.map((entry) => entryMessage(id, entry)),
      ...asideMessages(id),
      resultMessage(id, { of: 'search', ...result }),
    ]);
    switch (fault?.kind) {
      case 'silence':
        return;
      case 'hang_up':
        return void this.#socket.destroy();
      case 'cut_body':
        return void this.#socket.end(whole.subarray(0, whole.length / 2));
      case 'html':
      case 'html_404':
        return void this.#socket.write('<html><body>Sign in</body></html>');
      case 'nothing':
        return void this.#socket.write(resultMessage(id, { of: 'search', code: 0 }));
      case 'no_list':
        return void this.#socket.write(resultMessage(id, { of: 'bind', code: 0 }));
      default:
        this.#socket.write(whole);
    }
  }
}

type Values = readonly (string | Buffer)[];

function fromOf(range: string): number {
  return Number(/range=(\d+)/.exec(range)?.[1] ?? 0);
}

function rangeOf(
  name: string,
  values: Values,
  { from, maxValues }: { readonly from: number; readonly maxValues: number },
): [string, Values] {
  const part = values.slice(from, from + maxValues);
  const end = from + part.length === values.length ? '*' : String(from + part.length - 1);
  return [`${name};range=${from}-${end}`, part];
}

interface AskedPage {
  readonly size: number;
  readonly cookie: string;
  readonly attributes: readonly string[];
}

type Found = Omit<FakeResult, 'of'> & { readonly entries: readonly FakeEntry[] };

function rootDse(kind: FakeLdapKind): FakeEntry['attributes'] {
  const common = { supportedControl: [PAGED], namingContexts: [SUFFIX] };
  if (kind === 'openldap') return { ...common, structuralObjectClass: ['OpenLDAProotDSE'] };
  return {
    ...common,
    supportedCapabilities: ['1.2.840.113556.1.4.800'],
    defaultNamingContext: [SUFFIX],
    dsServiceName: [`CN=NTDS Settings,CN=DC1,${SUFFIX}`],
    highestCommittedUSN: ['1000000'],
  };
}

/** Members are asked for apart from groups; who has which name, apart from both. */
function callOf({ base, isBase, attributes }: FakeLdapSearch): string {
  if (isBase) return 'read';
  if (attributes.includes('member')) return 'members';
  if (attributes.includes('sn')) return 'users';
  if (attributes.includes('cn')) return 'groups';
  return base.toLowerCase() === PEOPLE ? 'user_names' : 'group_names';
}

/** The result code that says what an HTTP status says; smaller numbers are result codes. */
function codeOf(status: number): number {
  const codes: Record<number, number> = { 400: 1, 401: 49, 403: 50, 429: 51, 500: 52, 503: 52 };
  return codes[status] ?? status;
}
