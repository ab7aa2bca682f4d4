import type { Inbox } from './inbox.js';

const QUIET_MS = 400;
const AT_MOST_MS = 10_000;

/** Lets the last webhooks come before the scene changes; whether all came is found out at the end. */
export async function untilQuiet(inbox: Inbox, signal: AbortSignal): Promise<void> {
  const started = Date.now();
  while (Date.now() - started < AT_MOST_MS && Date.now() - Math.max(inbox.lastArrival, started) < QUIET_MS) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
