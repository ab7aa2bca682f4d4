import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal, type SyncRun } from '#connectors';

/** How to follow a run. */
export interface StreamOptions {
  /** What the client has seen: only later revisions are told. */
  readonly after: number;
  /** Ends the stream: the client left, or the process ends. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
}

export type StreamMessage = { readonly kind: 'run'; readonly run: SyncRun } | { readonly kind: 'heartbeat' };

const POLL_MS = 500;
const HEARTBEAT_MS = 15_000;

/** Every change of a run until its end, whichever process works on it; silence is filled with heartbeats. */
export async function* followRun(
  read: () => Promise<SyncRun>,
  options: StreamOptions,
): AsyncGenerator<StreamMessage> {
  const { signal, pollMs = POLL_MS, heartbeatMs = HEARTBEAT_MS } = options;
  let seen = options.after;
  let toldAt = performance.now();
  while (!signal.aborted) {
    const run = await read();
    // The end is told even to a client who has seen it: it has asked again because it does not know.
    if (run.revision > seen || isFinal(run.status)) yield { kind: 'run', run };
    else if (performance.now() - toldAt >= heartbeatMs) yield { kind: 'heartbeat' };
    else {
      await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
      continue;
    }
    if (isFinal(run.status)) return;
    seen = Math.max(run.revision, seen);
    toldAt = performance.now();
  }
}
