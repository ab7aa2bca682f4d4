import { NotFoundError, RetryableError } from '#kernel';
import { Interrupted } from './interrupted.js';
import { LeaseLostError } from './lease-store.js';
import { classifyFailure } from './run-errors.js';

/** What a run does after an error; `database`: nothing, another worker goes on. */
export type Meaning = 'lost' | 'database' | 'drain' | 'cancel' | 'wait' | 'fail';

export function meaningOf(error: unknown): Meaning {
  if (isLost(error)) return 'lost';
  if (error instanceof Interrupted && error.reason === 'draining') return 'drain';
  if (error instanceof Interrupted && error.reason === 'cancelled') return 'cancel';
  if (error instanceof RetryableError) return 'database';
  // Nobody finds the directory any more: it was deleted.
  if (error instanceof NotFoundError) return 'cancel';
  return classifyFailure(error) === 'wait' ? 'wait' : 'fail';
}

export function isLost(error: unknown): boolean {
  return error instanceof LeaseLostError || (error instanceof Interrupted && error.reason === 'lost');
}
