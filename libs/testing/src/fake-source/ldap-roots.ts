import { listOf, type FakeList, type FakeTenant } from './fake-tenant.js';
import type { LdapChanges } from './ldap-changes.js';
import { matches, SUFFIX, uniqueId, userId, type FakeLdapKind, type LdapEntries } from './ldap-entries.js';
import { DIRSYNC, PAGED, SYNC_REQUEST, type FakeEntry, type FakeLdapSearch } from './ldap-wire.js';

export interface FakeRootOptions {
  /** What becomes of an entry, with the attributes that were asked for, before it is sent. */
  readonly distort?: (entry: FakeEntry, asked: readonly string[]) => FakeEntry;
  /** Addresses of other servers for a part of what is searched. */
  readonly references?: () => readonly string[];
  readonly kind?: FakeLdapKind;
  /** How the server tells what has changed: as its kind can, refused to this account, or not at all. */
  readonly feed?: 'offered' | 'refused' | 'absent';
  /** Of Active Directory: where the account does not see who was deleted; Samba shows it nowhere. */
  readonly hidesDeleted?: 'in_searches' | 'everywhere';
  /** Of 389 DS: what the retro changelog records, and whether the account may read it. */
  readonly changelog?: 'with_ids' | 'without_ids' | 'hidden' | 'trimmed';
}

export interface FakeController {
  readonly name?: string;
  readonly invocation?: string;
  /** It does not say any more what kind of server it is. */
  readonly isHidden?: boolean;
}

interface Parts {
  readonly options: FakeRootOptions;
  readonly entries: LdapEntries;
  readonly changes: LdapChanges;
}

const CHANGELOG = 'cn=changelog';
const FOLDER = `CN=Deleted Objects,${SUFFIX}`;
const INVOCATION = '11111111111111111111111111111111';

/** What a server says of itself, and where it keeps what is not in the tree: deleted objects, the changelog. */
export class FakeRoots {
  readonly #tenant: FakeTenant;
  readonly #parts: Parts;
  #name = 'DC1';
  #invocation = INVOCATION;
  #isHidden = false;

  constructor(tenant: FakeTenant, parts: Parts) {
    this.#tenant = tenant;
    this.#parts = parts;
  }

  become({ name, invocation, isHidden = false }: FakeController): void {
    this.#isHidden = isHidden;
    this.#name = name ?? this.#name;
    this.#invocation = invocation ?? this.#invocation;
  }

  byDn(dn: string): FakeEntry | undefined {
    if (dn === '') return { dn, attributes: { ...this.#common(), ...(this.#isHidden ? {} : this.#own()) } };
    if (dn === this.#controller)
      return { dn, attributes: { invocationId: [Buffer.from(this.#invocation, 'hex')] } };
    if (dn === SUFFIX && this.#kind === 'openldap')
      return { dn, attributes: { contextCSN: [this.#parts.changes.contextCsn] } };
    const number = /^changenumber=(\d+),cn=changelog$/.exec(dn)?.[1];
    return number === undefined ? undefined : this.#changelog()[Number(number) - 1];
  }

  /** What a search finds outside of the tree; undefined when it is for the tree. */
  below({ base, filter, showsDeleted }: FakeLdapSearch): FakeList<FakeEntry> | undefined {
    if (base === CHANGELOG) return listOf(this.#changelog().filter((entry) => matches(filter, entry)));
    if (!showsDeleted) return undefined;
    const folder = { dn: FOLDER, attributes: { isDeleted: ['TRUE'], objectClass: ['container'] } };
    const { options, entries } = this.#parts;
    return listOf([folder, ...(options.hidesDeleted !== undefined ? [] : entries.tombstones(filter))]);
  }

  /** The result code with which a way of telling changes is refused. */
  refusalOf(by: 'sync' | 'dirsync'): number | undefined {
    const { feed = 'offered' } = this.#parts.options;
    const isOwn = (by === 'dirsync') === (this.#kind === 'active_directory');
    if (feed === 'absent' || !isOwn) return 12;
    return feed === 'refused' ? 50 : undefined;
  }

  get #kind(): FakeLdapKind {
    return this.#parts.options.kind ?? 'openldap';
  }

  get #controller(): string {
    return `CN=NTDS Settings,CN=${this.#name},${SUFFIX}`;
  }

  #common(): FakeEntry['attributes'] {
    const feed = this.#kind === 'active_directory' ? DIRSYNC : SYNC_REQUEST;
    const isOffered = this.#parts.options.feed !== 'absent';
    return { supportedControl: [PAGED, ...(isOffered ? [feed] : [])], namingContexts: [SUFFIX] };
  }

  #own(): FakeEntry['attributes'] {
    switch (this.#kind) {
      case 'openldap':
        return { structuralObjectClass: ['OpenLDAProotDSE'] };
      case '389ds':
        return {
          vendorName: ['389 Project'],
          firstChangeNumber: [String(this.#parts.options.changelog === 'trimmed' ? this.#last : 1)],
          lastChangeNumber: [String(this.#last)],
        };
      case 'active_directory':
        return {
          supportedCapabilities: ['1.2.840.113556.1.4.800'],
          defaultNamingContext: [SUFFIX],
          dsServiceName: [this.#controller],
          highestCommittedUSN: [String(this.#parts.entries.usn)],
        };
    }
  }

  /** The first entry is older than everything that the tenant knows. */
  get #last(): number {
    return this.#tenant.changes.length + 1;
  }

  #changelog(): FakeEntry[] {
    const { changelog = 'with_ids' } = this.#parts.options;
    if (this.#kind !== '389ds' || changelog === 'hidden') return [];
    const ids: FakeEntry['attributes'] =
      changelog === 'without_ids' ? {} : { targetUniqueId: [uniqueId(userId(0))] };
    return Array.from({ length: this.#last }, (_, index) => ({
      dn: `changenumber=${index + 1},${CHANGELOG}`,
      attributes: { changeNumber: [String(index + 1)], ...ids },
    }));
  }
}
