import { Turns, type Database, type JsonObject, type Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { Fence, HeldListing, RunFacts, SnapshotDoor, SnapshotReport, SnapshotRun } from '#connectors';

/** A door without a directory behind it: keeps what is staged and applied, and obeys the fence like the real one. */
export class InMemoryDoor implements SnapshotDoor {
  /** Run id → records, in the order of staging. */
  readonly staged = new Map<string, SnapshotRecord[]>();
  /** Directory id → source ids of the people that were applied. */
  readonly applied = new Map<string, Set<string>>();
  readonly facts: RunFacts[] = [];
  readonly discarded: string[] = [];
  /** Called before each step, for faults. */
  before: (step: 'stage' | 'hold' | 'compare' | 'plan' | 'apply' | 'discard') => void | Promise<void> = () =>
    undefined;
  readonly #turns = new Turns();
  readonly #transaction: (work: Fence) => Promise<void>;

  /** Without a database every fence is told that the lease holds. */
  constructor(database?: Database) {
    const isHeld: Queryable = { query: <R>() => Promise.resolve([{} as R]) };
    this.#transaction = (work) => (database === undefined ? work(isHeld) : database.transaction(work));
  }

  stage(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void> {
    return this.#turns.take(run.runId, async () => {
      await this.before('stage');
      await this.#transaction(fence);
      this.staged.set(run.runId, [...(this.staged.get(run.runId) ?? []), ...records]);
    });
  }

  async stagedIds(
    run: SnapshotRun,
    kind: SnapshotKind,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]> {
    const ids = kind === 'user' ? [...this.#people(run.runId)].sort() : [];
    return ids.filter((id) => page.after === null || id > page.after).slice(0, page.limit);
  }

  async unchanged(run: SnapshotRun, records: readonly SnapshotRecord[]): Promise<SnapshotReport | undefined> {
    const known = this.#known(run.directoryId);
    const shown = peopleIn(records);
    await this.before('compare');
    return shown.size === known.size && [...shown].every((id) => known.has(id))
      ? reportOf([], [])
      : undefined;
  }

  /** Somebody who is not known, or cannot be read, makes a listing another one. */
  holdListing(run: SnapshotRun): HeldListing {
    const pages: (readonly SnapshotRecord[])[] = [];
    return {
      add: async (records) => {
        await this.before('hold');
        pages.push(records);
        const known = this.#known(run.directoryId);
        return (
          records.every(({ kind }) => kind !== 'invalid') &&
          [...peopleIn(records)].every((id) => known.has(id))
        );
      },
      stage: async (fence) => {
        for (let page = pages[0]; page !== undefined; page = pages[0]) {
          await this.stage(run, page, fence);
          pages.shift();
        }
      },
      ids: (kind) => (kind === 'user' ? peopleIn(pages.flat()) : new Set()),
      unchanged: () => this.unchanged(run, pages.flat()),
    };
  }

  async plan(run: SnapshotRun, facts: RunFacts): Promise<SnapshotReport> {
    await this.before('plan');
    return this.#compare(run, facts);
  }

  async apply(run: SnapshotRun, facts: RunFacts, fence: Fence): Promise<SnapshotReport> {
    await this.before('apply');
    const report = this.#compare(run, facts);
    await this.#transaction(fence);
    this.facts.push(facts);
    const known = this.#known(run.directoryId);
    const seen = this.#people(run.runId);
    if (facts.complete.includes('users')) for (const id of known) if (!seen.has(id)) known.delete(id);
    for (const id of seen) known.add(id);
    return report;
  }

  async discard(run: SnapshotRun): Promise<void> {
    await this.before('discard');
    this.discarded.push(run.runId);
    this.staged.delete(run.runId);
  }

  applyDueTransitions(): Promise<number> {
    return Promise.resolve(0);
  }

  #compare(run: SnapshotRun, facts: RunFacts): SnapshotReport {
    const known = this.#known(run.directoryId);
    const seen = this.#people(run.runId);
    const created = [...seen].filter((id) => !known.has(id));
    const removed = facts.complete.includes('users') ? [...known].filter((id) => !seen.has(id)) : [];
    return reportOf(created, removed);
  }

  #known(directoryId: string): Set<string> {
    const known = this.applied.get(directoryId) ?? new Set<string>();
    this.applied.set(directoryId, known);
    return known;
  }

  #people(runId: string): Set<string> {
    return peopleIn(this.staged.get(runId) ?? []);
  }
}

function peopleIn(records: readonly SnapshotRecord[]): Set<string> {
  return new Set(records.flatMap((record) => (record.kind === 'user' ? [record.user.sourceId] : [])));
}

function reportOf(created: readonly string[], removed: readonly string[]): SnapshotReport {
  const samples = [
    ...created.map<JsonObject>((id) => ({ action: 'create', kind: 'user', id })),
    ...removed.map<JsonObject>((id) => ({ action: 'remove', kind: 'user', id })),
  ];
  return { counts: { users: { create: created.length, remove: removed.length } }, samples };
}
