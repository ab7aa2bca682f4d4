import type { DataSource, EntityManager } from 'typeorm';
import { appendEvents, lockStream, readHead } from '#events';
import { translateOutage, type Queryable, type Statement } from '#kernel';
import type { NewEvent } from '#model';

/** Settings shared by the services of the control plane. */
export interface ControlOptions {
  /** Called after a transaction that appended events was committed; it must not throw. */
  readonly afterCommit?: (environmentId: string, streamId: string) => void;
}

/** What a piece of work leads to. Without events nothing is appended. */
export interface Outcome<T> {
  readonly result: T;
  readonly events: readonly NewEvent[];
  /** Organization the events belong to, for the feed's filter. */
  readonly organizationId: string | null;
}

/** Which log to write: that of a directory, or of the environment when no directory is named. */
export interface LogTarget {
  readonly environmentId: string;
  readonly directoryId?: string;
}

/** Runs changes of the control plane together with their events. */
export class ControlLog {
  readonly #dataSource: DataSource;
  readonly #afterCommit: ControlOptions['afterCommit'];

  constructor(dataSource: DataSource, options: ControlOptions) {
    this.#dataSource = dataSource;
    this.#afterCommit = options.afterCommit;
  }

  /**
   * One transaction on one stream. The lock is its first statement, so `work` sees what every earlier writer of the
   * stream committed, and nobody else writes meanwhile. @throws RetryableError when the database is away
   */
  async write<T>(target: LogTarget, work: (manager: EntityManager) => Promise<Outcome<T>>): Promise<T> {
    const streamId = target.directoryId ?? target.environmentId;
    const outcome = await this.#transaction(async (manager) => {
      await manager.query(lockStream(streamId));
      const done = await work(manager);
      if (done.events.length > 0) await append(manager, target, done);
      return done;
    });
    if (outcome.events.length > 0) this.#afterCommit?.(target.environmentId, streamId);
    return outcome.result;
  }

  async #transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.#dataSource.transaction(work);
    } catch (error) {
      throw translateOutage(error);
    }
  }
}

/** The connection of a TypeORM transaction as what the hand-written SQL runs on. */
export function asQueryable(manager: EntityManager): Queryable {
  return {
    query: async <R>(statement: Statement): Promise<R[]> => {
      const result: unknown[] = await manager.query(statement.text, [...(statement.values ?? [])]);
      // TypeORM answers UPDATE and DELETE with [rows, count], everything else with the rows.
      return (Array.isArray(result[0]) ? result[0] : result) as R[];
    },
  };
}

async function append(manager: EntityManager, target: LogTarget, outcome: Outcome<unknown>): Promise<void> {
  const tx = asQueryable(manager);
  const stream = {
    environmentId: target.environmentId,
    streamId: target.directoryId ?? target.environmentId,
    directoryId: target.directoryId ?? null,
    organizationId: outcome.organizationId,
  };
  const head = await readHead(tx, stream);
  await appendEvents(tx, stream, { head, events: outcome.events });
}
