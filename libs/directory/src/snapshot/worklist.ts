import type { Fence } from '../apply/batch-options.js';
import type { Change, ChangeResult, SnapshotKind } from '#model';
import type { Database, Queryable } from '#kernel';
import type { Decision } from './decision.js';
import type { Growth } from './growth.js';
import type { Progress } from './progress.js';
import type { SnapshotAction, SnapshotItem, SnapshotRun, SnapshotStore } from './snapshot.js';

/** Changes per transaction: short enough that pushed traffic and other directories hardly notice. */
export const BATCH = 250;
const MOST_ITEMS = 500;

/** What every step of a run works with. */
export interface RunWork {
  readonly database: Database;
  readonly store: SnapshotStore;
  readonly run: SnapshotRun;
  readonly decision: Decision;
  readonly fence: Fence;
  readonly tally: Tally;
  readonly growth: Growth;
  readonly progress?: Progress | undefined;
}

/** A change, and what the report says about it. */
export interface Task {
  readonly kind: SnapshotKind | 'membership';
  readonly action: SnapshotAction;
  readonly sourceId: string;
  readonly label: string;
  /** Of a removal: what proves it. */
  readonly proof?: string;
  readonly change: Change;
}

export type Outcome = { readonly result: ChangeResult } | { readonly error: unknown };

/** Counts and the first lines of a report. */
export class Tally {
  readonly items: SnapshotItem[] = [];
  readonly #counts = new Map<string, number>();

  add(item: SnapshotItem): void {
    this.count(item);
    if (this.items.length < MOST_ITEMS) this.items.push(item);
  }

  count({ kind, action }: Pick<SnapshotItem, 'kind' | 'action'>, by = 1): void {
    const key = `${kind} ${action}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  of(kind: SnapshotItem['kind'], action: SnapshotAction): number {
    return this.#counts.get(`${kind} ${action}`) ?? 0;
  }
}

/**
 * Applies tasks in one transaction and reports what became of them. What changed nothing is not worth a line; what the
 * guard holds back is told as held.
 */
export async function perform(work: RunWork, tasks: readonly Task[]): Promise<readonly Outcome[]> {
  const { store, run, decision, fence } = work;
  if (tasks.length === 0) return [];
  const outcomes = await store.applyAll(
    run,
    tasks.map((task) => task.change),
    { removals: { kind: 'judged', holdId: decision.holdId }, runId: run.runId, fence },
  );
  tasks.forEach((task, index) => report(work, task, outcomes[index] as Outcome));
  await work.growth.add(
    outcomes.reduce((sum, outcome) => sum + ('error' in outcome ? 0 : outcome.result.events.length), 0),
  );
  await work.progress?.add(tasks.reduce((sum, task) => sum + sizeOf(task), 0));
  return outcomes;
}

function sizeOf({ kind, change }: Task): number {
  return kind === 'membership' && 'named' in change ? (change.named?.length ?? 1) : 1;
}

function report(
  { tally, decision }: RunWork,
  { change: _change, proof, ...task }: Task,
  outcome: Outcome,
): void {
  if ('error' in outcome) tally.add({ ...task, action: 'refused', detail: messageOf(outcome.error) });
  else if (decision.holdId !== null && isHeld(task.action, outcome.result))
    tally.add({ ...task, action: 'held', detail: ['Waits for approval.', proof ?? ''].join(' ').trim() });
  else if (outcome.result.events.length > 0)
    tally.add({ ...task, detail: proof ?? `${outcome.result.events.length} event(s)` });
}

/** Who would be deactivated waits, though something else of them may have changed; the others are told by an event. */
function isHeld(action: SnapshotAction, { events }: ChangeResult): boolean {
  return action === 'deactivate' || (events.length === 0 && REMOVING.includes(action));
}

/** What the guard can hold back; without an event it did. */
const REMOVING: readonly SnapshotAction[] = ['delete', 'deactivate', 'members'];

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A transaction that the run may still write in. */
export function fenced<T>(
  { database, fence }: Pick<RunWork, 'database' | 'fence'>,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await fence(tx);
    return work(tx);
  });
}
