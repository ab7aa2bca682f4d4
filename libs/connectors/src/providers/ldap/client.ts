import {
  BindRequest,
  PagedResultsControl,
  PresenceFilter,
  SearchRequest,
  type Control,
  type Filter,
} from 'ldapts';
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
import { completeRanges } from './ranges.js';
import { partsElsewhere } from './references.js';
import { guidText } from './values.js';
import type { LdapEntry } from './wire/answer.js';
import { Ber } from './wire/ber.js';
import type { Exchange, LdapConnection } from './wire/ldap-connection.js';
import { openConnection } from './wire/open-connection.js';
import {
  bindError,
  failure,
  isPassing,
  LIMITS,
  NO_ACCESS,
  NO_SUCH_OBJECT,
  searchError,
  SUCCESS,
} from './wire/result-errors.js';

const IDLE_MS = 60_000;
/** A server may send pages without entries (RFC 2696 3), but not for ever. */
const MAX_EMPTY_PAGES = 1_000;

export interface Search {
  readonly bases: readonly string[];
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly pageSize?: number;
  /** Beside paging, with every page. */
  readonly controls?: readonly Control[];
}

/** A page of a search. `cut` says why there are no more pages although there are more entries. */
export interface EntryPage {
  readonly entries: readonly LdapEntry[];
  /** Addresses of other servers that have a part of it; they are not asked. */
  readonly references: readonly string[];
  readonly isLast: boolean;
  readonly cut: string | null;
}

/** A server that is signed in to, and what is known of it. */
export interface LdapSession {
  readonly facts: ServerFacts;
  readonly dialect: Dialect;
  readonly userBases: readonly string[];
  readonly groupBases: readonly string[];
  /** Number of the connection that said all this: behind one name there may be several servers. */
  readonly connection: number;
}

/** One search request as it is sent. */
export interface SearchCall {
  readonly base: string;
  readonly scope: 'base' | 'sub';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly controls?: readonly Control[];
}

/** Searches over one connection, which is opened when it is needed and opened again after it broke. */
export class LdapClient {
  readonly #config: LdapConfig;
  readonly #ports: SourcePorts;
  readonly #idleMs: number;
  #connection: LdapConnection | undefined;
  #opened = 0;

  constructor(config: LdapConfig, ports: SourcePorts, idleMs = IDLE_MS) {
    this.#config = config;
    this.#ports = ports;
    this.#idleMs = idleMs;
  }

  /** Signs in and asks the server about itself; anew each time, for its clock of changes goes on. @throws SourceError */
  async session(): Promise<LdapSession> {
    const { entries, result } = await this.search(baseSearch('', ROOT_DSE_ATTRIBUTES));
    // A server may hide what it says of itself; one that cannot say it just now must not pass for one of another kind.
    if (![SUCCESS, NO_SUCH_OBJECT, NO_ACCESS].includes(result.code)) throw failure(result);
    const facts = await this.#withInvocation(readServerFacts(entries[0]));
    const { userBases, groupBases, serverKind } = this.#config;
    const users = basesOr(userBases, facts);
    const dialect = dialectOf(serverKind ?? facts.kind, this.#config);
    return {
      facts,
      dialect,
      userBases: users,
      groupBases: groupBases.length > 0 ? groupBases : users,
      connection: this.#opened,
    };
  }

  /** Which life of its database a domain controller is in; it begins another one when it is restored (MS-ADTS 3.1.1.1.9). */
  async #withInvocation(facts: ServerFacts): Promise<ServerFacts> {
    if (facts.usn === null) return facts;
    const { entries } = await this.search(baseSearch(facts.usn.server, ['invocationId']));
    const invocation = guidText(entries[0]?.attributes.get('invocationid')?.[0] ?? Buffer.alloc(0));
    return { ...facts, usn: { ...facts.usn, invocation: invocation ?? null } };
  }

  /** All pages of a search below several bases. @throws SourceError: nothing that broke off looks like an end */
  async *entries(search: Search, session: LdapSession): AsyncGenerator<EntryPage> {
    for (const [index, base] of search.bases.entries()) {
      const isLastBase = index === search.bases.length - 1;
      for await (const page of this.#pages(search, base, session)) {
        yield { ...page, isLast: page.isLast && isLastBase };
        if (page.cut !== null) return;
      }
    }
  }

  /** One entry by its DN; undefined when there is none. @throws SourceError */
  async read(dn: string, attributes: readonly string[]): Promise<LdapEntry | undefined> {
    const { entries, result } = await this.search(baseSearch(dn, attributes));
    if (result.code === NO_SUCH_OBJECT) return undefined;
    if (result.code !== SUCCESS) throw searchError(result, { base: dn, hadCookie: false });
    return entries[0];
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async *#pages(search: Search, base: string, session: LdapSession): AsyncGenerator<EntryPage> {
    const { facts } = session;
    const size = search.pageSize ?? this.#config.pageSize;
    const watch = new CircleWatch();
    let cookie = Buffer.alloc(0);
    do {
      const page = new PagedResultsControl({ critical: facts.canPage, value: { size, cookie } });
      const controls = [page, ...(search.controls ?? [])];
      const exchange = await this.search({ ...search, base, scope: 'sub', controls }, session);
      cookie = this.#cookieOf(exchange, { base, hadCookie: cookie.length > 0, facts });
      const { result } = exchange;
      const references = partsElsewhere(exchange.references, base);
      const entries = await completeRanges(this, exchange.entries);
      watch.see(entries[0]?.dn);
      const cut = LIMITS[result.code];
      const isLast = cookie.length === 0;
      yield { entries, references, isLast, cut: cut === undefined ? null : limited(cut) };
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

  /**
   * Sends one search; whether its result is a failure is for the caller to say. With a session only over its connection:
   * a cookie means nothing to another one, and what was said of the server need not hold for another server.
   * @throws SourceError when no result comes
   */
  async search(call: SearchCall, session?: LdapSession): Promise<Exchange> {
    const { base, scope, filter, attributes, controls = [] } = call;
    const connection = await this.#connected();
    if (session !== undefined && session.connection !== this.#opened) throw gone();
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
          controls: [...controls],
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
    this.#opened++;
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
    throw isPassing(result) ? failure(result) : bindError(result);
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

/** One entry, whatever it is. */
export function baseSearch(dn: string, attributes: readonly string[]): SearchCall {
  return {
    base: dn,
    scope: 'base',
    filter: new PresenceFilter({ attribute: 'objectClass' }),
    attributes,
  };
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
