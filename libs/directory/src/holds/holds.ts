import { newId } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import { inTransaction, type DirectoryStoreOptions } from '../apply/transaction.js';
import { holdNotice, insertHold, type HoldCounts } from './hold-rows.js';

/** Removals that wait for approval. */
export class Holds {
  readonly #options: DirectoryStoreOptions;

  constructor(options: DirectoryStoreOptions) {
    this.#options = options;
  }

  /**
   * Opens a hold for a run of a pulled source that `judgeRun` wants held; its removals become items of it when they are
   * applied with `removals: { kind: 'judged', holdId }`. Opening it for the same run again gives the same hold.
   * @throws NotFoundError for an unknown directory.
   */
  async openForRun(
    ref: DirectoryRef,
    run: { readonly runId: string; readonly reasons: readonly string[]; readonly counts: HoldCounts },
  ): Promise<{ readonly id: string }> {
    const committed = await inTransaction(this.#options, ref.directoryId, () => ({
      ref,
      removals: { kind: 'judged', holdId: null } as const,
      work: async (batch) => {
        const known = await batch.tx.query<{ id: string }>({
          name: 'holds_of_run',
          text: `SELECT id FROM holds WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3
            AND source = 'pull'`,
          values: [ref.environmentId, ref.directoryId, run.runId],
        });
        if (known[0]) return { id: known[0].id };
        const hold = {
          ...run,
          id: newId('removal_hold'),
          source: 'pull',
          state: 'open',
          openedAt: batch.clock.now().toISOString(),
        } as const;
        await insertHold(batch.tx, ref, hold);
        batch.events.push(holdNotice('directory.removals_held', ref.directoryId, hold));
        return { id: hold.id };
      },
    }));
    return committed?.result as { readonly id: string };
  }
}
