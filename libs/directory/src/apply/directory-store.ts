import { ConflictError, RetryableError, type Clock, type Database, type Queryable } from '#kernel';
import { lockStream, startAppend, type AppendedEvent } from '#events';
import type { Change, ChangeResult } from '#model';
import { openBatch, type Batch } from './batch.js';
import { Coalescer, type Waiting } from './coalescer.js';
import { createGroup, deleteGroup, updateGroup } from './evaluate-group.js';
import { createUser, deleteUser, updateUser } from './evaluate-user.js';
import type { DirectoryRef } from './head.js';
import { markFailures, StatementError } from './store-tx.js';
import { writeBatch } from './write.js';

/** What the store needs from outside. */
export interface DirectoryStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Called after a commit that appended events; wakes the webhook dispatcher. */
  readonly afterCommit?: (environmentId: string, directoryId: string) => void;
}

interface Request {
  readonly ref: DirectoryRef;
  readonly change: Change;
}

/** The outcome of one change of a batch, before its events have their numbers. */
type Evaluated =
  | { readonly result: Omit<ChangeResult, 'events'>; readonly from: number; readonly to: number }
  | { readonly error: unknown };

const MAX_TRIES = 4;
const EVENTS_PER_STATEMENT = 1_000;

/**
 * The one door: the only code that writes users, groups, memberships and their events. Each change is refused or
 * committed as a whole, together with its events. Concurrent changes of one directory share a transaction, in order of
 * arrival; the events of each stay together.
 */
export class DirectoryStore {
  readonly #options: DirectoryStoreOptions;
  readonly #coalescer: Coalescer<Request, ChangeResult>;

  constructor(options: DirectoryStoreOptions) {
    this.#options = options;
    this.#coalescer = new Coalescer((directoryId, take) => this.#runBatch(directoryId, take));
  }

  /**
   * Applies one change. When the promise resolves, the change is durable, visible to the next read, and its events are
   * in the log.
   * @throws NotFoundError no such directory or resource; ConflictError reason `uniqueness` or `version`;
   *   InvalidInputError naming the attribute; RetryableError when the database is away; and whatever `update` threw.
   */
  apply(ref: DirectoryRef, change: Change): Promise<ChangeResult> {
    return this.#coalescer.submit(ref.directoryId, { ref, change });
  }

  async #runBatch(directoryId: string, take: () => Waiting<Request, ChangeResult>[]): Promise<void> {
    let taken: Waiting<Request, ChangeResult>[] = [];
    try {
      settle(
        await this.#commit(directoryId, () => {
          taken = take();
          return taken;
        }),
      );
    } catch (error) {
      if (!(error instanceof StatementError) || taken.length === 0) throw error;
      // One bad change must not take its neighbours down: each gets a transaction of its own.
      for (const waiting of taken) await this.#runAlone(directoryId, waiting);
    }
  }

  async #runAlone(directoryId: string, waiting: Waiting<Request, ChangeResult>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        settle(await this.#commit(directoryId, () => [waiting]));
        return;
      } catch (error) {
        const cause = error instanceof StatementError ? error.cause : error;
        if (isTransient(cause) && attempt < MAX_TRIES) continue;
        waiting.reject(asRefusal(cause));
        return;
      }
    }
  }

  /** One transaction; returns what to tell whom, to be said only after the commit. */
  async #commit(directoryId: string, take: () => Waiting<Request, ChangeResult>[]): Promise<(() => void)[]> {
    let wake: (() => void) | undefined;
    const answers = await this.#options.database.pipelined(async (rawTx) => {
      const tx = markFailures(rawTx);
      const waiting = take();
      const ref = waiting[0]?.request.ref;
      if (!ref) return { result: [], writes: Promise.resolve() };
      const changes = waiting.map(({ request }) => request.change);
      const batch = await openBatch(tx, { ref, changes, clock: this.#options.clock });
      const evaluated: Evaluated[] = [];
      for (const { request } of waiting) evaluated.push(await evaluate(batch, request.change));
      const written = writeBatch(tx, batch);
      const { events, appended } = appendAll(tx, batch);
      if (events.length > 0) wake = () => this.#options.afterCommit?.(ref.environmentId, ref.directoryId);
      return {
        result: waiting.map((each, index) => answer(each, evaluated[index] as Evaluated, events)),
        writes: Promise.all([...written, ...appended]),
      };
    }, lockStream(directoryId));
    wake?.();
    return answers;
  }
}

/**
 * Evaluates one change on the working state. Whatever can refuse a change is checked before the state is touched, so
 * a refusal leaves it as it was.
 */
async function evaluate(batch: Batch, change: Change): Promise<Evaluated> {
  const from = batch.events.length;
  try {
    const result = await dispatch(batch, change);
    return { result, from, to: batch.events.length };
  } catch (error) {
    if (error instanceof StatementError) throw error;
    return { error };
  }
}

function dispatch(batch: Batch, change: Change): Promise<Omit<ChangeResult, 'events'>> {
  switch (change.kind) {
    case 'create_user':
      return createUser(batch, change);
    case 'update_user':
      return updateUser(batch, change);
    case 'delete_user':
      return deleteUser(batch, change);
    case 'create_group':
      return createGroup(batch, change);
    case 'update_group':
      return updateGroup(batch, change);
    case 'delete_group':
      return deleteGroup(batch, change);
  }
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

function answer(
  waiting: Waiting<Request, ChangeResult>,
  evaluated: Evaluated,
  events: readonly AppendedEvent[],
): () => void {
  if ('error' in evaluated) return () => waiting.reject(evaluated.error);
  const own = events.slice(evaluated.from, evaluated.to);
  return () => waiting.resolve({ ...evaluated.result, events: own });
}

function settle(answers: readonly (() => void)[]): void {
  for (const tell of answers) tell();
}

/** Serialization failure and deadlock: the same transaction can succeed the next time. */
function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '40001' || code === '40P01';
}

function asRefusal(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === '23505')
    return new ConflictError('Another change has just taken this key. Look the resource up and update it.', {
      cause: error,
    });
  if (isTransient(error))
    return new RetryableError('The change collided with others. Send it again in a moment.', {
      cause: error,
    });
  return error;
}
