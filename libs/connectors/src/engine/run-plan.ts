import type { Connector } from '../sdk/contract.js';
import { backOffSeconds, withJitter } from './back-off.js';
import type { Claim } from './lease-store.js';
import type { Closing, SavedCursor } from './run-store.js';
import type { RunMode, RunOutcome, SyncRun } from './sync-run.js';

/** A preview that nobody has looked at is read anew after a day. */
export const APPROVAL_SECONDS = 86_400;

/** Which kind of run a schedule calls for. What the admin has not yet seen is read whole. */
export function scheduledMode(claim: Claim, connector: Connector): RunMode {
  const { capabilities } = connector.manifest;
  return claim.needsApproval || claim.isFullDue || !capabilities.incremental ? 'full' : 'incremental';
}

/** The lease is given back, the run goes on later. */
export function pause(claim: Claim, dueInSeconds: number): Closing {
  return {
    isFinal: false,
    dueInSeconds,
    nextIncrementalSeconds: null,
    nextFullSeconds: null,
    failures: claim.failures,
    isGood: false,
    fullRecords: null,
    isApproved: false,
    cursors: [],
    hasStaged: true,
  };
}

interface Ended {
  readonly claim: Claim;
  readonly run: SyncRun;
  readonly outcome: RunOutcome;
  /** Absences that the next complete read may confirm. */
  readonly awaiting?: number;
}

/** Who is missing is looked for again after this long, not only the day after: they may have been dismissed. */
const CONFIRM_SECONDS = 900;

type Intervals = Connector['manifest']['intervals'];

/** Of a directory whose connector this version does not have. */
const NO_INTERVALS: Intervals = { incremental: null, full: 86_400 };

/** When the directory is due again, by how its run has ended. `random` is 0–1. */
export function closingOf(ended: Ended, connector: Connector | undefined, random: number): Closing {
  const intervals = connector?.manifest.intervals ?? NO_INTERVALS;
  const { claim, run, outcome } = ended;
  const isApplied = outcome === 'succeeded' || outcome === 'partial';
  const failures = failuresAfter(claim.failures, outcome);
  return {
    ...nextRuns(ended, { intervals, random, failures }),
    isFinal: true,
    failures,
    isGood: outcome === 'succeeded',
    fullRecords: outcome === 'succeeded' && run.mode === 'full' ? run.records : null,
    isApproved: isApplied && claim.needsApproval && !run.needsApproval && run.mode === 'full',
    cursors: [],
    hasStaged: true,
  };
}

function failuresAfter(failures: number, outcome: RunOutcome): number {
  if (outcome === 'failed' || outcome === 'partial') return failures + 1;
  return outcome === 'succeeded' ? 0 : failures;
}

type NextRuns = Pick<Closing, 'dueInSeconds' | 'nextIncrementalSeconds' | 'nextFullSeconds'>;

function nextRuns(
  { claim, run, outcome, awaiting = 0 }: Ended,
  timing: { readonly intervals: Intervals; readonly random: number; readonly failures: number },
): NextRuns {
  const wait = backOffSeconds(timing.failures);
  if (run.mode === 'preview')
    return { dueInSeconds: null, nextIncrementalSeconds: null, nextFullSeconds: null };
  if (outcome === 'failed')
    return { dueInSeconds: wait, nextIncrementalSeconds: null, nextFullSeconds: null };
  const { incremental, full } = intervalsOf(claim, timing);
  if (run.mode === 'incremental' && incremental !== null)
    return { dueInSeconds: incremental, nextIncrementalSeconds: incremental, nextFullSeconds: null };
  const nextFull = Math.min(full, ...soonerFull(outcome, { awaiting, wait }));
  // Who has refused a preview is not shown the next one before the day is over.
  const isRefused = outcome === 'cancelled' && claim.needsApproval;
  return {
    dueInSeconds: incremental === null || isRefused ? nextFull : Math.min(incremental, nextFull),
    nextIncrementalSeconds: incremental,
    nextFullSeconds: nextFull,
  };
}

/** A full run that proved only part is repeated sooner, while the incremental ones go on at their pace. */
function soonerFull(
  outcome: RunOutcome,
  { awaiting, wait }: { readonly awaiting: number; readonly wait: number },
): number[] {
  return [...(outcome === 'partial' ? [wait] : []), ...(awaiting > 0 ? [CONFIRM_SECONDS] : [])];
}

function intervalsOf(
  claim: Claim,
  { intervals, random }: { readonly intervals: Intervals; readonly random: number },
): { readonly incremental: number | null; readonly full: number } {
  const incremental =
    intervals.incremental === null ? null : (claim.incrementalSeconds ?? intervals.incremental);
  return {
    incremental: incremental === null ? null : withJitter(incremental, random),
    full: withJitter(claim.fullSeconds ?? intervals.full, random),
  };
}

/** What the next incremental run starts from: cursors of streams that were read and applied. */
export function cursorsOf(run: SyncRun, fingerprint: string): SavedCursor[] {
  return run.streams.flatMap((stream) =>
    stream.cursor === null || stream.state === 'reading'
      ? []
      : [{ streamId: stream.id, cursor: stream.cursor, fingerprint }],
  );
}
