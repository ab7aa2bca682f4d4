import type { PostResult } from '../outbound/post-result.js';
import { parseRetryAfter, retryDelay } from './retry-schedule.js';

/** What an answer means for a delivery. */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly error: string; readonly retryInMs: number; readonly isGone: boolean }
  | { readonly kind: 'discarded'; readonly error: string; readonly isGone: boolean };

/** The circumstances of an attempt that its outcome depends on. */
export interface AttemptContext {
  readonly attempt: number;
  readonly nowMs: number;
  readonly random: number;
  readonly delays: readonly number[];
}

const GONE = 410;

/** A complete 2xx is a success. Redirects are failures: following them would leave the checked address. */
export function classify(result: PostResult, context: AttemptContext): Outcome {
  const error = failureWord(result);
  if (error === null) return { kind: 'succeeded' };
  const isGone = result.status === GONE && result.error === null;
  const asksToWait = result.status === 429 || result.status === 503;
  const retryAfterMs = asksToWait ? parseRetryAfter(result.retryAfter, context.nowMs) : null;
  const retryInMs = retryDelay(
    { attempt: context.attempt, retryAfterMs, random: context.random },
    context.delays,
  );
  return retryInMs === null
    ? { kind: 'discarded', error, isGone }
    : { kind: 'failed', error, retryInMs, isGone };
}

function failureWord(result: PostResult): string | null {
  if (result.error !== null) return result.error;
  const status = result.status ?? 0;
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? 'redirect' : `http_${status}`;
}
