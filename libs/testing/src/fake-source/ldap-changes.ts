import type { Filter } from 'ldapts';
import type { FakeTenant } from './fake-tenant.js';
import type { FaultKind } from './fault.js';
import { groupId, matches, PEOPLE, userId, type FakeLdapKind, type LdapEntries } from './ldap-entries.js';
import type { FakeEntry, FakeResult, FakeSyncState } from './ldap-wire.js';

/** An answer in changes. */
export interface FoundChanges extends Omit<FakeResult, 'of'> {
  readonly entries: readonly { readonly entry: FakeEntry; readonly sync?: FakeSyncState }[];
  /** Of a synchronization: who is gone, or who is still there. */
  readonly idSet?: IdSet | undefined;
}

interface IdSet {
  readonly uuids: readonly Buffer[];
  readonly areDeleted: boolean;
}

export interface AskedChanges {
  readonly base: string;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly cookie: string;
}

type Kind = 'user' | 'group';

interface Touched {
  readonly kind: Kind;
  readonly index: number;
  readonly isGone: boolean;
}

/** What changed in a tenant, as LDAP Sync and DirSync tell it. A cookie is a number of changes, in the server's dress. */
export class LdapChanges {
  readonly #tenant: FakeTenant;
  readonly #entries: LdapEntries;
  readonly #kind: FakeLdapKind;

  constructor(tenant: FakeTenant, parts: { readonly entries: LdapEntries; readonly kind: FakeLdapKind }) {
    this.#tenant = tenant;
    this.#entries = parts.entries;
    this.#kind = parts.kind;
  }

  /** The newest change, as OpenLDAP keeps it at the top of its tree. */
  get contextCsn(): string {
    return `20260302080000.000000Z#${this.#now.toString(16).padStart(6, '0')}#000#000000`;
  }

  get #now(): number {
    return this.#tenant.changes.length;
  }

  /** RFC 4533, refreshOnly. */
  sync(asked: AskedChanges, fault: FaultKind | undefined): FoundChanges {
    const from = this.#positionOf(asked);
    if (from === undefined && this.#refusesForeign(asked)) return { code: 4096, entries: [] };
    const kind = kindOf(asked);
    const isLost = fault?.kind === 'log_lost';
    const touched = this.#toldOf(kind, fault?.kind === 'everything' ? undefined : from);
    const isNew = from !== this.#now || fault !== undefined;
    return {
      code: 0,
      entries: touched.flatMap((one) => this.#added(one, asked.filter)),
      idSet: isLost ? this.#stillThere(kind) : gone(touched),
      syncDone: {
        cookie: isNew ? this.#cookie(asked) : null,
        refreshDeletes: !isLost && this.#statesDeletions(from),
      },
    };
  }

  /** 389 DS does not guess what to do with a cookie that is not its own. */
  #refusesForeign({ cookie }: AskedChanges): boolean {
    return cookie !== '' && this.#kind === '389ds';
  }

  #toldOf(kind: Kind, from: number | undefined): Touched[] {
    return from === undefined ? this.#all(kind) : this.#touched(from).filter((one) => one.kind === kind);
  }

  /** Without a cookie everything is listed; 389 DS leaves the flag out. */
  #statesDeletions(from: number | undefined): boolean {
    return from !== undefined && this.#kind !== '389ds';
  }

  #stillThere(kind: Kind): IdSet {
    return { uuids: this.#all(kind).map(uuidOf), areDeleted: false };
  }

  /** A few changes after the cookie; an empty one stands before everything that is there. */
  dirSync(asked: AskedChanges, size: number, fault: FaultKind | undefined): FoundChanges {
    const match = /^(e*)(all|since):(\d+):(\d+)$/.exec(
      asked.cookie === '' ? `all:0:${this.#now}` : asked.cookie,
    );
    if (match === null) return { code: 12, entries: [] };
    const [, empty, phase, from, until] = match;
    if (fault?.kind === 'empty_page') {
      const cookie = `e${empty}${phase}:${from}:${until}`;
      return { code: 0, entries: [], dirSync: { hasMore: true, cookie } };
    }
    const source = phase === 'all' ? [...this.#all('user'), ...this.#all('group')] : this.#touched(0);
    const start = Number(from);
    const end = Math.min(source.length, start + size);
    const hasMore = end < source.length;
    const next = phase === 'all' && !hasMore ? `since:${until}:0` : `${phase}:${end}:${until}`;
    const entries = source
      .slice(start, end)
      .flatMap((one) => this.#changed(one, { asked, isWhole: phase === 'all' }));
    return { code: 0, entries, dirSync: { hasMore, cookie: next } };
  }

  #all(kind: Kind): Touched[] {
    const list = kind === 'user' ? this.#tenant.users : this.#tenant.groups;
    return Array.from({ length: list.end }, (_, index) => index)
      .filter((index) => list.at(index) !== undefined)
      .map((index) => ({ kind, index, isGone: false }));
  }

  /** In the order in which they changed; somebody may come twice. */
  #touched(from: number): Touched[] {
    return this.#tenant.changes.slice(from).map(({ of, index }) => {
      const kind = of === 'user' ? 'user' : 'group';
      return { kind, index, isGone: this.#tenant.gone(kind).has(index) };
    });
  }

  #added(one: Touched, filter: Filter): FoundChanges['entries'] {
    const entry = this.#entries.one(one.kind, one.index);
    if (entry === undefined || !matches(filter, entry)) return [];
    return [{ entry: { dn: entry.dn, attributes: {} }, sync: { state: 1, uuid: uuidOf(one) } }];
  }

  /** The id, and what of it has changed: a cleared attribute comes without values. */
  #changed(
    one: Touched,
    { asked, isWhole }: { readonly asked: AskedChanges; readonly isWhole: boolean },
  ): FoundChanges['entries'] {
    const entry = one.isGone
      ? this.#entries.tombstone(one.kind, one.index)
      : this.#entries.one(one.kind, one.index);
    if (entry === undefined || !matches(asked.filter, entry)) return [];
    const { objectGUID = [], title = [], isDeleted = [], cn = [] } = entry.attributes;
    const told = isWhole
      ? { ...entry.attributes, whenCreated: ['20260101000000.0Z'] }
      : { title, cn, isDeleted };
    const attributes = Object.entries(told).filter(([name]) => asked.attributes.includes(name.toLowerCase()));
    return [{ entry: { dn: entry.dn, attributes: { ...Object.fromEntries(attributes), objectGUID } } }];
  }

  #positionOf({ base, cookie, filter }: AskedChanges): number | undefined {
    if (this.#kind === '389ds') {
      const own = `${serverPart(base, filter)}#`;
      return cookie.startsWith(own) ? Number(cookie.slice(own.length)) - 1 : undefined;
    }
    const match = /^rid=\d{3},csn=\d{14}\.\d{6}Z#([0-9a-f]{6})#000#/.exec(cookie);
    return match === null ? undefined : Number.parseInt(match[1] as string, 16);
  }

  #cookie({ base, filter }: AskedChanges): string {
    return this.#kind === '389ds'
      ? `${serverPart(base, filter)}#${this.#now + 1}`
      : `rid=000,sid=001,csn=${this.contextCsn}`;
  }
}

function kindOf({ base }: AskedChanges): Kind {
  return base.toLowerCase() === PEOPLE ? 'user' : 'group';
}

function gone(touched: readonly Touched[]): IdSet | undefined {
  const uuids = touched.filter((one) => one.isGone).map(uuidOf);
  return uuids.length === 0 ? undefined : { uuids, areDeleted: true };
}

function serverPart(base: string, filter: Filter): string {
  return `ldap.example.test:389#uid=reader:${base}:${filter.toString()}`;
}

function uuidOf({ kind, index }: Touched): Buffer {
  return Buffer.from((kind === 'user' ? userId(index) : groupId(index)).replaceAll('-', ''), 'hex');
}
