import type { Directory } from '#model';
import { RetryLater } from './retry-later.js';

/** Nobody knows when it will be resumed; IdPs repeat what failed in their next cycle anyway. */
const RETRY_AFTER_SECONDS = 300;
const LONGEST_TEXT = 200;
const PAUSED = 'paused';

/**
 * Refuses every request of a paused directory, reads too: an IdP that reads and then cannot write only makes noise.
 * @throws RetryLater 503 that says who paused it, so that the admin of the IdP knows whom to ask
 */
export function refusePaused({ id, name, pause }: Pick<Directory, 'id' | 'name' | 'pause'>): void {
  if (!pause) return;
  const reason = pause.reason === null ? '' : ` The reason given: ${quoted(pause.reason)}.`;
  throw new RetryLater(
    `The directory ${quoted(name)} was paused by ${quoted(pause.by)} at ${pause.at}.${reason} Nothing was read or changed by this request. Send it again after the directory (${id}) was resumed; ask whoever paused it when that will be.`,
    { status: 503, retryAfterSeconds: RETRY_AFTER_SECONDS, reason: PAUSED },
  );
}

/** True for the refusal of a paused directory: nobody's fault, and it ends by a decision. */
export function isPause(refusal: unknown): boolean {
  return refusal instanceof RetryLater && refusal.reason === PAUSED;
}

function quoted(text: string): string {
  return `"${text.slice(0, LONGEST_TEXT)}"`;
}
