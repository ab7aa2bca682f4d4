import type { QueryResultRow } from 'pg';
import type { Queryable, Statement } from '#kernel';

/** A statement failed: the transaction is lost, and with it the whole batch (unlike an error of one change). */
export class StatementError extends Error {
  constructor(cause: unknown) {
    super('A statement of the batch failed', { cause });
  }
}

/** Marks failures of the database, so that they are told apart from a refused change. */
export function markFailures(tx: Queryable): Queryable {
  return {
    query: async <R extends QueryResultRow>(statement: Statement): Promise<R[]> => {
      try {
        return await tx.query<R>(statement);
      } catch (error) {
        throw new StatementError(error);
      }
    },
  };
}
