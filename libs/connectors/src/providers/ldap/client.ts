import { BindRequest, PagedResultsControl, PresenceFilter, SearchRequest, type Filter } from 'ldapts';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { LdapConfig } from './config.js';
import { dialectOf, type Dialect } from './dialect.js';
import {
  basesOr,
  PAGED_RESULTS,
  readServerFacts,
  ROOT_DSE_ATTRIBUTES,
  type ServerFacts,
} from './server-facts.js';
import type { LdapEntry } from './wire/answer.js';
import { Ber } from './wire/ber.js';
import type { Exchange, LdapConnection } from './wire/ldap-connection.js';
import { openConnection } from './wire/open-connection.js';
import { bindError, failure, LIMITS, NO_SUCH_OBJECT, searchError, SUCCESS } from './wire/result-errors.js';

const IDLE_MS = 60_000;
/** A server may send pages without entries (RFC 2696 3), but not for ever. */
const MAX_EMPTY_PAGES = 1_000;

export interface Search {
  readonly bases: readonly string[];
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly pageSize?: number;
}

/** A page of a search. `cut` says why there are no more pages although there are more entries. */
export interface EntryPage {
  readonly entries: readonly LdapEntry[];
  readonly isLast: boolean;
  readonly cut: string | null;
}

/** A server that is signed in to, and what is known of it. */
export interface LdapSession {
  readonly facts: ServerFacts;
  readonly dialect: Dialect;
  readonly userBases: readonly string[];
  readonly groupBases: readonly string[];
}

interface OneSearch {
  readonly base: string;
  readonly scope: 'base' | 'sub';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly page?: { readonly size: number; readonly cookie: Buffer; readonly critical: boolean };
}

/** Searches over one connection, which is opened when it is needed and opened again after it broke. */
export class LdapClient {
  readonly #config: LdapConfig;
  readonly #ports: SourcePorts;
  readonly #idleMs: number;
  #connection: LdapConnection | undefined;

  constructor(config: LdapConfig, ports: SourcePorts, idleMs = IDLE_MS) {
    this.#config = config;
    this.#ports = ports;
    this.#idleMs = idleMs;
  }

  /** Signs in and asks the server about itself; anew each time, for its clock of changes goes on. @throws SourceError */
  async session(): Promise<LdapSession> {
    const any = new PresenceFilter({ attribute: 'objectClass' });
    const rootDse = { base: '', scope: 'base', filter: any, attributes: ROOT_DSE_ATTRIBUTES } as const;
    const { entries } = await this.#search(rootDse);
    const facts = readServerFacts(entries[0]);
    const { userBases, groupBases, serverKind } = this.#config;
    const users = basesOr(userBases, facts);
    const dialect = dialectOf(serverKind ?? facts.kind, this.#config);
    return { facts, dialect, userBases: users, groupBases: groupBases.length > 0 ? groupBases : users };
  }

  /** All pages of a search below several bases. @throws SourceError: nothing that broke off looks like an end */
  async *entries(search: Search, { facts }: Pick<LdapSession, 'facts'>): AsyncGenerator<EntryPage> {
    for (const [index, base] of search.bases.entries()) {
      const isLastBase = index === search.bases.length - 1;
      for await (const page of this.#pages(search, base, facts)) {
        yield { ...page, isLast: page.isLast && isLastBase };
        if (page.cut !== null) return;
      }
    }
  }

  /** One entry by its DN; undefined when there is none. @throws SourceError */
  async read(dn: string, attributes: readonly string[]): Promise<LdapEntry | undefined> {
    const filter = new PresenceFilter({ attribute: 'objectClass' });
    const { entries, result } = await this.#search({ base: dn, scope: 'base', filter, attributes });
    if (result.code === NO_SUCH_OBJECT) return undefined;
    if (result.code !== SUCCESS) throw searchError(result, { base: dn, hadCookie: false });
    return entries[0];
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async *#pages(search: Search, base: string, facts: ServerFacts): AsyncGenerator<EntryPage> {
    const size = search.pageSize ?? this.#config.pageSize;
    const watch = new CircleWatch();
    const connection = await this.#connected();
    let cookie = Buffer.alloc(0);
    do {
      // A cookie means nothing to another connection.
      if (connection !== this.#connection) throw gone();
      const page = { size, cookie, critical: facts.canPage };
      const exchange = await this.#search({ ...search, base, scope: 'sub', page });
      cookie = this.#cookieOf(exchange, { base, hadCookie: cookie.length > 0, facts });
      const { entries, result } = exchange;
      watch.see(entries[0]?.dn);
      const cut = LIMITS[result.code];
      yield { entries, isLast: cookie.length === 0, cut: cut === undefined ? null : limited(cut) };
      if (cut !== undefined) return;
    } while (cookie.length > 0);
  }

  /** Where the next page begins; empty after the last one. */
  #cookieOf(
    { result }: Exchange,
    search: { readonly base: string; readonly hadCookie: boolean; readonly facts: ServerFacts },
  ): Buffer<ArrayBuffer> {
    if (LIMITS[result.code] !== undefined) return Buffer.alloc(0);
    if (result.code !== SUCCESS) throw searchError(result, search);
    const control = result.controls.get(PAGED_RESULTS);
    if (control !== undefined) {
      const value = new Ber(control).inner();
      value.integer();
      return Buffer.from(value.bytes());
    }
    if (search.facts.canPage || search.hadCookie)
      throw incomplete('The server ended a paged search without saying that the page was the last one.');
    return Buffer.alloc(0);
  }

  async #search(search: OneSearch): Promise<Exchange> {
    const connection = await this.#connected();
    const { base, page, attributes, scope, filter } = search;
    const controls =
      page === undefined
        ? []
        : [
            new PagedResultsControl({
              critical: page.critical,
              value: { size: page.size, cookie: page.cookie },
            }),
          ];
    return connection.exchange(
      'search',
      (messageId) =>
        new SearchRequest({
          messageId,
          baseDN: base,
          scope,
          filter,
          attributes: [...attributes],
          timeLimit: 0,
          controls,
        }),
    );
  }

  async #connected(): Promise<LdapConnection> {
    if (this.#connection?.isOpen === true) return this.#connection;
    const { signal } = this.#ports;
    signal.throwIfAborted();
    const connection = await openConnection(this.#config, this.#ports, this.#idleMs);
    signal.addEventListener('abort', () => connection.close(), { once: true });
    await this.#bind(connection);
    this.#connection = connection;
    return connection;
  }

  async #bind(connection: LdapConnection): Promise<void> {
    const { credential } = this.#config;
    if (credential === null) return;
    const { result } = await connection.exchange(
      'bind',
      (messageId) => new BindRequest({ messageId, dn: credential.dn, password: credential.password }),
    );
    if (result.code === SUCCESS) return;
    connection.close();
    throw result.code === 51 || result.code === 52 ? failure(result) : bindError(result);
  }
}

/** Some servers send the same cookie with every page, so that a circle shows in the entries only. */
class CircleWatch {
  readonly #firsts = new Set<string>();
  #empty = 0;

  /** Told the first DN of each page. @throws SourceError when the pages run in a circle */
  see(first: string | undefined): void {
    this.#empty = first === undefined ? this.#empty + 1 : 0;
    if ((first !== undefined && this.#firsts.has(first)) || this.#empty > MAX_EMPTY_PAGES)
      throw incomplete('The server sent a page that it had sent before; its paging runs in a circle.');
    if (first !== undefined) this.#firsts.add(first);
  }
}

function limited(limit: string): string {
  return `The server stopped at ${limit}: raise it for the bind account, or ask for fewer entries per page. What was not listed stays as it is.`;
}

function incomplete(message: string): SourceError {
  return new SourceError('incomplete_listing', message);
}

function gone(): SourceError {
  return new SourceError('source_unavailable', 'The connection broke off in the middle of a listing.');
}
