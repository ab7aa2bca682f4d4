import { Database, type Queryable } from '#kernel';

/** A process that dies at its n-th statement: that one and all after it reach nobody. */
export class DyingDatabase extends Database {
  statements = 0;
  dyingAt = Number.POSITIVE_INFINITY;
  /** The n-th statement reaches the database, but its answer does not reach us. */
  isAfter = false;

  override async query<R extends object>(statement: Parameters<Database['query']>[0]): Promise<R[]> {
    this.statements += 1;
    if (this.statements > this.dyingAt) throw new Error('killed');
    if (this.statements < this.dyingAt) return super.query<R>(statement);
    if (this.isAfter) await super.query(statement);
    throw new Error('killed');
  }

  override async transaction<T>(work: (tx: Queryable) => Promise<T>, begin?: string): Promise<T> {
    this.statements += 1;
    if (this.statements > this.dyingAt) throw new Error('killed');
    const result = await super.transaction(work, begin);
    if (this.statements === this.dyingAt) throw new Error('killed');
    return result;
  }
}
