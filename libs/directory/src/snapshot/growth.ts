import type { Database } from '#kernel';

/** Things that a run writes from one time to the next. Asking costs little; most times no table has grown enough. */
const EVERY = 1_000;

/**
 * Has the server look at the tables that a run fills, as they grow. Left to itself it does so a minute or more later,
 * and plans until then as if they were empty: a first load took time in the square of its size.
 */
export class Growth {
  readonly #database: Pick<Database, 'query'>;
  #written = 0;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  /** @param things rows, as a rough number */
  async add(things: number): Promise<void> {
    this.#written += things;
    if (this.#written < EVERY) return;
    this.#written = 0;
    await refreshStatistics(this.#database);
  }
}

/**
 * For everybody who writes many rows: a run as it goes on, and once a second what SCIM writes. Only tables that have
 * grown several times over since they were last looked at are looked at.
 */
export async function refreshStatistics(database: Pick<Database, 'query'>): Promise<void> {
  await database.query({ name: 'snapshot_refresh_statistics', text: 'SELECT refresh_statistics()' });
}
