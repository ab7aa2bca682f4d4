import { lookup, Resolver } from 'node:dns/promises';

/** Turns a name into all of its addresses. */
export interface NameResolver {
  resolve(name: string): Promise<readonly string[]>;
}

/** The name has no address right now, or nobody answered. */
export class NameResolutionError extends Error {
  readonly code: string;

  constructor(name: string, options: { readonly isTimeout: boolean; readonly cause?: unknown }) {
    super(`"${name}" could not be resolved`, { cause: options.cause });
    this.name = 'NameResolutionError';
    this.code = options.isTimeout ? 'ROLLCALL_DNS_TIMEOUT' : 'ROLLCALL_DNS';
  }
}

interface CacheEntry {
  readonly answer: Promise<readonly string[]>;
  until: number;
}

const TIMEOUT_MS = 5_000;
const MAX_TTL_MS = 300_000;
const MIN_TTL_MS = 1_000;
const NEGATIVE_TTL_MS = 5_000;
const MAX_CACHED = 10_000;

/**
 * Asks the name servers through c-ares, so that dead ones cannot occupy the four threads that `dns.lookup` shares with
 * the whole process. A name they do not know may still stand in the hosts file or need a search domain: then, and only
 * then, the operating system is asked, a few names at a time.
 */
export class CachingNameResolver implements NameResolver {
  readonly #cares = new Resolver({ timeout: TIMEOUT_MS / 2, tries: 2 });
  readonly #cache = new Map<string, CacheEntry>();
  #systemLookups = 0;

  resolve(name: string): Promise<readonly string[]> {
    const lower = name.toLowerCase();
    if (lower === 'localhost' || lower.endsWith('.localhost')) return Promise.resolve(['127.0.0.1', '::1']);
    const cached = this.#cache.get(lower);
    if (cached !== undefined && cached.until > performance.now()) return cached.answer;
    return this.#ask(lower);
  }

  #ask(name: string): Promise<readonly string[]> {
    const found = this.#query(name);
    const entry: CacheEntry = {
      answer: found.then((result) => result.addresses),
      until: performance.now() + TIMEOUT_MS,
    };
    found.then(
      (result) => void (entry.until = performance.now() + result.ttlMs),
      () => void (entry.until = performance.now() + NEGATIVE_TTL_MS),
    );
    entry.answer.catch(() => undefined);
    this.#cache.delete(name);
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value as string);
    this.#cache.set(name, entry);
    return entry.answer;
  }

  async #query(name: string): Promise<{ addresses: string[]; ttlMs: number }> {
    const answers = await withDeadline(
      name,
      Promise.allSettled([
        this.#cares.resolve4(name, { ttl: true }),
        this.#cares.resolve6(name, { ttl: true }),
      ]),
    );
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (records.length > 0) {
      const ttl = Math.min(...records.map((record) => record.ttl)) * 1_000;
      return {
        addresses: records.map((record) => record.address),
        ttlMs: Math.min(Math.max(ttl, MIN_TTL_MS), MAX_TTL_MS),
      };
    }
    const codes = answers.map((answer) => (answer.status === 'rejected' ? codeOf(answer.reason) : ''));
    if (codes.includes('ETIMEOUT')) throw new NameResolutionError(name, { isTimeout: true });
    return { addresses: await this.#askSystem(name), ttlMs: MIN_TTL_MS * 30 };
  }

  async #askSystem(name: string): Promise<string[]> {
    if (this.#systemLookups >= 2) throw new NameResolutionError(name, { isTimeout: false });
    this.#systemLookups++;
    const asked = lookup(name, { all: true }).finally(() => this.#systemLookups--);
    try {
      return (await withDeadline(name, asked)).map((entry) => entry.address);
    } catch (cause) {
      if (cause instanceof NameResolutionError) throw cause;
      throw new NameResolutionError(name, { isTimeout: false, cause });
    }
  }
}

async function withDeadline<T>(name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NameResolutionError(name, { isTimeout: true })), TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}
