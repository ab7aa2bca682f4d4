import type { Queryable } from '#kernel';

/**
 * Who decides about removals. `guarded`: pushed traffic, the guard's window decides. `judged`: a pulled run was judged
 * beforehand; without `holdId` its removals take effect, else they become pending items of that hold.
 */
export type RemovalMode =
  { readonly kind: 'guarded' } | { readonly kind: 'judged'; readonly holdId: string | null };

/**
 * Throws in the transaction when its author may not write any more: a run whose lease somebody else holds. Called under
 * the directory's lock.
 */
export type Fence = (tx: Queryable) => Promise<void>;

/** What a batch is told about its removals. */
export interface BatchOptions {
  readonly removals: RemovalMode;
  /** The run that they come from. */
  readonly runId?: string;
  /** The approved hold that they come from. */
  readonly approvedHoldId?: string;
  readonly fence?: Fence;
}
