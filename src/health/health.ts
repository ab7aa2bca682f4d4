import type { Pool } from 'pg';

/** What /readyz answers. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, for a person. */
  readonly reason: string | null;
}

/** Ready = migrated (the service does not start before), database reachable, not draining. */
export class Health {
  readonly #pool: Pool;
  #draining = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  startDraining(): void {
    this.#draining = true;
  }

  async readiness(): Promise<Readiness> {
    if (this.#draining) return { ready: false, reason: 'The process is draining and takes no new work.' };
    try {
      await this.#pool.query('SELECT 1');
      return { ready: true, reason: null };
    } catch (error) {
      return { ready: false, reason: `The database does not answer: ${(error as Error).message}.` };
    }
  }
}
