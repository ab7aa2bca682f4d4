import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { RetryableError } from './errors.js';

/** One statement. `name` makes it a prepared statement; give every hot statement one, unique to its text. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Something that runs statements: the pool, or one transaction. */
export interface Queryable {
  query<R extends QueryResultRow>(statement: Statement): Promise<R[]>;
}

/**
 * Hand-written SQL on the same connections that TypeORM uses. When the database is away, restarting, read-only or out of
 * connections, every call throws RetryableError; other failures pass through as `pg` reports them.
 */
export class Database implements Queryable {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query<R extends QueryResultRow>(statement: Statement): Promise<R[]> {
    try {
      const result = await this.#pool.query<R>(asConfig(statement));
      return result.rows;
    } catch (error) {
      throw translate(error);
    }
  }

  /**
   * Runs `work` in one transaction. `begin` is sent in the same round trip as BEGIN (a lock, a timeout); it takes no
   * parameters, so only numbers and constants may be written into it.
   */
  async transaction<T>(work: (tx: Queryable) => Promise<T>, begin = ''): Promise<T> {
    const client = await this.#connect();
    let broken: Error | undefined;
    try {
      await client.query(begin === '' ? 'BEGIN' : `BEGIN; ${begin}`);
      const result = await work(queryable(client));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = await rollback(client);
      throw translate(error);
    } finally {
      client.release(broken);
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translate(error);
    }
  }
}

/** Connection exceptions, operator intervention, resources, read-only, lock and statement timeouts. */
const AWAY = /^(08...|57P0[1-4]|57014|53[0-4]00|25006|55P03)$/;
const SOCKET = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
const POOL =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** Turns "the database is away" into RetryableError; leaves every other error as it is. */
function translate(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const away =
    (typeof code === 'string' && (AWAY.test(code) || SOCKET.test(code))) ||
    (typeof message === 'string' && POOL.test(message));
  if (!away || error instanceof RetryableError) return error;
  return new RetryableError('The database is not available at the moment. Send the request again shortly.', {
    code: 'database_unavailable',
    cause: error,
  });
}

function queryable(client: PoolClient): Queryable {
  return {
    query: async <R extends QueryResultRow>(statement: Statement): Promise<R[]> =>
      (await client.query<R>(asConfig(statement))).rows,
  };
}

/** A connection on which even ROLLBACK fails must not go back to the pool. */
async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function asConfig(statement: Statement): { name?: string; text: string; values: unknown[] } {
  const values = (statement.values ?? []) as unknown[];
  return statement.name === undefined
    ? { text: statement.text, values }
    : { name: statement.name, text: statement.text, values };
}
