import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { takePage, type FakeServer } from './fake-server.js';
import { itemsOf, type FakeList, type FakeTenant } from './fake-tenant.js';
import { FaultPlan, type FaultKind } from './fault.js';
import { LdapChanges, type FoundChanges } from './ldap-changes.js';
import { GROUPS, groupId, LdapEntries, PEOPLE, SUFFIX, userId, type FakeLdapKind } from './ldap-entries.js';
import { FakeRoots, type FakeController, type FakeRootOptions } from './ldap-roots.js';
import {
  asideMessages,
  entryMessage,
  idSetMessage,
  readRequest,
  referenceMessage,
  resultMessage,
  type FakeEntry,
  type FakeLdapRequest,
  type FakeLdapSearch,
  type FakeResult,
} from './ldap-wire.js';
import { callOf, codeOf, shown } from './ldap-shown.js';
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

export interface FakeLdapOptions extends FakeRootOptions {
  readonly pageSize: number;
  /** `ldap` knows StartTLS. */
  readonly transport?: 'ldaps' | 'ldap';
  /** The most values of `member` that one answer holds; the rest is a range of its own. */
  readonly maxValues?: number;
}

export interface FakeLdapServer extends FakeServer {
  /** From now on another domain controller answers, or the same one in another life of its database. */
  become(controller: FakeController): void;
}

/**
 * An LDAP server as slapd, 389 DS and Active Directory were seen to behave: paging, references and intermediate
 * responses in every search, StartTLS, ranges, sub-codes of refused binds; LDAP Sync, DirSync, deleted objects.
 */
export const fakeLdap: ConformanceFake = {
  start: (tenant, { pageSize }) => startFakeLdap(tenant, { pageSize }),
  answers: (url) => answers(url, PASSWORD),
  wrongAnswers: (url) => answers(url, OLD_PASSWORD),
  secrets: [PASSWORD, OLD_PASSWORD, 'never-to-be-read'],
  userId,
  groupId,
  calls: {
    users: 'users',
    groups: 'groups',
    members: 'members',
    lookUp: 'user_names',
    memberLookUp: 'comparison',
  },
  nestsGroups: true,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    pending: { active: true, stateReason: null },
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: true,
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

export async function startFakeLdap(tenant: FakeTenant, options: FakeLdapOptions): Promise<FakeLdapServer> {
  const plan = new FaultPlan();
  const sockets = new Set<Socket>();
  const kind: FakeLdapKind = options.kind ?? 'openldap';
  const entries = new LdapEntries(tenant, kind);
  const changes = new LdapChanges(tenant, { entries, kind });
  const roots = new FakeRoots(tenant, { options, entries, changes });
  const parts = { plan, options, entries, changes, roots, asked: { count: 0 } };
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
    become: (controller) => roots.become(controller),
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
  readonly changes: LdapChanges;
  readonly roots: FakeRoots;
  readonly asked: { count: number };
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
    // Every listing begins with a look at what the server says of itself; that is no page of anything.
    const isRoot = search.isBase && this.#parts.roots.byDn(search.base) !== undefined;
    const request = { call: callOf(search), of: null, token: this.#tokenOf(search) };
    const fault = isRoot ? this.#faultOfRoot(search) : this.#parts.plan.meet(request);
    this.#send(id, this.#isBound ? this.#distorted(search, fault) : { entries: [], code: 50 }, fault);
  }

  #distorted(search: FakeLdapSearch, fault: FaultKind | undefined): Found | FoundChanges {
    const found = this.#find(search, fault);
    const { distort } = this.#parts.options;
    if (distort === undefined) return found;
    const entries = found.entries.map((one) => ('entry' in one ? one : distort(one, search.attributes)));
    return { ...found, entries } as Found | FoundChanges;
  }

  #faultOfRoot({ base }: FakeLdapSearch): FaultKind | undefined {
    if (base !== '') return undefined;
    return this.#parts.plan.meet({ call: 'root', of: null, token: String(++this.#parts.asked.count) });
  }

  /** Questions for changes are counted one by one. */
  #tokenOf({ page, changes }: FakeLdapSearch): string | null {
    if (changes !== undefined) return String(++this.#parts.asked.count);
    return page === undefined || page.cookie === '' ? null : page.cookie;
  }

  #find(search: FakeLdapSearch, fault: FaultKind | undefined): Found | FoundChanges {
    if (fault?.kind === 'status') return { entries: [], code: codeOf(fault.status) };
    if (search.isBase) return this.#read(search);
    if (search.changes !== undefined) return this.#findChanges(search, search.changes, fault);
    const more = this.#parts.roots.below(search);
    if (more !== undefined)
      return this.#page(
        more,
        { size: 1_000, cookie: '', ...search.page, attributes: search.attributes },
        fault,
      );
    const list = this.#parts.entries.below(search.base, search.filter);
    if (list === undefined) return { entries: [], code: 32, matchedDn: SUFFIX };
    if (search.page === undefined)
      return {
        entries: [...itemsOf(list)].map((entry) => shown(entry, search.attributes, this.#parts.options)),
        code: 0,
      };
    return this.#page(list, { ...search.page, attributes: search.attributes }, fault);
  }

  #findChanges(
    { base, filter, attributes }: FakeLdapSearch,
    { by, cookie }: NonNullable<FakeLdapSearch['changes']>,
    fault: FaultKind | undefined,
  ): FoundChanges {
    const { changes, options, roots } = this.#parts;
    const refusal = roots.refusalOf(by);
    if (refusal !== undefined) return { entries: [], code: refusal };
    const asked = { base, filter, attributes, cookie };
    if (by === 'sync') return changes.sync(asked, fault);
    const found = changes.dirSync(asked, options.pageSize, fault);
    if (options.hidesDeleted !== 'everywhere') return found;
    return { ...found, entries: found.entries.filter(({ entry }) => !entry.attributes['isDeleted']?.length) };
  }

  #page(list: FakeList<FakeEntry>, asked: AskedPage, fault: FaultKind | undefined): Found {
    const { cookie, attributes } = asked;
    // Pages are smaller than asked for, as a server may make them.
    const size = Math.min(this.#parts.options.pageSize, asked.size);
    if (fault?.kind === 'empty_page') return { entries: [], code: 0, cookie: `e${cookie || 'p0'}` };
    const page = takePage(list, { token: cookie.replace(/^e+/, '') || null, size }, fault);
    if (page === undefined) return { entries: [], code: 53 };
    const entries = page.items.map((entry) => shown(entry, attributes, this.#parts.options));
    return fault?.kind === 'size_limit'
      ? { entries, code: 4 }
      : { entries, code: 0, cookie: page.next ?? '' };
  }

  #read({ base, attributes }: FakeLdapSearch): Found {
    const entry = this.#parts.roots.byDn(base) ?? this.#parts.entries.byDn(base);
    return entry === undefined
      ? { entries: [], code: 32, matchedDn: GROUPS }
      : { entries: [shown(entry, attributes, this.#parts.options)], code: 0 };
  }

  #send(id: number, found: Found | FoundChanges, fault: FaultKind | undefined): void {
    const { entries, ...result } = found;
    const { references = () => [] } = this.#parts.options;
    const whole = Buffer.concat([
      ...entries.map((one) =>
        'entry' in one ? entryMessage(id, one.entry, one.sync) : entryMessage(id, one),
      ),
      ...references().map((url) => referenceMessage(id, url)),
      ...('idSet' in found && found.idSet !== undefined ? [idSetMessage(id, found.idSet)] : []),
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

interface AskedPage {
  readonly size: number;
  readonly cookie: string;
  readonly attributes: readonly string[];
}

type Found = Omit<FakeResult, 'of'> & { readonly entries: readonly FakeEntry[] };
