import type { SourcePage, SourceStream } from '../sdk/contract.js';
import { SourceError } from '../sdk/source-error.js';
import { obeying, type RunControl } from './interrupted.js';
import { PageWatch } from './page-watch.js';
import { runError } from './run-errors.js';
import type { StreamProgress } from './sync-run.js';

/**
 * Takes a page: stages it, then stores how far the stream is, though not before the page before it was taken.
 * @param before the taking of the page before
 */
export type TakePage = (page: SourcePage, progress: StreamProgress, before: Promise<void>) => Promise<void>;

const CUT = 'The source stopped without saying that the listing was complete.';

/**
 * Reads a stream from its checkpoint to its end. The source is asked for a page while the two before are taken: one is
 * compared while the other is written. There are never more than three under way.
 * @returns how it ended: `complete`, or `incomplete` with a reason
 * @throws SourceError, Interrupted, and whatever `take` throws
 */
export async function readStream(
  stream: SourceStream,
  from: StreamProgress,
  reading: { readonly control: RunControl; readonly take: TakePage },
): Promise<StreamProgress> {
  const watch = new PageWatch();
  let progress = from;
  let earlier = Promise.resolve();
  let taking = Promise.resolve();
  try {
    for await (const page of obeying(reading.control.signal, stream.pages(from.checkpoint))) {
      const problem = watch.problem(page, progress.pages);
      if (problem !== undefined) return incomplete(progress, problem);
      progress = afterPage(progress, page);
      const before = taking;
      taking = reading.take(page, progress, before);
      // Whoever waits for the page before is told first.
      taking.catch(() => undefined);
      await earlier;
      earlier = before;
      if (progress.state !== 'reading') return progress;
      reading.control.check();
    }
    return incomplete(progress, CUT);
  } finally {
    // Whatever ends the reading, what was shown before is kept, and a lost lease is the better reason.
    await taking;
  }
}

/** A stream that proves nothing; what it has shown is kept. */
export function incomplete(
  progress: StreamProgress,
  cause: string | StreamProgress['error'],
): StreamProgress {
  const error = typeof cause === 'string' ? runError('incomplete_listing', cause) : cause;
  return { ...progress, state: 'incomplete', error, checkpoint: null };
}

/** From the beginning, and whole: the cursor or the page token was no good any more. */
export function restarted(progress: StreamProgress): StreamProgress {
  return {
    ...progress,
    isReset: true,
    restarts: progress.restarts + 1,
    checkpoint: null,
    pages: 0,
    records: 0,
  };
}

function afterPage(progress: StreamProgress, page: SourcePage): StreamProgress {
  const read = {
    ...progress,
    checkpoint: page.next ?? progress.checkpoint,
    pages: progress.pages + 1,
    records: progress.records + page.records.length,
    total: page.total ?? progress.total,
  };
  if (page.end === undefined) return read;
  const cursor = page.end.cursor ?? null;
  if (page.end.complete)
    return {
      ...read,
      state: 'complete',
      checkpoint: null,
      proof: page.end.proof,
      cursor,
      covers: page.end.provesNoAbsence === true ? [] : read.covers,
    };
  return { ...incomplete(read, page.end.reason), cursor };
}

/** A source that lists fewer than it says it has was not read to its end. */
export function checkTotal(progress: StreamProgress): StreamProgress {
  if (progress.state !== 'complete' || progress.total === null) return progress;
  const missing = progress.total - progress.records;
  if (missing <= Math.max(2, progress.total * 0.001)) return progress;
  const reason = `The source says that it has ${progress.total} records and listed ${progress.records}.`;
  return { ...incomplete(progress, reason), cursor: null };
}

/** The failure of one stream as the error it ends with. */
export function errorOf(error: SourceError): StreamProgress['error'] {
  return runError(error.code, error.message);
}
