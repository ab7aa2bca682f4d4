import type { Change, ChangeResult } from '#model';
import type { Batch } from './batch.js';
import { createGroup, deleteGroup, updateGroup } from './evaluate-group.js';
import { createUser, deleteUser, updateUser } from './evaluate-user.js';
import { StatementError } from './store-tx.js';

/** The outcome of one change of a batch, before its events have their numbers: those of the batch `from`–`to`. */
export type Evaluated =
  | { readonly result: Omit<ChangeResult, 'events'>; readonly from: number; readonly to: number }
  | { readonly error: unknown };

/**
 * Evaluates one change on the working state. Whatever can refuse a change is checked before the state is touched, so
 * a refusal leaves it as it was.
 */
export async function evaluate(batch: Batch, change: Change): Promise<Evaluated> {
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
