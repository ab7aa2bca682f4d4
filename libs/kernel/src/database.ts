import type { Socket } from 'node:net';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
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

/** What the work of a pipelined transaction comes to: its writes may still be under way. */
export interface Pipelined<T> {
  readonly result: T;
  readonly writes: Promise<unknown>;
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
      throw translateOutage(error);
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
      throw translateOutage(error);
    } finally {
      client.release(broken);
    }
  }

  /**
   * A transaction whose statements need not wait for each other: on the connections of a pool with `pipeline`, those
   * that are started together share one round trip, and COMMIT goes out right behind the writes. What `work` starts it
   * has to await or to return as `writes`, and nothing may be started later: COMMIT would be before it. A statement
   * that fails fails all that follow, COMMIT too.
   */
  async pipelined<T>(work: (tx: Queryable) => Promise<Pipelined<T>>, begin = ''): Promise<T> {
    const client = await this.#connect();
    const send = sender(client);
    const begun = send({ text: begin === '' ? 'BEGIN' : `BEGIN; ${begin}`, values: [] });
    begun.catch(() => undefined);
    let isOver = false;
    let broken: Error | undefined;
    const query = async <R extends QueryResultRow>(statement: Statement): Promise<R[]> => {
      if (isOver) throw new Error('A statement was started after the end of its transaction');
      return (await send<R>(asConfig(statement))).rows;
    };
    try {
      const { result, writes } = await work({ query });
      isOver = true;
      const committed = send({ text: 'COMMIT', values: [] });
      const steps = await Promise.allSettled([begun, writes, committed]);
      for (const step of steps) if (step.status === 'rejected') throw step.reason;
      return result;
    } catch (error) {
      // Without its lock no statement can succeed, so why there is none is the better reason.
      const reason = await begun.then(
        () => error,
        (refused: unknown) => refused,
      );
      broken = await rollback(client);
      throw translateOutage(reason);
    } finally {
      client.release(broken);
    }
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translateOutage(error);
    }
  }
}

/** Connection exceptions, operator intervention, resources, read-only, lock and statement timeouts. */
const AWAY = /^(08...|57P0[1-4]|57014|53[0-4]00|25006|55P03)$/;
/** The last four: this process or its machine has no descriptor, memory or port left for a connection. */
const SOCKET =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|EMFILE|ENFILE|ENOBUFS|EADDRNOTAVAIL)$/;
const POOL =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/**
 * Turns "the database is away" into RetryableError; leaves every other error as it is. For what comes from TypeORM, which
 * reports outages in its own words.
 */
export function translateOutage(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
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

type Send = <R extends QueryResultRow>(config: QueryConfig) => Promise<QueryResult<R>>;

/**
 * On a connection that pipelines, what is started in one turn of the event loop leaves in one write: a system call for
 * each statement cost more than the statements. Any other connection gets one statement after the other.
 */
function sender(client: PoolClient): Send {
  if (client.pipeline) {
    const { stream } = (client as PoolClient & { readonly connection: { readonly stream: Socket } })
      .connection;
    return (config) => {
      holdBack(stream);
      return client.query(config);
    };
  }
  let last: Promise<unknown> = Promise.resolve();
  return <R extends QueryResultRow>(config: QueryConfig) => {
    const next = last.catch(() => undefined).then(() => client.query<R>(config));
    last = next;
    return next;
  };
}

function holdBack(stream: Socket): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
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
