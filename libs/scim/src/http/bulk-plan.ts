/** What the plan must know of an operation. */
export interface PlannedOperation {
  /** Positions of the creations whose ids it needs. */
  readonly needs: readonly number[];
  /** Positions of earlier operations on the same resource, which must be over before. */
  readonly follows: readonly number[];
  /** True when it can be created without the ids it needs, and get them afterwards. */
  readonly canWait: boolean;
}

/**
 * `run`: as it is. `create_first`: without the ids that it needs, to break a cycle. `complete`: these ids are there
 * now. `give_up`: a cycle that cannot be broken.
 */
export interface PlanStep {
  readonly index: number;
  readonly kind: 'run' | 'create_first' | 'complete' | 'give_up';
}

type State = 'waiting' | 'created' | 'over';

/**
 * The order in which the operations of a bulk request run (RFC 7644 3.7.2): that of the request, except that an
 * operation waits for what it refers to. Linear in the number of references, because the peer chooses them.
 */
export class BulkPlan {
  readonly #operations: readonly PlannedOperation[];
  readonly #states: State[];
  /** How many prerequisites are still missing. */
  readonly #missing: number[];
  /** Those before this one of `needs` are known to be there. */
  readonly #seen: number[];
  readonly #neededBy: number[][];
  readonly #followedBy: number[][];

  constructor(operations: readonly PlannedOperation[]) {
    this.#operations = operations;
    this.#states = operations.map(() => 'waiting');
    this.#missing = operations.map(({ needs, follows }) => needs.length + follows.length);
    this.#seen = operations.map(() => 0);
    this.#neededBy = operations.map(() => []);
    this.#followedBy = operations.map(() => []);
    for (const [index, { needs, follows }] of operations.entries()) {
      for (const other of needs) this.#neededBy[other]?.push(index);
      for (const other of follows) this.#followedBy[other]?.push(index);
    }
  }

  /** What to do next; undefined when everything is over. Each step is answered by `created` or `over`. */
  next(): PlanStep | undefined {
    const completable = this.#first('created');
    if (completable !== undefined) return { index: completable, kind: 'complete' };
    const runnable = this.#first('waiting');
    if (runnable !== undefined) return { index: runnable, kind: 'run' };
    const stuck = this.#states.indexOf('waiting');
    return stuck === -1 ? undefined : this.#breakCycle(stuck);
  }

  /** It exists, but still waits for ids that it needs: whoever needs its own id can go on. */
  created(index: number): void {
    this.#states[index] = 'created';
    this.#release(this.#neededBy[index]);
  }

  /** It is done, or has failed. */
  over(index: number): void {
    if (this.#states[index] === 'waiting') this.#release(this.#neededBy[index]);
    this.#states[index] = 'over';
    this.#release(this.#followedBy[index]);
  }

  /** What was created and never completed. */
  unfinished(): number[] {
    return this.#states.flatMap((state, index) => (state === 'created' ? [index] : []));
  }

  #first(state: State): number | undefined {
    const index = this.#states.findIndex((each, at) => each === state && this.#missing[at] === 0);
    return index === -1 ? undefined : index;
  }

  #release(dependents: readonly number[] = []): void {
    for (const index of dependents) this.#missing[index] = (this.#missing[index] ?? 0) - 1;
  }

  /** Only creations are needed by others, so a cycle is made of creations. */
  #breakCycle(start: number): PlanStep {
    const walked = new Set<number>();
    let index = start;
    while (!walked.has(index)) {
      walked.add(index);
      index = this.#waitsFor(index);
    }
    const walk = [...walked];
    const cycle = walk.slice(walk.indexOf(index)).sort((left, right) => left - right);
    const patient = cycle.find((member) => this.#operations[member]?.canWait);
    return patient === undefined
      ? { index: cycle[0] ?? index, kind: 'give_up' }
      : { index: patient, kind: 'create_first' };
  }

  /** Some operation that must come before this one. */
  #waitsFor(index: number): number {
    const { needs, follows } = this.#operations[index] as PlannedOperation;
    let seen = this.#seen[index] ?? 0;
    while (seen < needs.length && this.#states[needs[seen] as number] !== 'waiting') seen += 1;
    this.#seen[index] = seen;
    return needs[seen] ?? (follows.find((other) => this.#states[other] !== 'over') as number);
  }
}
