import type { Database } from '#kernel';

/** Things written by a run until the server should look at its tables for the first time. */
const FIRST = 500;
/** How many times as many until the next time. */
const FACTOR = 4;

/**
 * Has the server look at the tables that a run fills, as they grow. Left to itself it does so a minute or more later,
 * and plans until then as if they were empty: a first load took time in the square of its size.
 */
export class Growth {
  readonly #database: Pick<Database, 'query'>;
  #written = 0;
  #next = FIRST;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  /** @param things rows, as a rough number */
  async add(things: number): Promise<void> {
    this.#written += things;
    if (this.#written < this.#next) return;
    this.#next = this.#written * FACTOR;
    await refreshStatistics(this.#database);
  }
}

/** Only tables that have grown several times over since they were last looked at are looked at. */
export async function refreshStatistics(database: Pick<Database, 'query'>): Promise<void> {
  await database.query({ name: 'snapshot_refresh_statistics', text: 'SELECT refresh_statistics()' });
}
