import type { Execution, ExecutorParts } from './executor-parts.js';
import type { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { RunSession } from './run-session.js';

/**
 * Takes one leased directory through its run: fetch, plan, wait for approval or apply, cursors, next date. Does not
 * reject for what a source or an admin does. @throws RetryableError when the database is away.
 */
export async function executeRun(
  parts: ExecutorParts,
  claim: Claim,
  control: RunControl,
): Promise<Execution> {
  const startedAt = performance.now();
  const session = new RunSession(parts, claim, control);
  try {
    const outcome = await session.execute();
    return {
      outcome,
      provider: claim.provider ?? 'unknown',
      error: session.run?.error ?? null,
      pages: session.pagesRead,
      seconds: (performance.now() - startedAt) / 1_000,
      run: session.run,
    };
  } finally {
    // Connections that are kept for the next request would outlive the run, a few for each run of the last minute.
    control.interrupt('over');
  }
}
