import { ConflictError, RetryableError } from '#kernel';
import type { AppendedEvent } from '#events';
import type { Change, ChangeResult } from '#model';
import type { BatchOptions } from './batch-options.js';
import { Coalescer, type Waiting } from '../coalescer.js';
import { evaluate, type Evaluated } from './evaluate.js';
import type { DirectoryRef } from './head.js';
import { StatementError } from './store-tx.js';
import { UserTexts } from './user-texts.js';
import { inTransaction, type DirectoryStoreOptions } from './transaction.js';

interface Request {
  readonly ref: DirectoryRef;
  readonly change: Change;
}

/** What became of one change of several: its result, or why it was refused. */
export type ChangeOutcome = { readonly result: ChangeResult } | { readonly error: unknown };

const MAX_TRIES = 4;
const PUSHED: BatchOptions = { removals: { kind: 'guarded' } };

/**
 * The one door: the only code that writes users, groups, memberships and their events. Each change is refused or
 * committed as a whole, together with its events. Concurrent changes of one directory share a transaction, in order of
 * arrival; the events of each stay together.
 *
 * What a change removes passes the removal guard. While it holds a removal back, the source's side shows the removal
 * and the other side does not, and there is no event.
 */
export class DirectoryStore {
  readonly #options: DirectoryStoreOptions;
  readonly #coalescer: Coalescer<Request, ChangeResult>;
  readonly #userTexts = new UserTexts();

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

  /**
   * Applies changes in order, in one transaction. A refused change is reported in its outcome and does not stop the
   * others. Only when the database itself refuses a statement, each change gets a transaction of its own.
   * @param options `removals` says who decides about removals; `runId` is remembered with those that take effect, so
   *   that a run can be restored.
   * @throws NotFoundError no such directory; RetryableError when the database is away.
   */
  async applyAll(
    ref: DirectoryRef,
    changes: readonly Change[],
    options: BatchOptions,
  ): Promise<readonly ChangeOutcome[]> {
    if (changes.length === 0) return [];
    try {
      return await this.#commit(ref, changes, options);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      const outcomes: ChangeOutcome[] = [];
      for (const change of changes) outcomes.push(await this.#commitAlone({ ref, change }, options));
      return outcomes;
    }
  }

  async #runBatch(directoryId: string, take: () => Waiting<Request, ChangeResult>[]): Promise<void> {
    let taken: Waiting<Request, ChangeResult>[] = [];
    try {
      const outcomes = await this.#commitTaken(directoryId, () => {
        taken = take();
        return taken.map(({ request }) => request);
      });
      taken.forEach((waiting, index) => settle(waiting, outcomes[index] as ChangeOutcome));
    } catch (error) {
      if (!(error instanceof StatementError) || taken.length === 0) throw error;
      // One bad change must not take its neighbours down: each gets a transaction of its own.
      for (const waiting of taken) settle(waiting, await this.#commitAlone(waiting.request, PUSHED));
    }
  }

  async #commitAlone({ ref, change }: Request, options: BatchOptions): Promise<ChangeOutcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#commit(ref, [change], options))[0] as ChangeOutcome;
      } catch (error) {
        const cause = error instanceof StatementError ? error.cause : error;
        if (isTransient(cause) && attempt < MAX_TRIES) continue;
        return { error: asRefusal(cause) };
      }
    }
  }

  #commit(
    ref: DirectoryRef,
    changes: readonly Change[],
    options: BatchOptions,
  ): Promise<readonly ChangeOutcome[]> {
    return this.#commitTaken(ref.directoryId, () => changes.map((change) => ({ ref, change })), options);
  }

  /** One transaction; returns what to tell whom, to be said only after the commit. */
  async #commitTaken(
    directoryId: string,
    take: () => readonly Request[],
    options: BatchOptions = PUSHED,
  ): Promise<readonly ChangeOutcome[]> {
    const committed = await inTransaction(this.#options, directoryId, () => {
      const requests = take();
      const ref = requests[0]?.ref;
      const changes = requests.map(({ change }) => change);
      return (
        ref && {
          ...options,
          ref,
          changes,
          // A run reads everybody once.
          userTexts: options.removals.kind === 'guarded' ? this.#userTexts : undefined,
          work: async (batch) => {
            const evaluated: Evaluated[] = [];
            for (const change of changes) evaluated.push(await evaluate(batch, change));
            return evaluated;
          },
        }
      );
    });
    return committed?.result.map((evaluated) => outcomeOf(evaluated, committed.events)) ?? [];
  }
}

function outcomeOf(evaluated: Evaluated, events: readonly AppendedEvent[]): ChangeOutcome {
  if ('error' in evaluated) return evaluated;
  return { result: { ...evaluated.result, events: events.slice(evaluated.from, evaluated.to) } };
}

function settle(waiting: Waiting<Request, ChangeResult>, outcome: ChangeOutcome): void {
  if ('error' in outcome) waiting.reject(outcome.error);
  else waiting.resolve(outcome.result);
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
