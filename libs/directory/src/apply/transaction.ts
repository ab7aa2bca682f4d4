import type { Clock, Database } from '#kernel';
import { appendEvents, lockStream, type AppendedEvent } from '#events';
import { openBatch, type Batch } from './batch.js';
import type { BatchOptions } from './batch-options.js';
import { loadHead, type DirectoryRef } from './head.js';
import { markFailures } from './store-tx.js';
import { writeBatch } from './write.js';
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

const EVENTS_PER_STATEMENT = 1_000;

/**
 * One transaction on one directory: its lock first, then whatever `work` does to the batch, then rows and events are
 * written. `begin` is called once the lock is held and says what the transaction is about; undefined means nothing.
 */
export async function inTransaction<T>(
  options: DirectoryStoreOptions,
  directoryId: string,
  begin: () => (BatchOptions & { readonly ref: DirectoryRef; work(batch: Batch): Promise<T> }) | undefined,
): Promise<Committed<T> | undefined> {
  let wake: (() => void) | undefined;
  const committed = await options.database.transaction(async (rawTx) => {
    const task = begin();
    if (!task) return undefined;
    const { ref } = task;
    const tx = markFailures(rawTx);
    const batch = openBatch(tx, await loadHead(tx, ref), { ...task, clock: options.clock });
    const result = await task.work(batch);
    await writeBatch(tx, batch);
    await writeGuard(batch);
    const events = await appendAll(tx, batch);
    if (events.length > 0) wake = () => options.afterCommit?.(ref.environmentId, ref.directoryId);
    return { result, events };
  }, lockStream(directoryId));
  wake?.();
  return committed;
}

async function appendAll(tx: Parameters<typeof appendEvents>[0], batch: Batch): Promise<AppendedEvent[]> {
  const { head, events } = batch;
  const stream = { ...head, streamId: head.directoryId };
  const appended: AppendedEvent[] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_STATEMENT)
    appended.push(
      ...(await appendEvents(tx, stream, {
        head: head.sequence + start,
        events: events.slice(start, start + EVENTS_PER_STATEMENT),
      })),
    );
  return appended;
}
