import type { SnapshotFinding, SnapshotKind, SnapshotMembership } from '#model';
import type { Source } from '../sdk/contract.js';
import { unanswered } from '../sdk/look-up.js';
import { runError } from './run-errors.js';
import type { RunFacts } from './snapshot-door.js';
import type { RunError } from './sync-run.js';

/** What a run asks its source about absences. A question that fails for itself ends nothing, and ends no run. */
export class Asking {
  readonly #source: Source;
  readonly #unanswered = new Set<string>();

  constructor(source: Source) {
    this.#source = source;
  }

  facts(canLookUp: boolean): Pick<RunFacts, 'lookUp' | 'lookUpMembers'> {
    const source = this.#source;
    return {
      ...(canLookUp && source.lookUp !== undefined && { lookUp: (kind, ids) => this.#lookUp(kind, ids) }),
      ...(source.lookUpMembers !== undefined && { lookUpMembers: (asked) => this.#lookUpMembers(asked) }),
    };
  }

  /** Why the run proved less than it should have. */
  get error(): RunError | null {
    const count = this.#unanswered.size;
    if (count === 0) return null;
    const what = count === 1 ? '1 person or group' : `${count} people or groups`;
    return runError(
      'insufficient_permissions',
      `The source did not list ${what} and refuses to say whether they are still there. They stay as they are.`,
    );
  }

  async #lookUp(kind: SnapshotKind, ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotFinding>> {
    const found = await orUnanswered(ids, () => this.#source.lookUp?.(kind, ids));
    for (const [id, answer] of found) if (answer === 'unanswered') this.#unanswered.add(`${kind} ${id}`);
    return found;
  }

  #lookUpMembers(
    asked: readonly SnapshotMembership[],
  ): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
    return orUnanswered(asked, () => this.#source.lookUpMembers?.(asked));
  }
}

async function orUnanswered<Asked>(
  asked: readonly Asked[],
  ask: () => Promise<ReadonlyMap<Asked, SnapshotFinding>> | undefined,
): Promise<ReadonlyMap<Asked, SnapshotFinding>> {
  try {
    return (await ask()) ?? new Map();
  } catch (error) {
    const answer = unanswered(error);
    return new Map(asked.map((one) => [one, answer]));
  }
}
