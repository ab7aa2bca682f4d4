import { Pool } from 'undici';
import {
  AddressNotAllowedError,
  CachingNameResolver,
  createAddressPolicy,
  NameResolutionError,
  resolveChecked,
  type AddressPolicy,
  type NameResolver,
} from '#outbound';
import { Deadlines } from './deadlines.js';
import { invalidUrl, parseEndpointUrl } from './endpoint-url.js';
import { createGuardedConnector } from './guarded-connector.js';
import { PostExchange } from './post-exchange.js';
import type { PostResult } from './post-result.js';

/** Settings of the outbound guard. */
export interface OutboundOptions {
  /** Comma-separated CIDRs that may be reached although they are not public, also without TLS. */
  readonly allow: string;
  readonly resolver?: NameResolver;
  /** Total time of a request, from the name look-up to the last byte of the answer. */
  readonly timeoutMs?: number;
  /** More certificate authorities to trust, PEM. */
  readonly ca?: string;
}

/** Where one endpoint's requests go: its own connections, never more than its cap. */
export interface OutboundTarget {
  /** Never rejects: every ending is a result. `headers` is a flat list of names and values. */
  post(headers: string[], body: string | Buffer, settle: (result: PostResult) => void): void;
}

/** The only way from us to an address that somebody gave us. */
export interface Outbound {
  /** @throws InvalidInputError code `invalid_url` when we would never send there. */
  checkEndpointUrl(url: string): Promise<void>;
  /** `key` names the endpoint; the same key, address and cap give the same warm connections. */
  target(key: string, url: string, connections: number): OutboundTarget;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Idle pools cost memory; beyond this many the least recently used one is closed. */
const MAX_POOLS = 2_000;
const TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;

/** Builds the outbound guard. @throws Error when `allow` holds something that is no network. */
export function createOutbound(options: OutboundOptions): Outbound {
  return new GuardedOutbound(options);
}

class GuardedOutbound implements Outbound {
  readonly #policy: AddressPolicy;
  readonly #resolver: NameResolver;
  readonly #connect: ReturnType<typeof createGuardedConnector>;
  readonly #deadlines: Deadlines;
  readonly #pools = new Map<string, { readonly signature: string; readonly pool: Pool }>();

  constructor(options: OutboundOptions) {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#policy = createAddressPolicy(options.allow);
    this.#resolver = options.resolver ?? new CachingNameResolver();
    this.#deadlines = new Deadlines(timeoutMs);
    this.#connect = createGuardedConnector({
      policy: this.#policy,
      resolver: this.#resolver,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
      ca: options.ca,
    });
  }

  async checkEndpointUrl(text: string): Promise<void> {
    const url = parseEndpointUrl(text);
    try {
      await resolveChecked(url.host, url.secure, { policy: this.#policy, resolver: this.#resolver });
    } catch (error) {
      if (error instanceof AddressNotAllowedError)
        throw invalidUrl(
          url.secure
            ? 'address not allowed: the host is not on the public internet.'
            : 'address not allowed: the URL must begin with https://.',
        );
      if (!(error instanceof NameResolutionError)) throw error;
      // A name may be registered after its endpoint; the check is repeated before every connection. Plain HTTP is the
      // exception for known internal addresses, so there it has to be known.
      if (!url.secure)
        throw invalidUrl('The host name could not be resolved. Use https:// for public receivers.');
    }
  }

  target(key: string, text: string, connections: number): OutboundTarget {
    const url = parseEndpointUrl(text);
    const pool = this.#pool(key, url.origin, connections);
    const base = { path: url.path, method: 'POST' as const, headersTimeout: 0, bodyTimeout: 0 };
    return {
      post: (headers, body, settle) => {
        const startedAt = performance.now();
        const exchange = new PostExchange(startedAt, settle);
        this.#deadlines.add(exchange, startedAt);
        try {
          pool.dispatch({ ...base, headers, body }, exchange);
        } catch (error) {
          exchange.fail(error);
        }
      },
    };
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.destroy()));
  }

  #pool(key: string, origin: string, connections: number): Pool {
    const signature = `${origin} ${connections}`;
    const known = this.#pools.get(key);
    if (known) this.#pools.delete(key);
    if (known?.signature === signature) {
      this.#pools.set(key, known);
      return known.pool;
    }
    if (known) void known.pool.close();
    this.#evict();
    const pool = new Pool(origin, {
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxRequestsPerClient: 1_000,
      connect: this.#connect,
    });
    this.#pools.set(key, { signature, pool });
    return pool;
  }

  /** Closing lets running requests finish. */
  #evict(): void {
    if (this.#pools.size < MAX_POOLS) return;
    const [key, oldest] = this.#pools.entries().next().value as [string, { readonly pool: Pool }];
    this.#pools.delete(key);
    void oldest.pool.close();
  }
}
