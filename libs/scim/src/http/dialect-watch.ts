import type { Directory } from '#model';
import type { Dialect } from '../dialects/contract.js';
import { detectDialect } from '../dialects/detect.js';
import type { ScimRequest } from './messages.js';
import type { ScimAccess } from './ports.js';

/** The first requests of every minute are enough: an IdP tests its connection, looks somebody up, writes. */
const LOOKS = 20;
const WINDOW_MS = 60_000;

/**
 * Notices, for display, when an IdP speaks another dialect than its directory was made for. It looks at a few requests
 * per directory and minute, so that a full synchronization pays one look into a map per request.
 */
export class DialectWatch {
  readonly #dialects: readonly Dialect[];
  readonly #access: Pick<ScimAccess, 'noteDialect'>;
  /** Milliseconds that never go back. */
  readonly #now: () => number;
  readonly #looks = new Map<string, number>();
  #windowEnd = 0;

  constructor(
    dialects: readonly Dialect[],
    access: Pick<ScimAccess, 'noteDialect'>,
    now: () => number = () => performance.now(),
  ) {
    this.#dialects = dialects;
    this.#access = access;
    this.#now = now;
  }

  /** Never throws, never waits. */
  look(directory: Directory, request: Pick<ScimRequest, 'headers' | 'query' | 'body'>): void {
    if (!this.#mayLook(directory.id)) return;
    const detected = detectDialect(this.#dialects, request);
    if (detected === undefined || detected === directory.detectedDialect) return;
    this.#access.noteDialect(directory, detected);
  }

  #mayLook(directoryId: string): boolean {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#looks.clear();
    }
    const looks = this.#looks.get(directoryId) ?? 0;
    if (looks >= LOOKS) return false;
    this.#looks.set(directoryId, looks + 1);
    return true;
  }
}
