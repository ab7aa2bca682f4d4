import type { Clock, Database, Queryable } from '#kernel';
import { lockStream, startAppend, type AppendedEvent } from '#events';
import type { Change } from '#model';
import { openBatch, type Batch } from './batch.js';
import type { BatchOptions } from './batch-options.js';
import type { DirectoryRef } from './head.js';
import { markFailures } from './store-tx.js';
import { writeBatch } from './write.js';
import type { UserTexts } from './user-texts.js';
import { writeGuard } from './write-guard.js';

/** What the store needs from outside. */
export interface DirectoryStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after a commit that appended events; wakes the webhook dispatcher. */
  readonly afterCommit?: (environmentId: string, directoryId: string) => void;
}

/** What a piece of work in a transaction leads to, and the numbered events of its batch. */
export interface Committed<T> {
  readonly result: T;
  readonly events: readonly AppendedEvent[];
}

/** Few enough that the server stores the first while the next are put into words. */
const EVENTS_PER_STATEMENT = 100;

/** What a transaction is about. */
export interface Task<T> extends BatchOptions {
  readonly ref: DirectoryRef;
  /** What they name is loaded together with the directory. */
  readonly changes?: readonly Change[];
  /** Remembers people that groups are filled with. */
  readonly userTexts?: UserTexts | undefined;
  work(batch: Batch): Promise<T>;
}

/**
 * One transaction on one directory: its lock first, then whatever `work` does to the batch, then rows and events are
 * written. Lock and look-ups travel together, and so do the writes and COMMIT. `begin` is called once there is a
 * connection and says what the transaction is about; undefined means nothing.
 */
export async function inTransaction<T>(
  options: DirectoryStoreOptions,
  directoryId: string,
  begin: () => Task<T> | undefined,
): Promise<Committed<T> | undefined> {
  let wake: (() => void) | undefined;
  const committed = await options.database.pipelined<Committed<T> | undefined>(async (rawTx) => {
    const task = begin();
    if (!task) return { result: undefined, writes: Promise.resolve() };
    const { ref } = task;
    const tx = markFailures(rawTx);
    const batch = await openBatch(tx, { ...task, clock: options.clock });
    const result = await task.work(batch);
    const written = Promise.all(writeBatch(tx, batch));
    written.catch(() => undefined);
    await writeGuard(batch).catch((error: unknown) => writtenFirst(written, error));
    const { events, appended } = appendAll(tx, batch);
    if (events.length > 0) wake = () => options.afterCommit?.(ref.environmentId, ref.directoryId);
    return { result: { result, events }, writes: Promise.all([written, ...appended]) };
  }, lockStream(directoryId));
  wake?.();
  return committed;
}

/** After a write that failed every statement fails; the first failure is the reason. */
async function writtenFirst(written: Promise<unknown>, error: unknown): Promise<never> {
  await written;
  throw error;
}

function appendAll(
  tx: Queryable,
  { head, events }: Batch,
): { readonly events: AppendedEvent[]; readonly appended: Promise<unknown>[] } {
  const stream = { ...head, streamId: head.directoryId };
  const all: AppendedEvent[] = [];
  const appended: Promise<unknown>[] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_STATEMENT) {
    const part = events.slice(start, start + EVENTS_PER_STATEMENT);
    const started = startAppend(tx, stream, { head: head.sequence + start, events: part });
    all.push(...started.events);
    appended.push(started.written);
  }
  return { events: all, appended };
}
